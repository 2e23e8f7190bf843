"""The crosswalk engine: a crosswalk is data, a table of rows, and `transform` applies it to one record.

A row says which paths of the source it reads, which field of the deposit it writes, which pure function stands between,
and in a sentence why. Whoever adds a field adds a row: conversion, the account of leaves, the reference pages and the
version that decides what is done again all read it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version

from cern_assets.code_version import code_version
from cern_assets.metadata.bodies import bodies_text
from cern_assets.metadata.fates import Ledger
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.text import as_kept
from cern_assets.model.findings import Finding, Severity, grouped, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, content_hash


@dataclass(frozen=True)
class Unused:
    """A leaf that a converter read and could not use: it becomes a finding, and the leaf's reason for being dropped."""

    leaf: Leaf
    code: str
    reason: str
    severity: Severity = "warning"


@dataclass(frozen=True)
class Converted:
    """What a converter made of its reading: the value to write (None: nothing), and what is to be told.

    `apart` are leaves that it read and that are not in the value, as another row has them: nothing is to be told.
    """

    value: Json = None
    unused: tuple[Unused, ...] = ()
    findings: tuple[Finding, ...] = ()
    apart: tuple[Leaf, ...] = ()


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
                "code": code_version(transform, *converters, besides=[bodies_text(), *self.data]),
                "libraries": [version("nh3"), version("ftfy")],
            }
        )


def transform(record: SourceRecord, crosswalk: Crosswalk) -> Metadata:
    """Make the deposit of a record. It always answers: whether the deposit is valid is asked of `validation`."""
    ledger = Ledger(record.metadata)
    payload: dict[str, Json] = {}
    findings: list[Finding] = []
    for _, row, found, result, _ in _applied(record, crosswalk, ledger, payload):
        _settle(ledger, row, found, result)
        findings += result.findings
        findings += map(_finding, result.unused)
    findings += ledger.findings()
    # The parts are values of ours and are not looked at once more.
    return Metadata.model_construct(payload=_as_kept(payload), fates=ledger.fates(), findings=grouped(findings))


@dataclass(frozen=True)
class Origin:
    """Where fields of a deposit come from: the row (counted from 1) with its rule, and the leaves that it read.

    `places` are the fields themselves, items of lists by their number (`metadata.subjects[2]`).
    """

    target: str
    places: tuple[str, ...]
    row: int
    rule: str
    leaves: tuple[str, ...]


def lineage(record: SourceRecord, crosswalk: Crosswalk) -> tuple[Origin, ...]:
    """Which leaves of a record came to which field of its deposit, by which rule, in the order of the rows."""
    applied = _applied(record, crosswalk, Ledger(record.metadata), {})
    return tuple(
        Origin(row.target, places, number, row.convert.__name__, tuple(leaf.path for leaf in found))
        for number, row, found, result, places in applied
        if not _is_nothing(result.value)
    )


@dataclass(frozen=True)
class _Plan:
    """A crosswalk's rows in the form in which they are applied.

    `readers` has for each pattern the rows that read it, by number, with the place of the pattern in the row. `always`
    has the rows that answer although the record has nothing that they read; the others need not be asked then.
    """

    readers: Mapping[str, tuple[tuple[int, int], ...]]
    always: frozenset[int]


def _plan(rows: tuple[Row | Drop, ...]) -> _Plan:
    readers: dict[str, list[tuple[int, int]]] = {}
    for number, row in enumerate(rows):
        for place, pattern in enumerate(row.reads):
            readers.setdefault(pattern, []).append((number, place))
    always = (number for number, row in enumerate(rows) if isinstance(row, Row) and _answers_to_nothing(row))
    return _Plan({pattern: tuple(these) for pattern, these in readers.items()}, frozenset(always))


def _answers_to_nothing(row: Row) -> bool:
    """Whether a row's rule, of a record without the row's leaves, with and without files, says anything."""
    answers = [row.convert(Reading(Recid("1"), files, ())) for files in (0, 1)]
    return any(not _is_nothing(answer.value) or answer.unused or answer.findings for answer in answers)


def _applied(
    record: SourceRecord, crosswalk: Crosswalk, ledger: Ledger, payload: dict[str, Json]
) -> Iterator[tuple[int, Row, list[Leaf], Converted, tuple[str, ...]]]:
    """Each row that is asked, counted from 1, with what it read and made, and where that was written in the payload."""
    plan, rows, files = crosswalk.plan, crosswalk.rows, len(record.files)
    asked: dict[int, list[tuple[int, list[Leaf]]]] = {number: [] for number in plan.always}
    for pattern, leaves in ledger.said.items():
        for number, place in plan.readers.get(pattern, ()):
            asked.setdefault(number, []).append((place, leaves))
    target = _Target(payload)
    for number in sorted(asked):
        row = rows[number]
        found = [leaf for _, leaves in sorted(asked[number], key=_by_place) for leaf in leaves]
        if isinstance(row, Drop):
            for leaf in found:
                ledger.drop(leaf, row.reason)
        elif not target.wants(row):
            for leaf in found:
                ledger.drop(leaf, f"Not needed: {row.target} has a value already.")
        else:
            result = row.convert(Reading(record.recid, files, found))
            places = () if _is_nothing(result.value) else target.write(row, result.value)
            yield number + 1, row, found, result, places


def _by_place(read: tuple[int, list[Leaf]]) -> int:
    return read[0]


class _Target:
    """The payload that rows write into."""

    def __init__(self, payload: dict[str, Json]) -> None:
        self._payload = payload
        self._written: dict[str, Json] = {}
        self._seen: dict[str, dict[str, int]] = {}

    def wants(self, row: Row) -> bool:
        """Whether there is room for what a row makes."""
        existing = self._written.get(row.target)
        return existing is None or (isinstance(existing, list) and not row.fallback)

    def write(self, row: Row, value: Json) -> tuple[str, ...]:
        """Put a value in its place, or items behind those that are there; gives the places, each once."""
        if not isinstance(value, list):
            self._put(row.target, value)
            return (row.target,)
        items = self._written.get(row.target)
        if items is None:
            items = []
            self._put(row.target, items)
        if not isinstance(items, list):
            raise TypeError(f"The crosswalk writes {row.target} both as a list and as one value.")
        if row.keep_equal:
            items += value
            return tuple(f"{row.target}[{at}]" for at in range(len(items) - len(value), len(items)))
        seen = self._seen.setdefault(row.target, {})
        places: dict[str, None] = {}
        for item in value:
            key = item if isinstance(item, str) else repr(item)
            at = seen.setdefault(key, len(items))
            if at == len(items):
                items.append(item)
            places[f"{row.target}[{at}]"] = None
        return tuple(places)

    def _put(self, target: str, value: Json) -> None:
        *parents, name = target.split(".")
        place = self._payload
        for parent in parents:
            inner = place.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise TypeError(f"The crosswalk writes both {parent} and {target}.")
            place = inner
        place[name] = value
        self._written[target] = value


def _as_kept(payload: dict[str, Json]) -> dict[str, Json]:
    """The payload with its texts as the target will keep them."""
    return {name: _kept(value) for name, value in payload.items()}


def _kept(value: Json) -> Json:
    if isinstance(value, str):
        return as_kept(value)
    if isinstance(value, dict):
        # Most texts are ASCII, and are not worth a call.
        return {
            name: inner if isinstance(inner, str) and inner.isascii() else _kept(inner) for name, inner in value.items()
        }
    return [_kept(item) for item in value] if isinstance(value, list) else value


def _settle(ledger: Ledger, row: Row, found: list[Leaf], result: Converted) -> None:
    reasons = {unused.leaf.number: unused.reason for unused in result.unused}
    nothing, apart = _is_nothing(result.value), {leaf.number for leaf in result.apart}
    for leaf in found:
        if leaf.number in reasons:
            ledger.drop(leaf, reasons[leaf.number])
        elif nothing or leaf.number in apart:
            ledger.drop(leaf, f"It gives nothing for {row.target}.")
        else:
            ledger.carry(leaf, row.target, derived=row.derives)


def _is_nothing(value: Json) -> bool:
    return value is None or value in ("", [], {})


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
