"""The reference page of a crosswalk, made of its rows: `python -m cern_assets.metadata.reference <source>`."""

import importlib
import sys

from cern_assets.metadata.crosswalk import Crosswalk, Drop, Row
from cern_assets.model.identifiers import Recid

_EXAMPLE = Recid("133")


def render(crosswalk: Crosswalk) -> str:
    """Write the page as Markdown: what is carried to where and how, and what is left behind and why."""
    name = crosswalk.source
    carried = [
        f"| {_paths(row.reads)} | `{row.target}`{' (if still empty)' if row.fallback else ''} | {_cell(row.note)} |"
        for row in crosswalk.rows
        if isinstance(row, Row)
    ]
    dropped = [f"| {_paths(row.reads)} | {_cell(row.reason)} |" for row in crosswalk.rows if isinstance(row, Drop)]
    lines = [
        f"# Crosswalk of `{name}`",
        "",
        f"<!-- Generated: python -m cern_assets.metadata.reference {name} > docs/reference/crosswalk-{name}.md -->",
        "",
        "Each row reads fields of the source and writes one field of the InvenioRDM record; `[]` stands for every item",
        "of a list. A field of the source that stands in no row is *unmapped*: it is not carried, and each record that",
        "has it gets a warning.",
        "",
        "| source | record | how |",
        "|---|---|---|",
        *carried,
        "",
        "## Left behind on purpose",
        "",
        "| source | why |",
        "|---|---|",
        *dropped,
        "",
        f"A record is found again in the target by its identifier `{crosswalk.identifier(_EXAMPLE)}`.",
    ]
    return "\n".join(lines) + "\n"


def main(source: str) -> None:
    """Write the page of `sources/<source>/crosswalk.py` to standard output."""
    crosswalk: Crosswalk = importlib.import_module(f"cern_assets.sources.{source}.crosswalk").CROSSWALK
    sys.stdout.write(render(crosswalk))


def _paths(patterns: tuple[str, ...]) -> str:
    return "<br>".join(f"`{pattern}`" for pattern in patterns) or "-"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main(*sys.argv[1:])
