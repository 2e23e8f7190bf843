"""Leaves: the smallest parts of a record's JSON, each with its place.

A leaf is a scalar, or a list or object without content. Its place has two names: the path (`authors[3].name`), which is
this leaf alone, and the pattern (`authors[].name`), which it shares with the others of its list.

Every record's every leaf passes here, so that this is written for speed: plain slots, texts made once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from cern_assets.metadata.text import one_line
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json, JsonObject

type Steps = tuple[str | int, ...]

_NUMBERS = count()


class Leaf:
    """One leaf: `number` tells it from all others, `above` are the steps from the root to what holds it as `step`.

    `pattern` is its place in the record. `text` is the value as one line of text, empty for null and for empty
    containers.
    """

    __slots__ = ("above", "number", "pattern", "step", "text", "value")

    def __init__(self, number: int, above: Steps, step: str | int, pattern: str, value: Json, text: str) -> None:  # noqa: PLR0917  asked for each leaf
        self.number = number
        self.above = above
        self.step = step
        self.pattern = pattern
        self.value = value
        self.text = text

    def __repr__(self) -> str:
        return f"Leaf({self.path}: {self.text!r})"

    @property
    def steps(self) -> Steps:
        """All steps from the root."""
        return (*self.above, self.step)

    @property
    def path(self) -> str:
        """The leaf's exact place, e.g. `authors[3].name`."""
        parts = (f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in self.steps)
        return "".join(parts).removeprefix(".")

    @property
    def is_empty(self) -> bool:
        """Whether the source states the field but says nothing: null, blank text, an empty list or object."""
        return not self.text


class Place:
    """A place of records by its pattern; `children` by the names of an object, `items` those of a list.

    The places that a crosswalk reads are made once, and a walk finds their patterns without writing them again.
    """

    __slots__ = ("_items", "children", "pattern")

    def __init__(self, pattern: str = "") -> None:
        self.pattern = pattern
        self.children: dict[str, Place] = {}
        self._items: Place | None = None

    @property
    def items(self) -> "Place":
        """The place that all items of the list here share."""
        if self._items is None:
            self._items = Place(f"{self.pattern}[]")
        return self._items

    def other(self, name: str) -> "Place":
        """The place of a name that nobody reads, which is not remembered: records can have any name."""
        shown = _printable(name)
        return Place(f"{self.pattern}.{shown}" if self.pattern else shown)

    def know(self, pattern: str) -> None:
        """Make the places that lead to a pattern (`authors[].name`)."""
        place = self
        for step in pattern.split("."):
            name, *lists = step.split("[]")
            place = place.children.setdefault(name, place.other(name))
            for _ in lists:
                place = place.items


def leaves(metadata: JsonObject, known: Place | None = None) -> list[Leaf]:
    """All leaves in the order of the record, however deep it is; `known` is the root of places that are known."""
    found: list[Leaf] = []
    # Of an object, the places of its names; of a list, none, as all items have its own.
    root = known or Place()
    pending: list[tuple[Iterator[tuple[Any, Json]], Steps, Place, dict[str, Place] | None]] = [
        (iter(metadata.items()), (), root, root.children)
    ]
    while pending:
        children, steps, here, names = pending[-1]
        for key, value in children:
            place = here if names is None else names.get(key) or here.other(key)
            if type(value) is str:
                found.append(Leaf(next(_NUMBERS), steps, key, place.pattern, value, one_line(value)))
            elif value and type(value) is dict:
                pending.append((iter(value.items()), (*steps, key), place, place.children))
                break
            elif value and type(value) is list:
                pending.append((enumerate(value), (*steps, key), place.items, None))
                break
            else:
                text = str(value) if isinstance(value, (int, float)) else ""
                found.append(Leaf(next(_NUMBERS), steps, key, place.pattern, value, text))
        else:
            pending.pop()
    return found


def text_leaf(name: str, value: str, known: Place) -> Leaf:
    """The one leaf of a name of the top level that is a text."""
    place = known.children.get(name) or known.other(name)
    return Leaf(next(_NUMBERS), (), name, place.pattern, value, one_line(value))


class About:
    """What else may be asked of a record, and whether it was."""

    __slots__ = ("files", "is_asked", "recid")

    def __init__(self, recid: Recid, files: int) -> None:
        self.recid = recid
        self.files = files
        self.is_asked = False


def by_pattern(leaves: Iterable[Leaf]) -> dict[str, list[Leaf]]:
    """Leaves by their pattern, in the order given."""
    found: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        these = found.get(leaf.pattern)
        if these is None:
            found[leaf.pattern] = [leaf]
        else:
            these.append(leaf)
    return found


class Reading:
    """What a converter sees: the non-empty leaves that its row reads, by their pattern, and nothing else of the record.

    `leaves` come in the order of the row's patterns, then of the record. `files` is the number of files. Whoever asks
    for recid or files is noted in `about`, as what is made may be another for another record then.
    """

    __slots__ = ("_about", "_by_pattern")

    def __init__(self, about: About, by_pattern: Mapping[str, Sequence[Leaf]]) -> None:
        self._about = about
        self._by_pattern = by_pattern

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All of them."""
        return tuple([leaf for these in self._by_pattern.values() for leaf in these])

    def forget(self) -> None:
        """Say that more than the leaves counts, so that what is made of them is not remembered."""
        self._about.is_asked = True

    @property
    def recid(self) -> Recid:
        """The record's recid."""
        self._about.is_asked = True
        return self._about.recid

    @property
    def files(self) -> int:
        """The number of the record's files."""
        self._about.is_asked = True
        return self._about.files

    def all(self, pattern: str) -> tuple[Leaf, ...]:
        """Give every leaf of a pattern."""
        return tuple(self._by_pattern.get(pattern, ()))

    def first(self, pattern: str) -> Leaf | None:
        """Give the first leaf of a pattern, None if there is none."""
        found = self._by_pattern.get(pattern)
        return found[0] if found else None

    def text(self, pattern: str) -> str:
        """Give the text of the first leaf of a pattern, empty if there is none."""
        found = self._by_pattern.get(pattern)
        return found[0].text if found else ""

    def only(self, pattern: str) -> "Reading":
        """Give a reading of the leaves of a pattern alone."""
        return Reading(self._about, {pattern: self._by_pattern.get(pattern, ())})

    def items(self, prefix: str) -> "tuple[Reading, ...]":
        """Give one reading for each item of a list (`authors[]`), which is asked relative to the item (`name`)."""
        found: dict[Steps, dict[str, list[Leaf]]] = {}
        for pattern, these in self._by_pattern.items():
            rest, depth = _below(prefix, pattern)
            if depth:
                for leaf in these:
                    steps = leaf.above if depth == 1 else leaf.above[: 1 - depth]
                    item = found.get(steps)
                    if item is None:
                        found[steps] = {rest: [leaf]}
                    elif rest in item:
                        item[rest].append(leaf)
                    else:
                        item[rest] = [leaf]
        # Steps of one pattern have a name or a number in the same places, so that they can be compared.
        return tuple([Reading(self._about, found[steps]) for steps in sorted(found)])


@lru_cache(4_096)  # rows name few lists, and records have few patterns
def _below(prefix: str, pattern: str) -> tuple[str, int]:
    """A pattern relative to an item of a list, and how many steps that is; zero if it is no part of one."""
    start = f"{prefix}."
    if not pattern.startswith(start):
        return "", 0
    rest = pattern[len(start) :]
    return rest, rest.count(".") + rest.count("[]") + 1


def _printable(name: str) -> str:
    return name if name.isprintable() else one_line(name)
