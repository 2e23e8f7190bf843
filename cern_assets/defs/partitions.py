"""Partitions: one a recid, added as recids become known.

A collection's partitions grow and never shrink by themselves: a withdrawn recid keeps its partition, so that the ledger
goes on counting it.
"""

from collections.abc import Iterable, Sequence
from itertools import batched

import dagster as dg

from cern_assets.model.identifiers import Recid

_PIECE = 20_000
"""Keys that Dagster is given at a time: it puts all into one statement, and SQLite takes 250,000 values in one."""


def recid_partitions(collection: str) -> dg.DynamicPartitionsDefinition:
    """The partitions of a collection, e.g. `opendata_recid`."""
    return dg.DynamicPartitionsDefinition(name=f"{collection}_recid")


def register_recids(instance: dg.DagsterInstance, collection: str, recids: Iterable[Recid]) -> int:
    """Add the recids that are not partitions yet; returns how many were added."""
    known = set(registered_recids(instance, collection))
    new = [recid for recid in dict.fromkeys(recids) if recid not in known]
    for piece in batched(new, _PIECE):
        instance.add_dynamic_partitions(f"{collection}_recid", piece)
    return len(new)


def registered_recids(instance: dg.DagsterInstance, collection: str) -> list[Recid]:
    """All recids of a collection, in the order in which they were added: the order of ranges."""
    return [Recid(key) for key in instance.get_dynamic_partitions(f"{collection}_recid")]


def contiguous_ranges(order: Sequence[Recid], wanted: Iterable[Recid], longest: int) -> list[tuple[Recid, Recid]]:
    """Split wanted recids into ranges (first, last) of neighbours in `order`, none longer than `longest`.

    Dagster runs a batch as a range of partitions, and a range holds every key between its ends.
    """
    chosen = set(wanted)
    ranges: list[list[Recid]] = []
    open_range: list[Recid] | None = None
    for recid in order:
        if recid not in chosen:
            open_range = None
        elif open_range is None or len(open_range) == longest:
            open_range = [recid]
            ranges.append(open_range)
        else:
            open_range.append(recid)
    return [(keys[0], keys[-1]) for keys in ranges]
