"""Where the ribbons of a flow through stages lie: pure geometry, in units of a picture one high.

From left to right a column a stage. What goes on stays at the top; what leaves at a stage runs below all that goes on,
straight to the right edge, so that no two ribbons cross.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_LEAST = 0.004
"""The height of a ribbon that would be too thin to see."""
_GAP = 0.035
_LANES = 12


@dataclass(frozen=True)
class Leaving:
    """An amount that leaves after `position` stages (0: before the first)."""

    position: int
    kind: str
    label: str
    amount: float


@dataclass(frozen=True)
class Node:
    """A column's bar: what reached it. `x` is 0 (in), 1, 2 ... for stages."""

    x: int
    label: str
    bottom: float
    top: float
    amount: float


@dataclass(frozen=True)
class Ribbon:
    """A band between two columns; `end_x` may be the right edge, one beyond the last stage."""

    kind: str
    start_x: int
    end_x: int
    start: tuple[float, float]
    end: tuple[float, float]
    label: str = ""
    amount: float = 0.0


@dataclass(frozen=True)
class Layout:
    """Nodes and ribbons; `height` is how much of the picture's height they take."""

    nodes: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]
    columns: int
    height: float


def lay_out(stages: Sequence[str], leaving: Sequence[Leaving]) -> Layout:
    """Lay out the stages and what leaves after each; what leaves after the last is drawn like the others.

    What leaves after a stage that is not among `stages` counts as leaving after the last of them. Beyond a dozen kinds
    of leaving, the smallest are drawn as one.
    """
    total = sum(each.amount for each in leaving)
    if total <= 0:
        return Layout((), (), len(stages) + 1, 0.0)
    lanes = sorted(
        _fewer([each for each in leaving if each.amount > 0]), key=lambda lane: (-lane.position, -lane.amount)
    )
    edge = len(stages) + 1

    def thick(amount: float) -> float:
        return max(amount / total, _LEAST) if amount else 0.0

    places, top = [], 1.0  # of lanes at the right edge, from the top
    for lane in lanes:
        places.append((top - thick(lane.amount), top))
        top -= thick(lane.amount) + _GAP
    nodes, ribbons = [], []
    stays = [_staying(lanes, x) for x in range(edge)]
    for x in range(edge):
        nodes.append(Node(x, stages[x - 1] if x else "in", 1.0 - thick(stays[x]), 1.0, stays[x]))
        if x + 1 < edge and stays[x + 1]:
            thickness = thick(stays[x + 1])
            ribbons.append(Ribbon("on", x, x + 1, (1.0 - thickness, 1.0), (1.0 - thickness, 1.0)))
        below = 1.0 - (thick(stays[x + 1]) if x + 1 < edge else 0.0)
        for lane, place in zip(lanes, places, strict=True):
            if min(lane.position, len(stages)) == x:
                start = (max(below - thick(lane.amount), 0.0), below)
                ribbons.append(Ribbon(lane.kind, x, edge, start, place, lane.label, lane.amount))
                below -= thick(lane.amount)
    return Layout(tuple(nodes), tuple(ribbons), edge, 1.0 - top - _GAP)


def _staying(lanes: Sequence[Leaving], x: int) -> float:
    """What reached a column: all that leaves there or later."""
    return sum(lane.amount for lane in lanes if lane.position >= x)


def _fewer(lanes: Sequence[Leaving]) -> list[Leaving]:
    largest = sorted(lanes, key=lambda lane: -lane.amount)
    kept, rest = largest[: _LANES - 1], largest[_LANES - 1 :]
    if len(rest) <= 1:
        return largest
    by_position: dict[int, float] = {}
    for lane in rest:
        by_position[lane.position] = by_position.get(lane.position, 0.0) + lane.amount
    return kept + [Leaving(position, "other", "others", amount) for position, amount in by_position.items()]
