"""Leaves: the smallest parts of a record's JSON, each with its place.

A leaf is a scalar, or a list or object without content. Its place has two names: the path (`authors[3].name`), which is
this leaf alone, and the pattern (`authors[].name`), which it shares with the others of its list.

Every record's every leaf passes here, so that this is written for speed: plain slots, texts made once.
"""

from collections.abc import Iterable, Iterator, Sequence

from cern_assets.metadata.text import one_line
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json, JsonObject

type Steps = tuple[str | int, ...]


class Leaf:
    """One leaf: `number` counts the record's leaves, `steps` lead to it from the root.

    `pattern` names it relative to where it is read. `text` is the value as one line of text, empty for null and for
    empty containers.
    """

    __slots__ = ("number", "pattern", "steps", "text", "value")

    def __init__(self, number: int, steps: Steps, pattern: str, value: Json, text: str) -> None:
        self.number = number
        self.steps = steps
        self.pattern = pattern
        self.value = value
        self.text = text

    def __repr__(self) -> str:
        return f"Leaf({self.path}: {self.text!r})"

    @property
    def path(self) -> str:
        """The leaf's exact place, e.g. `authors[3].name`."""
        parts = (f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in self.steps)
        return "".join(parts).removeprefix(".")

    @property
    def is_empty(self) -> bool:
        """Whether the source states the field but says nothing: null, blank text, an empty list or object."""
        return not self.text


def leaves(metadata: JsonObject) -> list[Leaf]:
    """All leaves in the order of the record, however deep it is."""
    found: list[Leaf] = []
    pending: list[tuple[Iterator[tuple[str | int, Json]], Steps, str]] = [(iter(metadata.items()), (), "")]
    while pending:
        children, steps, prefix = pending[-1]
        for key, value in children:
            if isinstance(key, str):
                name = key if key.isprintable() else one_line(key)
                pattern = f"{prefix}.{name}" if prefix else name
            else:
                pattern = prefix
            if isinstance(value, str):
                found.append(Leaf(len(found), (*steps, key), pattern, value, one_line(value)))
            elif isinstance(value, dict) and value:
                pending.append((iter(value.items()), (*steps, key), pattern))
                break
            elif isinstance(value, list) and value:
                pending.append((enumerate(value), (*steps, key), f"{pattern}[]"))
                break
            else:
                text = str(value) if isinstance(value, int | float) else ""
                found.append(Leaf(len(found), (*steps, key), pattern, value, text))
        else:
            pending.pop()
    return found


class Reading:
    """What a converter sees: the non-empty leaves that its row reads and nothing else of the record.

    `leaves` come in the order of the row's patterns, then of the record. `files` is the number of files.
    """

    __slots__ = ("_by_pattern", "files", "leaves", "recid")
    _FEW = 8

    def __init__(self, recid: Recid, files: int, leaves: Iterable[Leaf]) -> None:
        self.recid = recid
        self.files = files
        self.leaves = tuple(leaves)
        self._by_pattern: dict[str, list[Leaf]] | None = None

    def all(self, pattern: str) -> tuple[Leaf, ...]:
        """Give every leaf of a pattern."""
        return tuple(self._these(pattern))

    def first(self, pattern: str) -> Leaf | None:
        """Give the first leaf of a pattern, None if there is none."""
        found = self._these(pattern)
        return found[0] if found else None

    def text(self, pattern: str) -> str:
        """Give the text of the first leaf of a pattern, empty if there is none."""
        found = self._these(pattern)
        return found[0].text if found else ""

    def items(self, prefix: str) -> "tuple[Reading, ...]":
        """Give one reading for each item of a list (`authors[]`), with patterns relative to the item (`name`)."""
        found: dict[Steps, list[Leaf]] = {}
        start = f"{prefix}."
        for pattern, these in self._grouped().items():
            if pattern.startswith(start):
                rest = pattern[len(start) :]
                depth = rest.count(".") + rest.count("[]") + 1
                for leaf in these:
                    inner = Leaf(leaf.number, leaf.steps, rest, leaf.value, leaf.text)
                    found.setdefault(leaf.steps[:-depth], []).append(inner)
        ordered = sorted(found, key=lambda steps: [step for step in steps if isinstance(step, int)])
        return tuple(Reading(self.recid, self.files, found[steps]) for steps in ordered)

    def _these(self, pattern: str) -> Sequence[Leaf]:
        if self._by_pattern is None and len(self.leaves) <= self._FEW:
            return [leaf for leaf in self.leaves if leaf.pattern == pattern]
        return self._grouped().get(pattern, ())

    def _grouped(self) -> dict[str, list[Leaf]]:
        if self._by_pattern is None:
            self._by_pattern = {}
            for leaf in self.leaves:
                self._by_pattern.setdefault(leaf.pattern, []).append(leaf)
        return self._by_pattern


def _printable(name: str) -> str:
    return name if name.isprintable() else one_line(name)
