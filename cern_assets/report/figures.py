"""Figures of a report as SVG that stands in the page: drawn by matplotlib, with words that a reader aloud can read.

Nothing in a figure comes from a record: stages, states, sizes, and codes of problems cut to plain letters.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets.report.gathered import Flow, Gathered, Throughput
from cern_assets.report.sankey import Layout, Leaving, Ribbon, lay_out
from cern_assets.report.theme import STAND_INS, themed
from cern_assets.report.words import amount, seconds, size

if TYPE_CHECKING:  # importing matplotlib looks for the fonts of the machine, which is for those who draw
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch, Rectangle

_WIDTH = 10.0
_BARS = 12
_LONGEST = 44
_NOTHING_BUT = re.compile(r"[^\w .,:/-]", re.ASCII)
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.parse_math": False,
    "text.color": STAND_INS["ink"],
    "axes.edgecolor": STAND_INS["grid"],
    "axes.labelcolor": STAND_INS["muted"],
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": STAND_INS["grid"],
    "xtick.color": STAND_INS["muted"],
    "ytick.color": STAND_INS["muted"],
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Drawn:
    """A figure: SVG to stand in HTML, and the heading and words for it."""

    name: str
    title: str
    words: str
    svg: str


def figures_of(gathered: Gathered, key: str = "figure") -> tuple[Drawn, ...]:
    """All figures for which there is something to show; `key` begins the ids in them, which a page has once each."""
    stages = told_stages(gathered)
    made: list[Drawn | None] = [
        _flow_figure(
            "records", "Records through the stages",
            "How many recids reach each stage, and how they leave.",
            stages, [_leaving(flow, stages, flow.recids) for flow in gathered.flows], amount,
        ),
        _flow_figure(
            "bytes", "Bytes through the stages",
            "The same in bytes of the files that records list.",
            stages, [_leaving(flow, stages, flow.size_bytes) for flow in gathered.flows], size,
        ),
        _throughput_figure(gathered.throughput),
        _sizes_figure(gathered.sizes),
        _failures_figure(gathered),
    ]  # fmt: skip
    return tuple(replace(each, svg=_inline(each, f"{key}-{each.name}")) for each in made if each is not None)


def told_stages(gathered: Gathered) -> list[str]:
    """The stages that any recid came to, in their order."""
    told = {str(row["stage"]) for row in gathered.costs} | {flow.stage for flow in gathered.flows}
    return [stage for stage in STAGE_NAMES if stage in told]


def leaving_words(flow: Flow) -> str:
    """How recids left, in words."""
    stage = flow.stage.replace("_", " ")
    if not flow.position:
        return "not begun" if flow.state == "pending" else flow.state.replace("_", " ")
    if flow.state == "published":
        return "published"
    if flow.state == "pending":
        return f"failed at {stage}" if flow.stopped else f"pending after {stage}"
    return f"{flow.state.replace('_', ' ')} at {stage}"


def _leaving(flow: Flow, stages: Sequence[str], how_much: int) -> Leaving:
    kind = "failed" if flow.state == "pending" and flow.stopped else flow.state
    passed = stages.index(flow.stage) + 1 if flow.stage in stages else 0
    return Leaving(passed, kind, leaving_words(flow), how_much)


def _flow_figure(  # noqa: PLR0917  what differs between the two
    name: str, title: str, words: str, stages: Sequence[str], leaving: Sequence[Leaving], said: Callable[[float], str]
) -> Drawn | None:
    layout = lay_out(stages, leaving)
    if not layout.nodes:
        return None
    parts = "; ".join(f"{each.label}: {said(each.amount)}" for each in leaving if each.amount)

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.01, 0.02, 0.98, 0.94))
        axes.set_axis_off()
        axes.set_xlim(-0.15, layout.columns * 1.36)
        axes.set_ylim(1.0 - max(layout.height, 1.0) - 0.02, 1.14)
        _draw_flow(axes, layout, said)

    return _drawn(name, title, f"{words} {parts}.", 2.7 * max(layout.height, 1.0) + 0.4, draw)


def _draw_flow(axes: Axes, layout: Layout, said: Callable[[float], str]) -> None:
    for ribbon in layout.ribbons:
        axes.add_patch(_band(ribbon))
        if ribbon.label:
            axes.text(
                ribbon.end_x + 0.06,
                sum(ribbon.end) / 2,
                f"{ribbon.label}: {said(ribbon.amount)}",
                va="center",
                size=9.5,
            )
            axes.add_patch(_bar(ribbon.end_x, ribbon.end, ribbon.kind))
    for node in layout.nodes:
        axes.add_patch(_bar(node.x, (node.bottom, node.top), "ink"))
        align = "left" if node.x == 0 else "center"
        axes.text(node.x, 1.085, node.label.replace("_", " "), ha=align, va="bottom", size=9.5, weight="bold")
        axes.text(node.x, 1.02, said(node.amount), ha=align, va="bottom", size=9, color=STAND_INS["muted"])


def _bar(x: float, span: tuple[float, float], kind: str) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.012, span[0]), 0.024, span[1] - span[0], facecolor=STAND_INS.get(kind, STAND_INS["other"]))


def _band(ribbon: Ribbon) -> PathPatch:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    left, right = ribbon.start_x, ribbon.end_x
    bend = min((right - left) / 2, 0.6) if ribbon.kind != "on" else 0.5
    near, far = (left + bend, right - bend) if right - left <= 1.2 else (right - 1.0, right - 0.5)
    (low, high), (end_low, end_high) = ribbon.start, ribbon.end
    points = [
        (left, high), (near, high), (far, end_high), (right, end_high), (right, end_low),
        (far, end_low), (near, low), (left, low), (left, high),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    colour = STAND_INS.get(ribbon.kind, STAND_INS["other"])
    return PathPatch(Path(points, codes), facecolor=colour, edgecolor="none", alpha=0.55)


def _throughput_figure(told: Throughput) -> Drawn | None:
    if not told.starts:
        return None
    every = {
        "second": timedelta(seconds=1),
        "minute": timedelta(minutes=1),
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
    }
    width = every.get(told.bucket, timedelta(weeks=1))
    first, last = told.starts[0] - width / 2, told.starts[-1] + width * 1.5
    words = "; ".join(f"{stage.replace('_', ' ')}: {sum(counts)}" for stage, counts in told.outcomes.items())

    def draw(figure: Figure) -> None:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        fetched = any(told.fetched_bytes)
        rows = figure.subplots(2 if fetched else 1, 1, sharex=True, squeeze=False, height_ratios=[2, 1][: 1 + fetched])
        above = rows[0][0]
        stages = [stage for stage in STAGE_NAMES if stage in told.outcomes]
        for number, stage in enumerate(stages):
            share = width * 0.86 / len(stages)
            at = [start + width * 0.07 + share * number for start in told.starts]
            above.bar(
                at, told.outcomes[stage], width=share, align="edge", color=STAND_INS[stage],
                label=stage.replace("_", " "), linewidth=0,
            )  # fmt: skip
        above.set_ylabel(f"stages ended a {told.bucket}")
        above.yaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))
        above.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        above.legend(ncols=5, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=9, handlelength=1, borderpad=0.2)
        if fetched:
            below = rows[1][0]
            below.bar(
                told.starts, told.fetched_bytes, width=width, align="edge", color=STAND_INS["raw_files"], linewidth=0
            )
            below.set_ylabel(f"bytes a {told.bucket}")
            below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: size(value)))
            below.yaxis.set_major_locator(MaxNLocator(3))
        bottom = rows[-1][0]
        locator = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]  # matplotlib's own
        bottom.xaxis.set_major_locator(locator)
        bottom.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # as above
        bottom.set_xlim(first, last)
        for axes in (row[0] for row in rows):
            axes.grid(visible=False, axis="x")
        figure.subplots_adjust(left=0.09, right=0.98, top=0.9, bottom=0.13 if fetched else 0.19, hspace=0.12)

    height = 3.9 if any(told.fetched_bytes) else 2.9
    said = f"Stages that ended, and bytes fetched, in each {told.bucket} (UTC). In all: {words}."
    return _drawn("throughput", "Throughput over time", said, height, draw)


def _sizes_figure(cells: Sequence[tuple[float, float, int]]) -> Drawn | None:
    if not cells:
        return None
    recids = sum(cell[2] for cell in cells)
    largest = max(cell[0] for cell in cells)
    shortest, longest = min(cell[1] for cell in cells), max(cell[1] for cell in cells)

    def draw(figure: Figure) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator

        axes = figure.add_axes((0.09, 0.14, 0.89, 0.82))
        most = max(cell[2] for cell in cells)
        areas = [16 + 240 * ((cell[2] - 1) / most) ** 0.5 for cell in cells]
        axes.scatter(
            [cell[0] for cell in cells], [cell[1] for cell in cells], s=areas, color=STAND_INS["raw_record"], alpha=0.6,
            linewidths=0.6, edgecolors=STAND_INS["paper"],
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(max(min(cell[0] for cell in cells) / 2, 0.5), largest * 3)
        axes.set_ylim(shortest / 2, longest * 3)
        axes.set_xlabel("bytes of its files")
        axes.set_ylabel("time, all attempts")
        axes.xaxis.set_major_locator(LogLocator(base=32))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3) if longest < 300 * shortest else (1,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: size(value) if value > 1 else "none"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: seconds(value)))
        axes.minorticks_off()

    said = (
        f"{amount(recids)} recids by size and time; the larger a point, the more of them. "
        f"The largest has {size(largest)} or a little more, the slowest took {seconds(longest)} or a little more."
    )
    return _drawn("sizes", "Size against time", said, 3.6, draw)


def _failures_figure(gathered: Gathered) -> Drawn | None:
    counted: dict[tuple[str, str], int] = {}
    for row in gathered.failures:
        key = plain(f"{row['code'] or row['status']} at {str(row['stage']).replace('_', ' ')}"), str(row["status"])
        counted[key] = counted.get(key, 0) + int(str(row["recids"]))
    if not counted:
        return None
    bars = sorted(counted.items(), key=lambda pair: pair[1])[-_BARS:]

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.36, 0.04, 0.58, 0.92))
        colours = [STAND_INS.get(status, STAND_INS["other"]) for (_, status), _ in bars]
        drawn = axes.barh(range(len(bars)), [count for _, count in bars], color=colours, height=0.62)
        axes.set_ylim(-0.5, len(bars) - 0.5)
        axes.set_xlim(0, max(count for _, count in bars) * 1.12)
        axes.set_yticks(range(len(bars)), [label for (label, _), _ in bars])
        axes.bar_label(drawn, labels=[amount(count) for _, count in bars], padding=4, color=STAND_INS["ink"])
        axes.tick_params(length=0, labelbottom=False)
        axes.tick_params(axis="y", labelcolor=STAND_INS["ink"])
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)

    words = "; ".join(f"{label}: {count}" for (label, _), count in reversed(bars))
    return _drawn(
        "failures", "What stopped, by kind", f"Recids by kind of problem. {words}.", 0.34 * len(bars) + 0.3, draw
    )


def plain(text: str) -> str:
    """What a figure may show of a word that is not the package's own."""
    return _NOTHING_BUT.sub("?", text)[:_LONGEST]


def _drawn(name: str, title: str, words: str, height: float, draw: Callable[[Figure], None]) -> Drawn:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS | {"svg.hashsalt": name}):
        figure = Figure(figsize=(_WIDTH, height))
        draw(figure)
        written = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", metadata=nothing)
    return Drawn(name, title, words, themed(written.getvalue()))


def _inline(drawn: Drawn, key: str) -> str:
    """An SVG document as an element of HTML: its ids its own, as wide as its place, with title and description."""
    svg = drawn.svg
    body = svg[svg.index("<svg") :]
    body = re.sub(r'(\bid=")|((?:xlink:)?href="#)|(url\(#)', lambda found: f"{found[0]}{key}-", body)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    head, rest = body.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', head)
    assert box is not None
    label = f'role="img" aria-labelledby="{key}-title {key}-words"'
    said = f'<title id="{key}-title">{escape(drawn.title)}</title><desc id="{key}-words">{escape(drawn.words)}</desc>'
    links = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {links} {box[0]} {label}>{said}{rest}".strip()
