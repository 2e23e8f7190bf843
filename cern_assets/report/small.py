"""Figures so small that Dagster's UI shows them in a line of metadata: below a thousand letters with their wrapping.

They hold numbers and colours of ours, and no text from anywhere else, as the UI runs what stands in Markdown. A picture
does not know which theme the UI has: what is drawn has to stand out from its light paper and from its dark one.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence

from cern_assets.report.theme import LIGHT

MOST_LETTERS = 999
_POINTS = 40
_GAP = 2


def states_bar(totals: Mapping[str, int]) -> str:
    """Recids by state as one bar, as Markdown, in the order of the states; "" where there are none.

    Paper shows between the parts, as colours of the same brightness are no border to everybody.
    """
    total = sum(totals.values())
    if not total:
        return ""
    parts, left = [], 0.0
    for state, count in totals.items():
        if count:
            width = 400 * count / total
            parts.append(f'<path fill="{LIGHT[state]}" d="M{left:.0f} 0h{max(width - _GAP, 1):.0f}v20H{left:.0f}"/>')
            left += width
    return _image("Recids by state", 400, 20, "".join(parts))


def sparkline(counts: Sequence[int]) -> str:
    """Counts over time as a line, as Markdown; more than 40 of them are summed to as many. "" where there are none."""
    if not any(counts):
        return ""
    step = -(-len(counts) // _POINTS)
    sums = [sum(counts[first : first + step]) for first in range(0, len(counts), step)]
    most = max(sums)
    line = " ".join(f"{400 * at // max(len(sums) - 1, 1)},{38 - 36 * each // most}" for at, each in enumerate(sums))
    shape = f'<polyline fill="none" stroke="{LIGHT["raw_record"]}" stroke-width="2" points="{line}"/>'
    return _image("Records over time", 400, 40, shape)


def _image(words: str, width: int, height: int, shapes: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{shapes}</svg>'
    return f"![{words}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"
