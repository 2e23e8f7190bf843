"""The account of leaves: each leaf of a record ends as carried, dropped or unmapped, and never as nothing."""

from collections import Counter
from collections.abc import Iterable

from cern_assets.metadata.leaves import Leaf, Steps, leaves
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.metadata import Fate, LeafFate
from cern_assets.model.values import JsonObject

EMPTY = "Empty in the source."


class Ledger:
    """Filled while the rows of a crosswalk are applied to one record; the fates add up to the record's leaves."""

    def __init__(self, metadata: JsonObject) -> None:
        self._by_pattern: dict[str, list[Leaf]] = {}
        self._targets: dict[Steps, list[str]] = {}
        self._reasons: dict[Steps, str] = {}
        for leaf in leaves(metadata):
            self._by_pattern.setdefault(leaf.pattern, []).append(leaf)
            if leaf.is_empty:
                self._reasons[leaf.steps] = EMPTY

    def read(self, patterns: Iterable[str]) -> tuple[Leaf, ...]:
        """Give the leaves of these patterns that say something."""
        found = (leaf for pattern in patterns for leaf in self._by_pattern.get(pattern, ()))
        return tuple(leaf for leaf in found if not leaf.is_empty)

    def carry(self, leaf: Leaf, target: str) -> None:
        """Note that a field of the deposit holds this leaf; several may."""
        targets = self._targets.setdefault(leaf.steps, [])
        if target not in targets:
            targets.append(target)

    def drop(self, leaf: Leaf, reason: str) -> None:
        """Note why a leaf is left behind; the first reason stands, and none if something carries the leaf."""
        self._reasons.setdefault(leaf.steps, reason)

    def fates(self) -> tuple[LeafFate, ...]:
        """Give one entry for each pattern, target and reason, in the order of the record."""
        counted = Counter((pattern, *self._fate(leaf)) for pattern, found in self._by_pattern.items() for leaf in found)
        return tuple(
            LeafFate(path=path, leaves=number, fate=fate, target=target, reason=reason)
            for (path, fate, target, reason), number in counted.items()
        )

    def findings(self) -> tuple[Finding, ...]:
        """Tell what the crosswalk does not know, by pattern. What the source left empty stands in the fates."""
        found = []
        for pattern, these in self._by_pattern.items():
            unknown = [leaf for leaf in these if leaf.steps not in self._targets and leaf.steps not in self._reasons]
            if unknown:
                message = f"{_leaves(unknown)} not in the crosswalk and not carried."
                value = shorten(unknown[0].text)
                count = len(unknown)
                found.append(
                    Finding(
                        code="unmapped", severity="warning", field=pattern, value=value, message=message, count=count
                    )
                )
        return tuple(found)

    def _fate(self, leaf: Leaf) -> tuple[Fate, str, str]:
        """Give the fate with its target and its reason."""
        targets = self._targets.get(leaf.steps)
        if targets:
            return "carried", ", ".join(targets), ""
        reason = self._reasons.get(leaf.steps)
        return ("dropped", "", reason) if reason else ("unmapped", "", "")


def _leaves(found: list[Leaf]) -> str:
    return "1 leaf is" if len(found) == 1 else f"{len(found)} leaves are"
