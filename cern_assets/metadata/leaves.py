"""Leaves: the smallest parts of a record's JSON, each with its place.

A leaf is a scalar, or a list or object without content. Its place has two names: the path (`authors[3].name`), which is
this leaf alone, and the pattern (`authors[].name`), which it shares with the others of its list.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cern_assets.metadata.text import one_line
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json, JsonObject

type Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: `steps` lead to it from the root, `pattern` names it relative to where it is read."""

    steps: Steps
    pattern: str
    value: Json

    @property
    def path(self) -> str:
        """The leaf's exact place, e.g. `authors[3].name`."""
        return _joined(self.steps, show_index=True)

    @property
    def text(self) -> str:
        """The value as one line of text, empty for null and for empty containers."""
        return one_line(str(self.value)) if isinstance(self.value, str | int | float) else ""

    @property
    def is_empty(self) -> bool:
        """Whether the source states the field but says nothing: null, blank text, an empty list or object."""
        return not self.text


def leaves(metadata: JsonObject) -> Iterator[Leaf]:
    """Yield all leaves in the order of the record, however deep it is."""
    pending: list[tuple[Steps, Json]] = _children((), dict(metadata))
    while pending:
        steps, value = pending.pop()
        children = _children(steps, value)
        if children:
            pending.extend(children)
        else:
            yield Leaf(steps, _joined(steps, show_index=False), value)


@dataclass(frozen=True)
class Reading:
    """What a converter sees: the non-empty leaves that its row reads and nothing else of the record.

    `leaves` come in the order of the row's patterns, then of the record. `files` is the number of files.
    """

    recid: Recid
    files: int
    leaves: tuple[Leaf, ...]

    def all(self, pattern: str) -> tuple[Leaf, ...]:
        """Give every leaf of a pattern."""
        return tuple(leaf for leaf in self.leaves if leaf.pattern == pattern)

    def first(self, pattern: str) -> Leaf | None:
        """Give the first leaf of a pattern, None if there is none."""
        return next((leaf for leaf in self.leaves if leaf.pattern == pattern), None)

    def text(self, pattern: str) -> str:
        """Give the text of the first leaf of a pattern, empty if there is none."""
        leaf = self.first(pattern)
        return leaf.text if leaf else ""

    def items(self, prefix: str) -> "tuple[Reading, ...]":
        """Give one reading for each item of a list (`authors[]`), with patterns relative to the item (`name`)."""
        found: dict[Steps, list[Leaf]] = {}
        for leaf in self.leaves:
            if leaf.pattern.startswith(f"{prefix}."):
                rest = leaf.pattern.removeprefix(f"{prefix}.")
                item = leaf.steps[: -(rest.count(".") + rest.count("[]") + 1)]
                found.setdefault(item, []).append(Leaf(leaf.steps, rest, leaf.value))
        ordered = sorted(found.items(), key=lambda item: [step for step in item[0] if isinstance(step, int)])
        return tuple(Reading(self.recid, self.files, tuple(inner)) for _, inner in ordered)


def _children(steps: Steps, value: Json) -> list[tuple[Steps, Json]]:
    """Last first, as the caller takes them from the end."""
    if isinstance(value, dict):
        return [((*steps, key), child) for key, child in reversed(value.items())]
    if isinstance(value, list):
        return [((*steps, index), value[index]) for index in reversed(range(len(value)))]
    return []


def _joined(steps: Steps, *, show_index: bool) -> str:
    parts = []
    for step in steps:
        if isinstance(step, int):
            parts.append(f"[{step}]" if show_index else "[]")
        else:
            parts.append(f".{step if step.isprintable() else one_line(step)}")
    return "".join(parts).removeprefix(".")
