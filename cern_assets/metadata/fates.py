"""The account of leaves: each leaf of a record ends as carried, derived, dropped or unmapped, and never as nothing.

Rows are asked one after the other, and each that reads a leaf has its word: the leaf is in what the row wrote, or is
left behind for a reason. A leaf that several carry is carried by all of them; the first reason stands, and none if
something carries the leaf.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from cern_assets.metadata.leaves import Leaf
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.metadata import Fate, LeafFate

EMPTY = "Empty in the source."

type State = tuple[tuple[str, ...], str, bool]
"""Targets that hold a leaf, the reason why it was left behind, and whether all that is held only follows from it."""

type Word = Callable[[State, Leaf], State]
"""What a row says of a leaf."""

_UNTOLD: State = ((), "", False)
_EMPTY: State = ((), EMPTY, False)


def fates_of(
    all_of: Mapping[str, list[Leaf]], words: Mapping[str, Sequence[Word]], apart: frozenset[str]
) -> tuple[LeafFate, ...]:
    """Give one entry for each pattern, target and reason, by pattern in the order of the record.

    `words` are those of the rows that read a pattern, in order. Leaves of a pattern share their fate, but for those
    `apart`, of which a row told one leaf from another.
    """
    found: list[LeafFate] = []
    for pattern, these in all_of.items():
        said = words.get(pattern, ())
        counts: dict[State, int] = {}
        common = None
        for leaf in these:
            if not leaf.text:
                state = _EMPTY
            elif common is not None:
                state = common
            else:
                state = _UNTOLD
                for word in said:
                    state = word(state, leaf)
                targets, reason, derived = state
                state = (targets, "" if targets else reason, derived)
                if pattern not in apart:
                    common = state
            counts[state] = counts.get(state, 0) + 1
        found += (_fate(pattern, number, state) for state, number in counts.items())
    return tuple(found)


@lru_cache(4_096)
def carried(state: State, target: str, *, derived: bool) -> State:
    """A field of the deposit holds the leaf too, or what follows from it."""
    targets, reason, only_derived = state
    only_derived = derived and (only_derived or not targets)
    return (targets if target in targets else (*targets, target), reason, only_derived)


@lru_cache(4_096)
def dropped(state: State, reason: str) -> State:
    """A row leaves the leaf behind."""
    targets, stands, only_derived = state
    return (targets, stands or reason, only_derived)


def unmapped(pattern: str, found: Sequence[Leaf]) -> Finding:
    """Tell of leaves that say something and that no row reads. What the source left empty stands in the fates."""
    leaves = "1 leaf is" if len(found) == 1 else f"{len(found)} leaves are"
    return Finding(
        code="unmapped",
        severity="warning",
        field=pattern,
        value=shorten(found[0].text),
        message=f"{leaves} not in the crosswalk and not carried.",
        count=len(found),
    )


@lru_cache(16_384)
def _fate(path: str, number: int, state: State) -> LeafFate:
    """One entry of the account: a few thousand of them are all that a source's records have."""
    targets, reason, derived = state
    if targets:
        return LeafFate(path=path, leaves=number, fate="derived" if derived else "carried", target=", ".join(targets))
    fate: Fate = "dropped" if reason else "unmapped"
    return LeafFate(path=path, leaves=number, fate=fate, reason=reason)
