"""The rows of a crosswalk: what each reads, what it writes and by which rule, and what a rule answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.model.findings import Finding, Severity
from cern_assets.model.values import Json


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


type Converter = Callable[[Reading], Converted]


@dataclass(frozen=True)
class Row:
    """One field: the patterns it reads, the field it writes, and how.

    Lists of several rows for one target follow each other; anything else is written once, by the first row that gives
    something. A `fallback` row is asked only while its target has nothing. Equal items of a list are written once, but
    for `keep_equal` (two people may have one name). A row that `derives` writes what follows from its leaves (an entry
    of a vocabulary) and not their words. One that `needs` patterns is asked only of a record that has one of these. The
    converter is a plain function of a module in a package, not a closure, so that its text tells its version.
    """

    reads: tuple[str, ...]
    target: str
    convert: Converter
    note: str
    fallback: bool = False
    keep_equal: bool = False
    derives: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drop:
    """Patterns that are left behind on purpose."""

    reads: tuple[str, ...]
    reason: str


def row_data(row: Row | Drop) -> tuple[object, ...]:
    """What of a row counts for the version of its crosswalk: all but the text of its converter."""
    if isinstance(row, Drop):
        return (row.reads, row.reason)
    return (
        row.reads,
        row.target,
        row.convert.__qualname__,
        row.note,
        row.fallback,
        row.keep_equal,
        row.derives,
        row.needs,
    )
