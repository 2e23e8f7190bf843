"""Two deposits of one record, made of what its source said in 2017 and of what it says today: facts, and differences.

A fact that only one deposit has is first asked of the sources: one that the other source does not say, in the fields
that this one is made of, is a difference of the sources, and none of the crosswalks. All others have to be named by a
class of `CLASSES`, or are unexplained.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from cern_assets_tests.ground_truth.facts import FIELDS, Facts, words_of

type Side = Literal["2017", "today"]
SIDES: tuple[Side, Side] = ("2017", "today")

UNEXPLAINED = "unexplained"


class Pair(NamedTuple):
    """A record by recid, each deposit's facts, and the words that each source says in what a field is made of."""

    recid: str
    facts: Mapping[Side, Facts]
    said: Mapping[Side, Mapping[str, frozenset[str]]]


class Difference(NamedTuple):
    """A fact that one side's deposit has and the other's has not."""

    recid: str
    field: str
    side: Side
    fact: str


class Class(NamedTuple):
    """A class of differences that are right as they are: its name, why, and which differences are of it."""

    name: str
    reason: str
    has: Callable[[Pair, Difference], bool]


def _is_of_sources(pair: Pair, difference: Difference, side: Side) -> bool:
    words = words_of(difference.fact, difference.field)
    said = {each: pair.said[each][difference.field] for each in SIDES}
    return difference.side == side and words <= said[side] and not words <= said[other_side(side)]


def _is_spelled_otherwise(pair: Pair, difference: Difference) -> bool:
    words = _words(difference.fact)
    others = pair.facts[other_side(difference.side)].get(difference.field, ())
    return any(_words(fact) == words for fact in others)


def _is_part_of_name(pair: Pair, difference: Difference) -> bool:
    names = pair.facts[other_side(difference.side)].get(difference.field, ())
    return difference.field == "creators" and any(name.startswith(f"{difference.fact} ") for name in names)


def _is_named_by_doi(pair: Pair, difference: Difference) -> bool:
    of_2017, of_today = (pair.facts[side].get("related_identifiers", frozenset()) for side in SIDES)
    shared = any(fact.startswith("10.7483/") for fact in of_2017 & of_today)
    return difference.side == "2017" and shared and difference.fact.isdigit() and difference.fact in of_2017


def _is_elsewhere(pair: Pair, difference: Difference) -> bool:
    others = pair.facts[other_side(difference.side)]
    facts = (fact for name, these in others.items() if name != difference.field for fact in these)
    return _words(difference.fact) <= {word for fact in facts for word in _words(fact)}


def _is_ours(pair: Pair, difference: Difference) -> bool:
    everything = pair.said[difference.side]["additional_descriptions"]
    return difference.field == "additional_descriptions" and difference.fact not in everything


def _words(text: str) -> frozenset[str]:
    return words_of(text, "title")


CLASSES = (
    Class(
        "said in 2017 only",
        "The MARC says it and today's record does not: the portal's curators changed the record.",
        lambda pair, difference: _is_of_sources(pair, difference, "2017"),
    ),
    Class(
        "said today only",
        "Today's record says it and the MARC does not: the portal's curators added it.",
        lambda pair, difference: _is_of_sources(pair, difference, "today"),
    ),
    Class("another spelling", "The same words, with other signs between them.", _is_spelled_otherwise),
    Class(
        "named by its DOI",
        "The MARC names a record by number and DOI; today's crosswalk relates it once, by its DOI.",
        _is_named_by_doi,
    ),
    Class(
        "a type that the MARC lacks",
        "The MARC has no types: what it counts and what its collections are called tell datasets and software alone.",
        lambda _, difference: (
            difference.field == "resource_type" and (difference.side == "today" or difference.fact == "other")
        ),
    ),
    Class(
        "in a longer name",
        "Two bodies of the MARC are one name in today's record.",
        _is_part_of_name,
    ),
    Class(
        "in another field",
        "The other deposit has it too, in another field: 2017 and today divide a record into fields differently.",
        _is_elsewhere,
    ),
    Class(
        "a heading",
        "No source says it: a heading or a label of the description's tables.",
        _is_ours,
    ),
)


@dataclass
class Score:
    """Of one field over all pairs: facts of each side, those that both have, and differences by class and side."""

    of_2017: int = 0
    of_today: int = 0
    both: int = 0
    classes: Counter[tuple[str, Side]] = field(default_factory=Counter)
    unexplained: list[Difference] = field(default_factory=list)

    @property
    def found_again(self) -> float:
        """The share of the facts of 2017 that today's deposit has, but for those that today's source has no more."""
        expected = self.of_2017 - self.classes[CLASSES[0].name, "2017"]
        return self.both / expected if expected else 1.0


def scored(pairs: Sequence[Pair]) -> Mapping[str, Score]:
    """The score of each field."""
    scores = {name: Score() for name in FIELDS}
    for pair in pairs:
        for name, score in scores.items():
            old, new = (pair.facts[side].get(name, frozenset()) for side in SIDES)
            score.of_2017 += len(old)
            score.of_today += len(new)
            score.both += len(old & new)
            for difference in _differences(pair.recid, name, old, new):
                called = explained(pair, difference)
                score.classes[called, difference.side] += 1
                if called == UNEXPLAINED:
                    score.unexplained.append(difference)
    return {name: score for name, score in scores.items() if score.of_2017 or score.of_today}


def explained(pair: Pair, difference: Difference) -> str:
    """The name of a difference's class."""
    return next((each.name for each in CLASSES if each.has(pair, difference)), UNEXPLAINED)


def other_side(side: Side) -> Side:
    """The other one."""
    return "2017" if side == "today" else "today"


def _differences(recid: str, name: str, old: frozenset[str], new: frozenset[str]) -> Iterator[Difference]:
    yield from (Difference(recid, name, "2017", fact) for fact in sorted(old - new))
    yield from (Difference(recid, name, "today", fact) for fact in sorted(new - old))
