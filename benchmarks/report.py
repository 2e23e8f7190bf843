"""How a benchmark answers: a table, one JSON object for programs, a check of its targets, a section of the docs."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from published import HEAD, section, with_section

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "benchmarks.md"


@dataclass(frozen=True)
class Figure:
    """A named figure, and what it has to be at least or at most, if anything."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def missed(self) -> bool:
        """Whether it is not what it has to be."""
        too_low = self.at_least is not None and self.value < self.at_least
        return too_low or (self.at_most is not None and self.value > self.at_most)

    @property
    def target(self) -> str:
        """The target in words, "" for none."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """Arguments that all benchmarks have; `make bench-<name>` runs this one."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.set_defaults(name=name, about=description.split("\n", 1)[0], where="")
    made.add_argument("--json", action="store_true", help="one JSON object of figures with their targets")
    made.add_argument("--check", action="store_true", help="exit code 1 where a target is missed")
    made.add_argument("--publish", action="store_true", help="write the figures into docs/reference/benchmarks.md too")
    return made


def answer(figures: Sequence[Figure], given: argparse.Namespace) -> None:
    """Print the figures, and end the process with 1 where a target is missed and that is asked for."""
    if given.json:
        print(json.dumps({f.name: {"value": f.value, "unit": f.unit, "target": f.target} for f in figures}))
    else:
        width = max(len(figure.name) for figure in figures)
        for figure in figures:
            mark = "  MISSED" if figure.missed else ""
            print(f"{figure.name:{width}}  {figure.value:12,.2f} {figure.unit:14} {figure.target}{mark}".rstrip())
    if given.publish:
        page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
        day = date.today()  # noqa: DTZ011  the reader's day
        name = f"{given.name}, {given.where}" if given.where else given.name
        text = section(name, given.about, sys.argv[1:], day, figures)
        PAGE.write_text(with_section(page, name, text), encoding="utf-8")
    missed = [figure for figure in figures if figure.missed]
    if given.check and missed:
        print("missed: " + ", ".join(f"{each.name} is {each.value:.2f}, not {each.target}" for each in missed))
        sys.exit(1)
