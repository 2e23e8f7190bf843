"""The crosswalk engine: a crosswalk is data, a table of rows, and `transform` applies it to one record.

A row says which paths of the source it reads, which field of the deposit it writes, which pure function stands between,
and in a sentence why. Whoever adds a field adds a row: conversion, the account of leaves, the reference pages and the
version that decides what is done again all read it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import NamedTuple

from cern_assets.code_version import code_version
from cern_assets.metadata.bodies import bodies_text
from cern_assets.metadata.branches import Branch, Branches
from cern_assets.metadata.fates import State, Word, carried, dropped, fates_of, unmapped
from cern_assets.metadata.leaves import About, Leaf, Place, Reading
from cern_assets.metadata.memory import Memory
from cern_assets.metadata.payload import Payload, each_once, kept
from cern_assets.metadata.rows import Converted, Drop, Row, Unused, row_data
from cern_assets.metadata.terms import vocabularies_text
from cern_assets.model.findings import MISSHAPEN, Finding, grouped, pattern_of, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import LeafFate, Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, content_hash


@dataclass(frozen=True)
class Crosswalk:
    """The rows of one source, and the identifier by which a record of it is found again in the target.

    `data` are texts that the rules read besides, and that count for the version.
    """

    source: str
    rows: tuple[Row | Drop, ...]
    identifier: Callable[[Recid], str]
    data: tuple[str, ...] = ()

    @cached_property
    def plan(self) -> "_Plan":
        """The rows as they are applied, made at first use."""
        return _Plan(self.rows)

    @cached_property
    def version(self) -> str:
        """SHA-256 (hex) over the rows, the rules they run through, and the versions of the libraries that mend texts.

        Equal versions make equal deposits of equal records. What the converters and the engine reach is hashed
        (`code_version`): a changed comment converts nothing again, no changed rule is missed, and nobody has to
        remember to count a number up. It is computed at first use.
        """
        converters: list[Callable[..., object]] = [self.identifier]
        converters += [row.convert for row in self.rows if isinstance(row, Row)]
        return content_hash(
            {
                "source": self.source,
                "rows": [repr(row_data(row)) for row in self.rows],
                "code": code_version(transform, *converters, besides=[bodies_text(), vocabularies_text(), *self.data]),
                "libraries": [version("nh3"), version("ftfy")],
            }
        )


def transform(record: SourceRecord, crosswalk: Crosswalk) -> Metadata:
    """Make the deposit of a record. It always answers: whether the deposit is valid is asked of `validation`.

    Parts of a payload may be shared with those of other records, and are not to be changed.
    """
    plan, payload = crosswalk.plan, Payload()
    about = About(record.recid, len(record.files))
    branches = plan.branches.of(record.metadata)
    sources = [*branches, plan.nothing]
    tokens, add = plan.silent.copy(), payload.add
    findings: list[Finding] = []
    rors: tuple[tuple[str, str], ...] = ()
    for step in plan.asked(branches):
        number, row, is_alone, at, _, _ = step
        if not is_alone and _is_taken(payload, row):
            tokens[number] = _NOT_NEEDED
            continue
        outcome = sources[at].made.get(number) if at is not None else None
        if outcome is None:
            outcome = plan.outcome(step, sources, about)
        if outcome.says:
            add(row.target, outcome.value, row.keep_equal)
        tokens[number] = outcome.token
        if outcome.findings:
            findings += outcome.findings
        if outcome.rors and not rors:
            rors = outcome.rors
    fates: list[LeafFate] = []
    for branch in branches:
        form = branch.form
        key = form.pick(tokens)
        fates += form.fates.get(key) or branch.fates.get(key) or plan.accounted(branch, key, tokens)
        if form.unread:
            findings += _not_told_yet((unmapped(pattern, branch.said[pattern]) for pattern in form.unread), record)
    told = grouped(findings) if findings else ()
    # The parts are values of ours and are not looked at once more.
    made = {"payload": payload.content, "fates": tuple(fates), "findings": told, "rors": rors}
    return _NOTHING_MADE.model_copy(update=made)


_NOTHING_MADE = Metadata(payload={}, fates=(), findings=(), rors=())


class Applied(NamedTuple):
    """A row (counted from 1) that was asked: the patterns of it that the record has, its leaves, and what it made.

    `says` is whether there is something to be written.
    """

    number: int
    row: Row
    patterns: tuple[str, ...]
    found: tuple[Leaf, ...]
    result: Converted
    says: bool


def applied(record: SourceRecord, crosswalk: Crosswalk, payload: Payload) -> Iterator[Applied]:
    """Ask the rows of a crosswalk in order; whoever takes the answers writes each before the next is asked."""
    plan = crosswalk.plan
    branches = plan.branches.of(record.metadata)
    for step in plan.asked(branches):
        if not step.is_alone and _is_taken(payload, step.row):
            continue
        reading = _reading(step, branches, About(record.recid, len(record.files)))
        result = step.row.convert(reading)
        patterns = tuple(pattern for _, pattern in step.places)
        yield Applied(step.number + 1, step.row, patterns, reading.leaves, result, not _is_nothing(result.value))


class _Step(NamedTuple):
    """A row to ask of records of one shape.

    `is_alone` tells that no other row writes its target. `places` are the patterns of the row that the record has, each
    with the number of its branch, and `branches` are these numbers, each once, or `_NOTHING` alone; `at` is the number
    where there is one, None where there are several.
    """

    number: int
    row: Row
    is_alone: bool
    at: int | None
    places: tuple[tuple[int, str], ...]
    branches: tuple[int, ...]


_NOTHING = -1
"""The number of the branch that stands last, has no leaves, and is that of all records."""


class _Told(NamedTuple):
    """What a row `says` where it told one leaf from another: `reasons` to leave some behind, and those `computed`.

    A leaf goes by its pattern where each pattern has one, so that other records' leaves may share the account, and by
    its number else.
    """

    says: bool
    by_pattern: bool
    reasons: tuple[tuple[int | str, str], ...]
    computed: frozenset[int | str]


class _Outcome:
    """What a row made of its leaves, in the form in which it is used and remembered.

    `value` is as the target will keep it. `token` is what the account of leaves depends on: whether there is a value,
    or what was `_Told` where leaves have fates of their own.
    """

    __slots__ = ("findings", "rors", "says", "token", "value")

    def __init__(self, row: Row, result: Converted, reading: Reading) -> None:
        self.says = not _is_nothing(result.value)
        self.value = _as_written(row, result.value) if self.says else None
        self.findings = (*result.findings, *map(_finding, result.unused)) if result.findings or result.unused else ()
        self.rors = result.rors
        self.token: object = self.says
        if result.unused or result.apart or result.aside or result.computed:
            self.token = _told(row, result, reading.leaves, says=self.says)


def _told(row: Row, result: Converted, leaves: Sequence[Leaf], *, says: bool) -> _Told:
    names: dict[int, int | str] = {leaf.number: leaf.pattern for leaf in leaves}
    by_pattern = len(set(names.values())) == len(names)
    if not by_pattern:
        names = {number: number for number in names}
    reasons = {names[leaf.number]: _gives_nothing(row) for leaf in result.apart}
    reasons |= {names[leaf.number]: reason for leaf, reason in result.aside}
    reasons |= {names[unused.leaf.number]: unused.reason for unused in result.unused}
    return _Told(says, by_pattern, tuple(reasons.items()), frozenset(names[leaf.number] for leaf in result.computed))


_NOT_NEEDED = "not needed"
"""The token of a row whose target has a value already."""
_SHAPES = 2_000
_RESULTS = 1_000
_ACCOUNTS = 20


class _Plan:
    """A crosswalk's rows in the form in which they are applied.

    Records of a source have few shapes, and which rows are asked follows from the patterns alone. What a row makes of
    one branch is remembered with the branch, what it makes of several here, if it does not ask for more of the record.
    All memories are bounded.
    """

    def __init__(self, rows: tuple[Row | Drop, ...]) -> None:
        known = Place()
        readers: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            for pattern in row.reads:
                known.know(pattern)
                readers.setdefault(pattern, []).append(number)
        written = [row.target for row in rows if isinstance(row, Row)]
        self._rows = rows
        self._readers = {pattern: tuple(numbers) for pattern, numbers in readers.items()}
        self._asking = {
            pattern: tuple(number for number in numbers if isinstance(rows[number], Row))
            for pattern, numbers in readers.items()
        }
        self._always = [n for n, row in enumerate(rows) if isinstance(row, Row) and _answers_to_nothing(row)]
        self._alone = {target for target in written if written.count(target) == 1}
        self.silent: dict[int, object] = {
            number: None for number, row in enumerate(rows) if isinstance(row, Row) and row.needs
        }
        """What stands for rows that were not asked: nothing."""
        self._shapes: dict[tuple[int, ...], tuple[_Step, ...]] = {}
        self._joint: Memory[tuple[object, ...], _Outcome] = Memory(_RESULTS)
        self.branches = Branches(known, self._asking)
        self.nothing = self.branches.nothing

    def asked(self, branches: Sequence[Branch]) -> tuple[_Step, ...]:
        """The rows to ask of a record of these branches, in their order."""
        shape = tuple([branch.form.kind for branch in branches])
        known = self._shapes.get(shape)
        if known is not None:
            return known
        places: dict[int, list[tuple[int, str]]] = {number: [] for number in self._always}
        for at, branch in enumerate(branches):
            for pattern in branch.form.patterns:
                for number in self._asking.get(pattern, ()):
                    places.setdefault(number, []).append((at, pattern))
        steps = tuple(self._step(number, places[number]) for number in sorted(places) if self._is_asked(number, places))
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        self._shapes[shape] = steps
        return steps

    def outcome(self, step: _Step, branches: Sequence[Branch], about: About) -> _Outcome:
        """What a row makes of a record, remembered where it makes the same of others."""
        row, these = step.row, [branches[at] for at in step.branches]
        key = (step.number, *these) if len(these) > 1 else None
        known = self._joint.get(key) if key else None
        if known is not None:
            return known
        about.is_asked = False
        reading = _reading(step, branches, about)
        outcome = _Outcome(row, row.convert(reading), reading)
        if not about.is_asked and all(branch.is_remembered for branch in these):
            if key:
                self._joint.put(key, outcome)
            else:
                these[0].made[step.number] = outcome
        return outcome

    def accounted(self, branch: Branch, key: object, tokens: Mapping[int, object]) -> tuple[LeafFate, ...]:
        """The account of a branch's leaves by what the rows made, remembered."""
        words = {
            pattern: [
                self._word(number, tokens.get(number))
                for number in self._readers.get(pattern, ())
                if number not in tokens or tokens[number] is not None
            ]
            for pattern in branch.said
        }
        told = [n for n in branch.form.rows if isinstance(token := tokens[n], _Told) and not token.by_pattern]
        apart = frozenset(pattern for n in told for pattern in self._rows[n].reads)
        fates = fates_of(branch.all, words, apart)
        remembered = branch.fates if told else branch.form.fates
        if len(remembered) >= _ACCOUNTS:
            remembered.clear()
        remembered[key] = fates
        return fates

    def _is_asked(self, number: int, places: Mapping[int, list[tuple[int, str]]]) -> bool:
        row = self._rows[number]
        assert isinstance(row, Row)
        return not row.needs or any(pattern in row.needs for _, pattern in places[number])

    def _step(self, number: int, places: list[tuple[int, str]]) -> _Step:
        row = self._rows[number]
        assert isinstance(row, Row)
        order = {pattern: at for at, pattern in enumerate(row.reads)}
        ordered = tuple(sorted(places, key=lambda place: order[place[1]]))
        ats = sorted({at for at, _ in ordered}) or [_NOTHING]
        is_alone = row.target in self._alone and not row.fallback
        return _Step(number, row, is_alone, ats[0] if len(ats) == 1 else None, ordered, tuple(ats))

    def _word(self, number: int, token: object) -> Word:
        row = self._rows[number]
        if isinstance(row, Drop):
            why = row.reason
        elif isinstance(token, _Told):
            return _word_of(row, token)
        elif token is True:
            return lambda state, _: carried(state, row.target, derived=row.derives)
        else:
            why = _gives_nothing(row) if token is False else f"Not needed: {row.target} has a value already."
        return lambda state, _: dropped(state, why)


def _word_of(row: Row, told: _Told) -> Word:
    reasons = dict(told.reasons)

    def word(state: State, leaf: Leaf) -> State:
        name = leaf.pattern if told.by_pattern else leaf.number
        if name in reasons:
            return dropped(state, reasons[name])
        if told.says:
            return carried(state, row.target, derived=row.derives or name in told.computed)
        return dropped(state, _gives_nothing(row))

    return word


def _gives_nothing(row: Row) -> str:
    return f"It gives nothing for {row.target}."


def _reading(step: _Step, branches: Sequence[Branch], about: About) -> Reading:
    return Reading(about, {pattern: branches[at].said[pattern] for at, pattern in step.places})


def _is_taken(payload: Payload, row: Row) -> bool:
    """Whether a row is not needed, as its target has what an earlier one wrote."""
    there = payload.at(row.target)
    return there is not None and (row.fallback or not isinstance(there, list))


def _as_written(row: Row, value: Json) -> Json:
    if isinstance(value, list) and not row.keep_equal:
        value = each_once(value)
    return kept(value)


def _answers_to_nothing(row: Row) -> bool:
    """Whether a row's rule, of a record without the row's leaves, with and without files, says anything."""
    answers = [row.convert(Reading(About(Recid("1"), files), {})) for files in (0, 1)]
    return any(not _is_nothing(answer.value) or answer.unused or answer.findings for answer in answers)


def _not_told_yet(unmapped: Iterable[Finding], record: SourceRecord) -> Iterator[Finding]:
    """Leaves that no row reads, but for those of a field whose shape is wrong, which the record's findings tell."""
    misshapen = [pattern_of(finding.field) for finding in record.findings if finding.code == MISSHAPEN]
    for finding in unmapped:
        if not any(
            finding.field == field or finding.field.startswith((f"{field}.", f"{field}[]")) for field in misshapen
        ):
            yield finding


def _is_nothing(value: Json) -> bool:
    return value is None or (not value and value in ("", [], {}))


def _finding(unused: Unused) -> Finding:
    return Finding(
        code=unused.code,
        severity=unused.severity,
        field=unused.leaf.path,
        value=shorten(unused.leaf.text),
        message=unused.reason,
    )
