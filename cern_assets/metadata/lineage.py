"""Lineage: which leaves of a record came to which field of its deposit, item by item, and by which rule."""

from collections.abc import Iterable
from dataclasses import dataclass

from cern_assets.metadata.crosswalk import Applied, Crosswalk, applied
from cern_assets.metadata.leaves import About, Leaf, Reading, Steps, by_pattern
from cern_assets.metadata.payload import Payload
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json


@dataclass(frozen=True)
class Origin:
    """Where a field of a deposit comes from: the row (counted from 1) with its rule, and the leaves that it is made of.

    `places` are the field itself, or items of a list by their number (`metadata.subjects[2]`).
    """

    target: str
    places: tuple[str, ...]
    row: int
    rule: str
    leaves: tuple[str, ...]


def lineage(record: SourceRecord, crosswalk: Crosswalk) -> tuple[Origin, ...]:
    """Tell of each field, and of each item of a list, the leaves that it is made of, in the order of the rows.

    A rule makes a list of all its leaves at once. Which of them an item is made of is found by asking the rule again:
    what a leaf alone, or the leaves of one item of the source, give, is theirs. What no part of the leaves gives, all
    of them give together.
    """
    payload = Payload()
    found: list[Origin] = []
    for step in applied(record, crosswalk, payload):
        if step.says:
            before = payload.at(step.row.target)
            first = len(before) if isinstance(before, list) else 0
            payload.write(step.row.target, step.result.value, keep_equal=step.row.keep_equal)
            found += _origins(step, record, payload.at(step.row.target), first)
    return tuple(found)


def _origins(step: Applied, record: SourceRecord, there: Json, first: int) -> Iterable[Origin]:
    row, value = step.row, step.result.value
    rule, used = row.convert.__name__, _used(step)
    if not isinstance(value, list) or not isinstance(there, list):
        yield Origin(row.target, (row.target,), step.number, rule, tuple(leaf.path for leaf in used))
        return
    numbers = {repr(item): at for at, item in enumerate(there)}
    makers = _makers(step, record) if len(used) > 1 else {}
    at_once: dict[tuple[str, ...], list[str]] = {}
    for at, item in enumerate(value):
        number = first + at if row.keep_equal else numbers[repr(item)]
        leaves = tuple(leaf.path for leaf in makers.get(repr(item), used))
        at_once.setdefault(leaves, []).append(f"{row.target}[{number}]")
    for leaves, places in at_once.items():
        yield Origin(row.target, tuple(dict.fromkeys(places)), step.number, rule, leaves)


def _used(step: Applied) -> list[Leaf]:
    """The leaves of a row without those that are told to be left behind."""
    result = step.result
    left = (*result.apart, *(leaf for leaf, _ in result.aside), *(unused.leaf for unused in result.unused))
    numbers = {leaf.number for leaf in left}
    return [leaf for leaf in step.found if leaf.number not in numbers]


def _makers(step: Applied, record: SourceRecord) -> dict[str, list[Leaf]]:
    """Items by their text, each with the smallest part of the leaves that gives it."""
    makers: dict[str, list[Leaf]] = {}
    together: dict[Steps, list[Leaf]] = {}
    for leaf in _used(step):
        together.setdefault(_item_of(leaf.steps), []).append(leaf)
    parts = [[leaf] for leaves in together.values() for leaf in leaves]
    for leaves in (*parts, *(leaves for leaves in together.values() if len(leaves) > 1)):
        made = step.row.convert(Reading(About(record.recid, len(record.files)), by_pattern(leaves))).value
        for item in made if isinstance(made, list) else ():
            makers.setdefault(repr(item), leaves)
    return makers


def _item_of(steps: Steps) -> Steps:
    """The steps to the first item of a list on the way to a leaf: `authors[3]`; to the leaf, if there is none."""
    first = next((at for at, step in enumerate(steps) if isinstance(step, int)), len(steps) - 1)
    return steps[: first + 1]
