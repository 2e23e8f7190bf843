"""A recid's own folder on the store: what is in the way of its files goes, and what nobody needs any more."""

import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from cern_assets.flows.stages import Context


def clear_the_way(context: Context, folder: str, wanted: AbstractSet[str]) -> dict[str, int]:
    """Remove files that stand where a folder is to be, or below what is to be a file; gives the others, with sizes.

    A record that had a file `a` may come back with `a/b`, or the other way round.
    """
    store = context.adapters.store
    folders = {parent for path in wanted for parent in _parents(path)}
    present = dict(store.sizes(folder))
    if context.spares_others:
        return present
    in_the_way = {path for path in present.keys() - wanted if path in folders or not wanted.isdisjoint(_parents(path))}
    for path in in_the_way:
        store.remove(path)
    return {path: size_bytes for path, size_bytes in present.items() if path not in in_the_way}


def tidy(context: Context, folder: str, stale: Iterable[str], resumable: AbstractSet[str] = frozenset()) -> None:
    """Remove files of an earlier state of the record, and old leftovers but those that are to be gone on with."""
    store = context.adapters.store
    for path in () if context.spares_others else stale:
        store.remove(path)
    old = time.time() - context.shared.leftovers_seconds
    for leftover in store.leftovers(folder):
        if leftover.modified < old and not any(leftover.path.endswith(word) for word in resumable):
            store.collect(leftover)


def _parents(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[:count]) for count in range(1, len(steps))]
