"""Pools: how many runs may use a target, list a source, or walk the store at the same time, on whichever worker.

A run is in one pool, that of what it must not overwhelm, as Dagster lets a step be in one: a run over recids in its
target's, an inventory in its source's, a ledger and a report, which count every document, in the store's. What a source
is asked and how many bytes move is bounded for all runs by pace and slots.
"""

from cern_assets.collections.spec import CollectionSpec


def pool_of_target(spec: CollectionSpec) -> str:
    """Of runs that publish."""
    return f"target_{spec.target}"


def pool_of_source(spec: CollectionSpec) -> str:
    """Of runs that list all of a source."""
    return f"source_{spec.source}"


STORE = "store"
"""Of runs that walk all documents of the store."""
