"""Many numbers in few words."""

from collections.abc import Sequence
from itertools import groupby

_MOST_DIGITS = 18
"""What is longer is no run or event number; Python itself refuses to read very long ones."""


def number_ranges(texts: Sequence[str]) -> list[str]:
    """Numbers in order, those that follow each other as `first to last`; anything else behind them as it stands."""
    numbers = sorted({int(text) for text in texts if _is_number(text)})
    others = [text for text in texts if not _is_number(text)]
    found = []
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        inside = [number for _, number in run]
        found.append(str(inside[0]) if len(inside) == 1 else f"{inside[0]} to {inside[-1]}")
    return [*found, *others]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
