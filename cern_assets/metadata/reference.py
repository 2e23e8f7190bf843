"""The reference page of a crosswalk, made of its rows and of what they were counted to do with real records.

`python -m cern_assets.metadata.reference <source> <coverage>`, where the coverage is what
`cern-assets transform --coverage --json` says of the records. It is kept as a file beside the page, so that the page
can be made without the records.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.rows import Drop, Row
from cern_assets.model.identifiers import Recid

_EXAMPLE = Recid("133")
_FATES = ("carried", "derived", "dropped", "unmapped")


def render(crosswalk: Crosswalk, coverage: dict[str, Any]) -> str:
    """Write the page as Markdown: what is carried to where and how, what is left behind and why, and how often."""
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
        f"<!-- Generated from the rows and docs/reference/coverage-{name}.json: make reference -->",
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
        "",
        *_coverage(coverage),
    ]
    return "\n".join(lines) + "\n"


def _coverage(counted: dict[str, Any]) -> list[str]:
    """How many of the counted records have a field of the source, and how many of its leaves have which fate."""
    rows = [
        f"| `{_cell(path)}` | {field['records']:,} | {' | '.join(f'{field.get(fate, 0):,}' for fate in _FATES)} |"
        for path, field in counted["fields"].items()
    ]
    totals = [sum(field.get(fate, 0) for field in counted["fields"].values()) for fate in _FATES]
    return [
        "## Coverage",
        "",
        f"Of {counted['records']:,} real records: how many have a field, and what became of its leaves. *Derived* is",
        "what follows from a leaf without its words (an entry of a vocabulary); a leaf is *dropped* where it is empty,",
        "cannot be used, or is left behind on purpose. `make coverage` counts again.",
        "",
        f"| field | records | {' | '.join(_FATES)} |",
        f"|---|---|{'---|' * len(_FATES)}",
        *rows,
        f"| all | {counted['records']:,} | {' | '.join(f'{total:,}' for total in totals)} |",
    ]


def main(source: str, coverage: str) -> None:
    """Write the page of `sources/<source>/crosswalk.py` to standard output."""
    crosswalk: Crosswalk = importlib.import_module(f"cern_assets.sources.{source}.crosswalk").CROSSWALK
    sys.stdout.write(render(crosswalk, json.loads(Path(coverage).read_text(encoding="utf-8"))))


def _paths(patterns: tuple[str, ...]) -> str:
    return "<br>".join(f"`{pattern}`" for pattern in patterns) or "-"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main(*sys.argv[1:])
