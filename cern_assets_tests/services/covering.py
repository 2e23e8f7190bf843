"""A few deposits that stand for many: together they have all that any of them has, as far as a target could mind it."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from cern_assets.model.metadata import Metadata
from cern_assets.model.values import Json

type Feature = tuple[str, ...]

_KINDS = {
    "angle": re.compile(r"&[lg]t;|<(?![a-z/])"),
    "ampersand": re.compile("&amp;|&(?![a-z#])"),
    "entity": re.compile(r"&(?!lt;|gt;|amp;)#?\w+;"),
    "line break": re.compile("<br|\n"),
    "LaTeX": re.compile(r"\$[^$]+\$|\\[A-Za-z]+"),
    "quotation marks": re.compile("[\u2018-\u201e\u00ab\u00bb]"),
    "dash": re.compile("[\u2013\u2014]"),
    "beyond ASCII": re.compile(r"[^\x00-\x7f\u2013-\u201e\u00ab\u00bb]"),
    "long": re.compile(r".{10000}", re.DOTALL),
}
_TAG = re.compile(r"<([a-z][a-z0-9]*)")
_TERMS = (".id", ".type", ".scheme")


def features(deposit: Metadata) -> frozenset[Feature]:
    """What a deposit has: fates by field, findings, places of its payload, terms of vocabularies, kinds of text, tags.

    Places are without the numbers of list items; a number of items that is one, two or more tells lists apart.
    """
    found: set[Feature] = {("fate", fate.path, fate.fate, fate.target) for fate in deposit.fates}
    found |= {("finding", finding.code) for finding in deposit.findings}
    texts: dict[str, list[str]] = {}
    for place, value in _leaves(deposit.payload, ""):
        if isinstance(value, str) and place.endswith(_TERMS):
            found.add(("term", place, value))
        else:
            texts.setdefault(place, []).append(value if isinstance(value, str) else type(value).__name__)
    for place, these in texts.items():
        text = "\n\n".join(these) if len(these) == 1 else " ".join(these)
        found.add(("place", place, "one" if len(these) == 1 else "several"))
        found |= {("kind", place, name) for name, kind in _KINDS.items() if kind.search(text)}
        if "<" in text:
            found |= {("tag", place, tag) for tag in set(_TAG.findall(text))}
    return frozenset(found)


def covering[Key](sets: Mapping[Key, Collection[Feature]]) -> list[Key]:
    """Keys of which the sets have all features of all sets: each time the one with most that none before it has."""
    left = {feature for these in sets.values() for feature in these}
    found = []
    while left:
        best = max(sets, key=lambda key: sum(feature in left for feature in sets[key]))
        left.difference_update(sets[best])
        found.append(best)
    return found


def _leaves(value: Json | Mapping[str, Json], place: str) -> Iterator[tuple[str, Json]]:
    inner: Iterable[tuple[str, Json]] = ()
    if isinstance(value, Mapping):
        inner = ((f"{place}.{name}", item) for name, item in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = ((f"{place}[]", item) for item in value)
    else:
        yield place, value
    for at, item in inner:
        yield from _leaves(item, at)
