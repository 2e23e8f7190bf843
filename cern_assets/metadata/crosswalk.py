"""The crosswalk engine: a crosswalk is data, a table of rows, and `transform` applies it to one record.

A row says which paths of the source it reads, which field of the deposit it writes, which pure function stands between,
and in a sentence why. Whoever adds a field adds a row: conversion, the account of leaves, the reference pages and the
version that decides what is done again all read it.
"""

from collections.abc import Callable, Iterator
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
    """What a converter made of its reading: the value to write (None: nothing), and what is to be told."""

    value: Json = None
    unused: tuple[Unused, ...] = ()
    findings: tuple[Finding, ...] = ()


type Converter = Callable[[Reading], Converted]


@dataclass(frozen=True)
class Row:
    """One field: the patterns it reads, the field it writes, and how.

    Lists of several rows for one target follow each other; anything else is written once, by the first row that gives
    something. A `fallback` row is asked only while its target has nothing. Equal items of a list are written once, but
    for `keep_equal` (two people may have one name). The converter is a plain function of a module in a package, not a
    closure, so that its text tells its version.
    """

    reads: tuple[str, ...]
    target: str
    convert: Converter
    note: str
    fallback: bool = False
    keep_equal: bool = False


@dataclass(frozen=True)
class Drop:
    """Patterns that are left behind on purpose."""

    reads: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Crosswalk:
    """The rows of one source, and the identifier by which a record of it is found again in the target."""

    source: str
    rows: tuple[Row | Drop, ...]
    identifier: Callable[[Recid], str]

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
                "code": code_version(transform, *converters, besides=[bodies_text()]),
                "libraries": [version("nh3"), version("ftfy")],
            }
        )


def transform(record: SourceRecord, crosswalk: Crosswalk) -> Metadata:
    """Make the deposit of a record. It always answers: whether the deposit is valid is asked of `validation`."""
    ledger = Ledger(record.metadata)
    payload: dict[str, Json] = {}
    findings: list[Finding] = []
    for _, row, found, result in _applied(record, crosswalk, ledger, payload):
        _settle(ledger, row, found, result)
        findings.extend([*result.findings, *(_finding(unused) for unused in result.unused)])
    return Metadata(payload=_as_kept(payload), fates=ledger.fates(), findings=grouped((*findings, *ledger.findings())))


@dataclass(frozen=True)
class Origin:
    """Where a field of a deposit comes from: the row (counted from 1) with its rule, and the leaves that it read."""

    target: str
    row: int
    rule: str
    leaves: tuple[str, ...]


def lineage(record: SourceRecord, crosswalk: Crosswalk) -> tuple[Origin, ...]:
    """Which leaves of a record came to which field of its deposit, by which rule, in the order of the rows."""
    applied = _applied(record, crosswalk, Ledger(record.metadata), {})
    return tuple(
        Origin(row.target, number, row.convert.__name__, tuple(leaf.path for leaf in found))
        for number, row, found, result in applied
        if not _is_nothing(result.value)
    )


def _applied(
    record: SourceRecord, crosswalk: Crosswalk, ledger: Ledger, payload: dict[str, Json]
) -> Iterator[tuple[int, Row, tuple[Leaf, ...], Converted]]:
    """Each row that is asked, with what it read and made, which is written into the payload."""
    for number, row in enumerate(crosswalk.rows, start=1):
        found = ledger.read(row.reads)
        if isinstance(row, Drop):
            for leaf in found:
                ledger.drop(leaf, row.reason)
        elif not _is_wanted(payload, row):
            for leaf in found:
                ledger.drop(leaf, f"Not needed: {row.target} has a value already.")
        else:
            result = row.convert(Reading(record.recid, len(record.files), found))
            yield number, row, found, result
            if not _is_nothing(result.value):
                _write(payload, row, result.value)


def _as_kept(payload: dict[str, Json]) -> dict[str, Json]:
    """The payload with its texts as the target will keep them."""
    return {name: _kept(value) for name, value in payload.items()}


def _kept(value: Json) -> Json:
    if isinstance(value, str):
        return as_kept(value)
    if isinstance(value, dict):
        return {name: _kept(inner) for name, inner in value.items()}
    return [_kept(item) for item in value] if isinstance(value, list) else value


def _settle(ledger: Ledger, row: Row, found: tuple[Leaf, ...], result: Converted) -> None:
    reasons = {unused.leaf.steps: unused.reason for unused in result.unused}
    for leaf in found:
        if leaf.steps in reasons:
            ledger.drop(leaf, reasons[leaf.steps])
        elif _is_nothing(result.value):
            ledger.drop(leaf, f"It gives nothing for {row.target}.")
        else:
            ledger.carry(leaf, row.target)


def _is_wanted(payload: dict[str, Json], row: Row) -> bool:
    existing = _look_up(payload, row.target)
    return existing is None or (isinstance(existing, list) and not row.fallback)


def _look_up(payload: dict[str, Json], target: str) -> Json:
    value: Json = payload
    for name in target.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _write(payload: dict[str, Json], row: Row, value: Json) -> None:
    *parents, name = row.target.split(".")
    place = payload
    for parent in parents:
        inner = place.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise TypeError(f"The crosswalk writes both {parent} and {row.target}.")
        place = inner
    if not isinstance(value, list):
        place[name] = value
        return
    items = place.setdefault(name, [])
    if not isinstance(items, list):
        raise TypeError(f"The crosswalk writes {row.target} both as a list and as one value.")
    for item in value:
        if row.keep_equal or item not in items:
            items.append(item)


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
    return (row.reads, row.target, row.convert.__qualname__, row.note, row.fallback, row.keep_equal)
