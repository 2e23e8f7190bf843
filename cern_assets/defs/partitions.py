"""Partitions: one a recid, added as recids become known; or a fixed number of segments, of collections with millions.

The recids of a collection are kept as dynamic partitions either way, which grow and never shrink by themselves: a
withdrawn recid keeps its partition, so that the ledger goes on counting it. With segments no asset has them as its
partitions, and Dagster does not count by them.
"""

from collections.abc import Iterable
from itertools import batched

import dagster as dg

from cern_assets.collections.segments import segment_names
from cern_assets.collections.spec import CollectionSpec
from cern_assets.model.identifiers import Recid

_PIECE = 20_000
"""Keys that Dagster is given at a time: it puts all into one statement, and SQLite takes 250,000 values in one."""


def partitions_of(spec: CollectionSpec) -> dg.PartitionsDefinition[str]:
    """The partitions of a collection's assets."""
    return dg.StaticPartitionsDefinition(segment_names(spec.segments)) if spec.segments else recid_partitions(spec.name)


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
