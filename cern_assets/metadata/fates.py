"""The account of leaves: each leaf of a record ends as carried, derived, dropped or unmapped, and never as nothing."""

from functools import lru_cache

from cern_assets.metadata.leaves import Leaf, leaves
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.metadata import Fate, LeafFate
from cern_assets.model.values import JsonObject

EMPTY = "Empty in the source."


class Ledger:
    """Filled while the rows of a crosswalk are applied to one record; the fates add up to the record's leaves.

    `said` has the leaves that say something, by pattern.
    """

    def __init__(self, metadata: JsonObject) -> None:
        self._leaves = leaves(metadata)
        self._targets: list[tuple[str, ...]] = [()] * len(self._leaves)
        self._reasons = [""] * len(self._leaves)
        self._only_derived: set[int] = set()
        self.said: dict[str, list[Leaf]] = {}
        for leaf in self._leaves:
            if not leaf.text:
                self._reasons[leaf.number] = EMPTY
                continue
            known = self.said.get(leaf.pattern)
            if known is None:
                self.said[leaf.pattern] = [leaf]
            else:
                known.append(leaf)

    def carry(self, leaf: Leaf, target: str, *, derived: bool = False) -> None:
        """Note that a field of the deposit holds this leaf, or what follows from it; several may."""
        targets = self._targets[leaf.number]
        if derived and not targets:
            self._only_derived.add(leaf.number)
        elif not derived:
            self._only_derived.discard(leaf.number)
        if target not in targets:
            self._targets[leaf.number] = (*targets, target)

    def drop(self, leaf: Leaf, reason: str) -> None:
        """Note why a leaf is left behind; the first reason stands, and none if something carries the leaf."""
        if not self._reasons[leaf.number]:
            self._reasons[leaf.number] = reason

    def fates(self) -> tuple[LeafFate, ...]:
        """Give one entry for each pattern, target and reason, by pattern in the order of the record."""
        by_pattern: dict[str, dict[tuple[tuple[str, ...], str, bool], int]] = {}
        derived = self._only_derived
        for leaf, targets, reason in zip(self._leaves, self._targets, self._reasons, strict=True):
            counts = by_pattern.get(leaf.pattern)
            if counts is None:
                counts = by_pattern[leaf.pattern] = {}
            fate = (targets, "" if targets else reason, leaf.number in derived)
            counts[fate] = counts.get(fate, 0) + 1
        return tuple(
            _fate(pattern, number, targets, reason, derived=derived)
            for pattern, counts in by_pattern.items()
            for (targets, reason, derived), number in counts.items()
        )

    def findings(self) -> tuple[Finding, ...]:
        """Tell what the crosswalk does not know, by pattern. What the source left empty stands in the fates."""
        unknown: dict[str, list[Leaf]] = {}
        for leaf, targets, reason in zip(self._leaves, self._targets, self._reasons, strict=True):
            if not targets and not reason:
                unknown.setdefault(leaf.pattern, []).append(leaf)
        return tuple(
            Finding(
                code="unmapped",
                severity="warning",
                field=pattern,
                value=shorten(found[0].text),
                message=f"{_leaves(len(found))} not in the crosswalk and not carried.",
                count=len(found),
            )
            for pattern, found in unknown.items()
        )


@lru_cache(16_384)
def _fate(path: str, number: int, targets: tuple[str, ...], reason: str, *, derived: bool) -> LeafFate:
    """One entry of the account: a few thousand of them are all that a source's records have."""
    fate: Fate = "derived" if derived else "carried" if targets else "dropped" if reason else "unmapped"
    return LeafFate(path=path, leaves=number, fate=fate, target=", ".join(targets), reason=reason)


def _leaves(number: int) -> str:
    return "1 leaf is" if number == 1 else f"{number} leaves are"
