"""Figures of benchmarks as a page of the documentation: a section a benchmark, written by the benchmark itself."""

import os
import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Protocol

HEAD = """# Benchmarks

Each section was written by the command that stands in it, with `--publish` among its `ARGS`, on that day and machine.
Ratios are against a peer in the same run; a bare figure is of that machine alone.
"""

_NUMBERS = re.compile(r"[\d.,_]+")


class Told(Protocol):
    """A figure as the page shows it."""

    @property
    def name(self) -> str:
        """What was measured."""

    @property
    def value(self) -> float:
        """What came out."""

    @property
    def unit(self) -> str:
        """Of what."""

    @property
    def target(self) -> str:
        """What it should be, "" for no target."""

    @property
    def missed(self) -> bool:
        """Whether it is not what it should be."""


def section(name: str, about: str, options: Sequence[str], day: date, figures: Sequence[Told]) -> str:
    """The section of one benchmark; of its options, those with a number are told: others may be places or tokens.

    After a comma, the name says what was measured that is not the usual (`publish, InvenioRDM 14`).
    """
    told = [
        f"{option} {value}"
        for option, value in pairwise(options)
        if option.startswith("--") and _NUMBERS.fullmatch(value)
    ]
    command = f"make bench-{name.partition(',')[0]}" + (f' ARGS="{" ".join(told)}"' if told else "")
    rows = [
        f"| {each.name} | {each.value:,.2f} | {each.unit} | {each.target} | {_verdict(each)} |".replace("  ", " ")
        for each in figures
    ]
    head = ("| figure | value | unit | target | |", "|---|--:|---|---|---|")
    return "\n".join(
        (f"## {name}", "", about, "", f"`{command}`, {day.isoformat()}, {machine()}", "", *head, *rows, "")
    )


def with_section(page: str, name: str, text: str) -> str:
    """The page with a section put in the place of the one of that name; sections stand by name."""
    _, *old = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    kept = {each.split("\n", 1)[0].removeprefix("## "): each.rstrip() + "\n" for each in old} | {name: text}
    return "\n".join((HEAD, *(kept[each] for each in sorted(kept))))


def machine() -> str:
    """What the figures depend on: processors, and memory in GiB."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{os.cpu_count()} processors, {memory_gib:.0f} GiB of memory"


def _verdict(figure: Told) -> str:
    if not figure.target:
        return ""
    return "missed" if figure.missed else "met"
