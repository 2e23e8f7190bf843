"""The crosswalk engine: a crosswalk is data, a table of rows, and `transform` applies it to one record.

A row says which paths of the source it reads, which field of the deposit it writes, which pure function stands between,
and in a sentence why. Whoever adds a field adds a row: conversion, the account of leaves, the reference pages and the
version that decides what is done again all read it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import NamedTuple

from cern_assets.code_version import code_version
from cern_assets.metadata.bodies import bodies_text
from cern_assets.metadata.fates import Ledger
from cern_assets.metadata.leaves import Leaf, Place, Reading
from cern_assets.metadata.payload import Payload
from cern_assets.metadata.terms import vocabularies_text
from cern_assets.model.findings import MISSHAPEN, Finding, Severity, grouped, pattern_of, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, content_hash


class Unused(NamedTuple):
    """A leaf that a converter read and could not use: it becomes a finding, and the leaf's reason for being dropped."""

    leaf: Leaf
    code: str
    reason: str
    severity: Severity = "warning"


class Converted(NamedTuple):
    """What a converter made of its reading: the value to write (None: nothing), and what is to be told.

    `apart` are leaves that it read and that are not in the value, as another row has them: nothing is to be told.
    `aside` are leaves that nothing has, each with its reason, and that are no news either. Of those in `computed`, the
    value has what follows from them and not their words. `rors` are ROR ids (bare) that the record states for names of
    affiliations: which of them a target takes, only that target can say.
    """

    value: Json = None
    unused: tuple[Unused, ...] = ()
    findings: tuple[Finding, ...] = ()
    apart: tuple[Leaf, ...] = ()
    aside: tuple[tuple[Leaf, str], ...] = ()
    computed: tuple[Leaf, ...] = ()
    rors: tuple[tuple[str, str], ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but a value: all leaves are in it, and nothing is to be told."""
        return self[1:] == _PLAIN


_PLAIN = ((),) * 6


type Converter = Callable[[Reading], Converted]


@dataclass(frozen=True)
class Row:
    """One field: the patterns it reads, the field it writes, and how.

    Lists of several rows for one target follow each other; anything else is written once, by the first row that gives
    something. A `fallback` row is asked only while its target has nothing. Equal items of a list are written once, but
    for `keep_equal` (two people may have one name). A row that `derives`
    writes what follows from its leaves (an entry of a vocabulary) and not their words. The converter is a plain
    function of a module in a package, not a closure, so that its text tells its version.
    """

    reads: tuple[str, ...]
    target: str
    convert: Converter
    note: str
    fallback: bool = False
    keep_equal: bool = False
    derives: bool = False


@dataclass(frozen=True)
class Drop:
    """Patterns that are left behind on purpose."""

    reads: tuple[str, ...]
    reason: str


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
        return _plan(self.rows)

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
                "rows": [repr(_row_data(row)) for row in self.rows],
                "code": code_version(transform, *converters, besides=[bodies_text(), vocabularies_text(), *self.data]),
                "libraries": [version("nh3"), version("ftfy")],
            }
        )


def transform(record: SourceRecord, crosswalk: Crosswalk) -> Metadata:
    """Make the deposit of a record. It always answers: whether the deposit is valid is asked of `validation`.

    Parts of a payload may be shared with those of other records, and are not to be changed.
    """
    ledger, payload = Ledger(record.metadata, crosswalk.plan.known), Payload()
    findings: list[Finding] = []
    rors: tuple[tuple[str, str], ...] = ()
    for step in applied(record, crosswalk, ledger, payload):
        result = step.result
        if step.says:
            payload.write(step.row.target, result.value, keep_equal=step.row.keep_equal)
        _settle(ledger, step)
        if result.findings or result.unused:
            findings += result.findings
            findings += map(_finding, result.unused)
        rors = rors or result.rors
    findings += _not_told_yet(ledger.findings(), record)
    told = grouped(findings) if findings else ()
    # The parts are values of ours and are not looked at once more.
    return Metadata.model_construct(payload=payload.as_kept(), fates=ledger.fates(), findings=told, rors=rors)


class Applied(NamedTuple):
    """A row (counted from 1) that was asked: the patterns of it that the record has, its leaves, and what it made.

    `says` is whether there is something to be written.
    """

    number: int
    row: Row
    patterns: tuple[str, ...]
    found: list[Leaf]
    result: Converted
    says: bool


def applied(record: SourceRecord, crosswalk: Crosswalk, ledger: Ledger, payload: Payload) -> Iterator[Applied]:
    """Ask the rows of a crosswalk in order; whoever takes the answers writes each before the next is asked."""
    plan, said, files = crosswalk.plan, ledger.said, len(record.files)
    for number, row, patterns in plan.asked(tuple(said)):
        if isinstance(row, Drop):
            for pattern in patterns:
                ledger.drop(pattern, row.reason)
            continue
        there = payload.at(row.target)
        if there is not None and (row.fallback or not isinstance(there, list)):
            for pattern in patterns:
                ledger.drop(pattern, f"Not needed: {row.target} has a value already.")
            continue
        found = said[patterns[0]] if len(patterns) == 1 else [leaf for pattern in patterns for leaf in said[pattern]]
        result = plan.converted(number, row, found, record.recid, files)
        yield Applied(number + 1, row, patterns, found, result, not _is_nothing(result.value))


type _Asked = tuple[tuple[int, Row | Drop, tuple[str, ...]], ...]


@dataclass(frozen=True)
class _Plan:
    """A crosswalk's rows in the form in which they are applied.

    `known` is the root of the places that rows read. `readers` has for each pattern the rows that read it, by number,
    with the place of the pattern in the row. `always` has the rows that answer although the record has nothing that
    they read; the others need not be asked then.

    Records of a source have few shapes, and which rows are asked follows from the patterns alone. Many fields have few
    values (a type, a language, a licence): what a row makes of few short texts is remembered, if it does not ask for
    more of the record, and has nothing to tell of a leaf. Both memories are emptied when they are full.
    """

    rows: tuple[Row | Drop, ...]
    known: Place
    readers: Mapping[str, tuple[tuple[int, int], ...]]
    always: frozenset[int]
    _shapes: dict[tuple[str, ...], _Asked] = field(default_factory=dict)
    _made: dict[tuple[object, ...], Converted] = field(default_factory=dict)
    _personal: set[int] = field(default_factory=set)

    def asked(self, patterns: tuple[str, ...]) -> _Asked:
        """The rows to ask of a record that has leaves of these patterns: number, row, and its patterns among them."""
        known = self._shapes.get(patterns)
        if known is not None:
            return known
        reads: dict[int, list[tuple[int, str]]] = {number: [] for number in self.always}
        for pattern in patterns:
            for number, place in self.readers.get(pattern, ()):
                reads.setdefault(number, []).append((place, pattern))
        asked = tuple(
            (number, self.rows[number], tuple(pattern for _, pattern in sorted(these)))
            for number, these in sorted(reads.items())
        )
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        self._shapes[patterns] = asked
        return asked

    def converted(self, number: int, row: Row, found: list[Leaf], recid: Recid, files: int) -> Converted:
        """What a row makes of its leaves."""
        if number in self._personal or len(found) > _FEW_LEAVES:
            return row.convert(Reading(recid, files, found))
        key: list[object] = [number]
        for leaf in found:
            if len(leaf.text) > _SHORT_TEXT:
                return row.convert(Reading(recid, files, found))
            value = leaf.value
            key += (leaf.pattern, value if isinstance(value, str) else (leaf.text,))
        remembered = tuple(key)
        known = self._made.get(remembered)
        if known is not None:
            return known
        reading = Reading(recid, files, found)
        result = row.convert(reading)
        if reading.is_personal:
            self._personal.add(number)
        elif result.is_plain:
            if len(self._made) >= _RESULTS:
                self._made.clear()
            self._made[remembered] = result
        return result


_SHAPES = 2_000
_RESULTS = 2_000
_FEW_LEAVES = 12
_SHORT_TEXT = 80


def _plan(rows: tuple[Row | Drop, ...]) -> _Plan:
    known = Place()
    readers: dict[str, list[tuple[int, int]]] = {}
    for number, row in enumerate(rows):
        for place, pattern in enumerate(row.reads):
            known.know(pattern)
            readers.setdefault(pattern, []).append((number, place))
    always = (number for number, row in enumerate(rows) if isinstance(row, Row) and _answers_to_nothing(row))
    return _Plan(rows, known, {pattern: tuple(these) for pattern, these in readers.items()}, frozenset(always))


def _answers_to_nothing(row: Row) -> bool:
    """Whether a row's rule, of a record without the row's leaves, with and without files, says anything."""
    answers = [row.convert(Reading(Recid("1"), files, ())) for files in (0, 1)]
    return any(not _is_nothing(answer.value) or answer.unused or answer.findings for answer in answers)


def _settle(ledger: Ledger, step: Applied) -> None:
    row, result = step.row, step.result
    nothing = f"It gives nothing for {row.target}."
    if not (result.unused or result.apart or result.aside or result.computed):
        for pattern in step.patterns:
            if step.says:
                ledger.carry(pattern, row.target, derived=row.derives)
            else:
                ledger.drop(pattern, nothing)
        return
    reasons = {leaf.number: nothing for leaf in result.apart}
    reasons |= {leaf.number: reason for leaf, reason in result.aside}
    reasons |= {unused.leaf.number: unused.reason for unused in result.unused}
    computed = {leaf.number for leaf in result.computed}
    for leaf in step.found:
        if leaf.number in reasons:
            ledger.drop_one(leaf, reasons[leaf.number])
        elif step.says:
            ledger.carry_one(leaf, row.target, derived=row.derives or leaf.number in computed)
        else:
            ledger.drop_one(leaf, nothing)


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


def _row_data(row: Row | Drop) -> tuple[object, ...]:
    if isinstance(row, Drop):
        return (row.reads, row.reason)
    return (row.reads, row.target, row.convert.__qualname__, row.note, row.fallback, row.keep_equal, row.derives)
