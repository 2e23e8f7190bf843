"""The account of leaves: each leaf of a record ends as carried, derived, dropped or unmapped, and never as nothing.

Leaves of one pattern nearly always share their fate, so that the account is kept by pattern, and by leaf only for those
that a rule told apart.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from cern_assets.metadata.leaves import Leaf, Place, leaves
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.metadata import Fate, LeafFate
from cern_assets.model.values import JsonObject

EMPTY = "Empty in the source."

type _State = tuple[tuple[str, ...], str, bool]
"""Targets that hold a leaf, the reason why it was left behind, and whether all that is held only follows from it."""

_UNTOLD: _State = ((), "", False)
_EMPTY: _State = ((), EMPTY, False)


class Ledger:
    """Filled while the rows of a crosswalk are applied to one record; the fates add up to the record's leaves.

    `said` has the leaves that say something, by pattern. `known` is the root of the places that the crosswalk reads.
    """

    def __init__(self, metadata: JsonObject, known: Place | None = None) -> None:
        all_of: dict[str, list[Leaf]] = {}
        empty: set[str] = set()
        for leaf in leaves(metadata, known):
            these = all_of.get(leaf.pattern)
            if these is None:
                all_of[leaf.pattern] = [leaf]
            else:
                these.append(leaf)
            if not leaf.text:
                empty.add(leaf.pattern)
        self._all = all_of
        self.said: Mapping[str, list[Leaf]] = _with_text(all_of) if empty else all_of
        self._common: dict[str, _State] = {}
        self._own: dict[int, _State] = {}
        self._apart: set[str] = empty

    def carry(self, pattern: str, target: str, *, derived: bool = False) -> None:
        """Note that a field of the deposit holds the leaves of a pattern, or what follows from them; several may."""
        self._common[pattern] = _carried(self._common.get(pattern, _UNTOLD), target, derived=derived)
        if pattern in self._apart:
            for leaf in self._told_apart(pattern):
                self._own[leaf.number] = _carried(self._own[leaf.number], target, derived=derived)

    def drop(self, pattern: str, reason: str) -> None:
        """Note why leaves are left behind; the first reason stands, and none if something carries the leaf."""
        self._common[pattern] = _dropped(self._common.get(pattern, _UNTOLD), reason)
        if pattern in self._apart:
            for leaf in self._told_apart(pattern):
                self._own[leaf.number] = _dropped(self._own[leaf.number], reason)

    def carry_one(self, leaf: Leaf, target: str, *, derived: bool = False) -> None:
        """The same for one leaf alone."""
        self._own[leaf.number] = _carried(self._state(leaf), target, derived=derived)
        self._apart.add(leaf.pattern)

    def drop_one(self, leaf: Leaf, reason: str) -> None:
        """The same for one leaf alone."""
        self._own[leaf.number] = _dropped(self._state(leaf), reason)
        self._apart.add(leaf.pattern)

    def fates(self) -> tuple[LeafFate, ...]:
        """Give one entry for each pattern, target and reason, by pattern in the order of the record."""
        found: list[LeafFate] = []
        for pattern, these in self._all.items():
            if pattern not in self._apart:
                found.append(_fate(pattern, len(these), self._common.get(pattern, _UNTOLD)))
                continue
            counts: dict[_State, int] = {}
            for leaf in these:
                targets, reason, derived = self._state(leaf)
                state = (targets, "" if targets else reason, derived)
                counts[state] = counts.get(state, 0) + 1
            found += (_fate(pattern, number, state) for state, number in counts.items())
        return tuple(found)

    def findings(self) -> tuple[Finding, ...]:
        """Tell what the crosswalk does not know, by pattern. What the source left empty stands in the fates."""
        if len(self._common) == len(self._all):
            return ()
        unknown = {
            pattern: [leaf for leaf in these if self._state(leaf) == _UNTOLD]
            for pattern, these in self._all.items()
            if pattern not in self._common
        }
        return tuple(_unmapped(pattern, found) for pattern, found in unknown.items() if found)

    def _told_apart(self, pattern: str) -> Iterator[Leaf]:
        return (leaf for leaf in self.said[pattern] if leaf.number in self._own)

    def _state(self, leaf: Leaf) -> _State:
        own = self._own.get(leaf.number)
        if own is not None:
            return own
        return self._common.get(leaf.pattern, _UNTOLD) if leaf.text else _EMPTY


def _with_text(all_of: Mapping[str, list[Leaf]]) -> dict[str, list[Leaf]]:
    said = {pattern: [leaf for leaf in these if leaf.text] for pattern, these in all_of.items()}
    return {pattern: these for pattern, these in said.items() if these}


@lru_cache(4_096)
def _carried(state: _State, target: str, *, derived: bool) -> _State:
    targets, reason, only_derived = state
    only_derived = derived and (only_derived or not targets)
    return (targets if target in targets else (*targets, target), reason, only_derived)


@lru_cache(4_096)
def _dropped(state: _State, reason: str) -> _State:
    targets, stands, only_derived = state
    return (targets, stands or reason, only_derived)


@lru_cache(16_384)
def _fate(path: str, number: int, state: _State) -> LeafFate:
    """One entry of the account: a few thousand of them are all that a source's records have."""
    targets, reason, derived = state
    if targets:
        return LeafFate(path=path, leaves=number, fate="derived" if derived else "carried", target=", ".join(targets))
    fate: Fate = "dropped" if reason else "unmapped"
    return LeafFate(path=path, leaves=number, fate=fate, reason=reason)


def _unmapped(pattern: str, found: list[Leaf]) -> Finding:
    leaves = "1 leaf is" if len(found) == 1 else f"{len(found)} leaves are"
    return Finding(
        code="unmapped",
        severity="warning",
        field=pattern,
        value=shorten(found[0].text),
        message=f"{leaves} not in the crosswalk and not carried.",
        count=len(found),
    )
