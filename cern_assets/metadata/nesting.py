"""How deeply HTML is nested, counted in one pass, before anything that builds a tree of it is asked.

HTML's own rules make a reader look through the elements that are open at each tag, and open again in each block what
formats its text. A text of a megabyte that only opens blocks costs minutes so, and one that opens formatting and then
blocks costs gigabytes. Both costs are bounded by the sum over all tags of how many elements are open there.
"""

from collections.abc import Iterable

MOST_NESTING = 1_000_000
"""An ordinary page has its number of tags times about six; a table of 100,000 cells in five levels still passes."""

_ENDED_BY_THE_NEXT = {"li", "p", "tbody", "td", "th", "tr"}
_EMPTY = {"br", "hr"}


def nesting(tags: Iterable[str]) -> int:
    """The sum over all tags (`b`, `/b`) of how many elements may be open there, never less than are."""
    opened = dict.fromkeys(_ENDED_BY_THE_NEXT, 0)
    loose = firm = total = 0
    for tag in tags:
        name = tag.removeprefix("/")
        if name in _EMPTY:
            continue
        step = -1 if tag.startswith("/") else 1
        if step > 0 or opened.get(name, 0):
            opened[name] = opened.get(name, 0) + step
            if name in _ENDED_BY_THE_NEXT:
                loose += step
            else:
                firm += step
        # Of those that the next of their kind ends, each other element can hold one of each kind.
        total += 1 + firm + min(loose, len(_ENDED_BY_THE_NEXT) * (firm + 1))
    return total
