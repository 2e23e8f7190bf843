"""What the crosswalk costs: records a second on one core, beside reading their JSON and copying it.

    make bench-transform [ARGS="--records N --data FOLDER --json --check --page"]

The visible records of CERN Open Data (`../shared/data/opendata` beside the checkout, or --data), one after the other
and again until there are --records of them, go through what an ingest does with metadata: parse, then convert with the
fate of each leaf and the findings, then validate. CPU seconds of this process count, so that what else the machine does
does not. The crosswalk remembers shapes of records and parts that many of them share (a licence, how a hundred
simulations were made), so that what comes again can cost less: the first pass over the records, from empty memories,
is a figure of its own, `each record once`. It is what a migration gets. The target is checked on both. Garbage is
searched for as seldom as by `cern-assets transform`. Beside it in the same run, for scale: `json.loads` of the same
texts, and `copy.deepcopy` of the records' metadata.

With --page, it prints a page that says where the time goes instead: the figures of one pass, and a profile of another.
"""

import copy
import cProfile
import gc
import json
import pstats
import sys
import time
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from memory import peak_mib
from report import Figure, answer, parser

from cern_assets.cli.collecting import collected_seldom
from cern_assets.errors import CernAssetsError
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import findings_of
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject
from cern_assets.sources.record_files import each_record
from cern_assets.wiring import source_parts

TARGET = 5_000
MOST = 25
"""Functions that the page shows."""
HEAD = """# What the crosswalk costs, and what limits it

<!-- Written by: make bench-transform ARGS=--page -->

One pass over the visible records of CERN Open Data from empty memories, on one core, in CPU seconds: what
`cern-assets transform` takes for them besides reading and writing. On a machine that does other things, too, CPU
seconds are longer, as caches and clock are shared; `copy.deepcopy` copies the same metadata in the same run, for scale.

What records have in common is done once: a branch of a record (`license`, `methodology`) that came before, whole and
under the same name, is neither walked nor converted again, and the account of its leaves follows from its form and from
what the rows made. Of {branches:,} branches of these records, {different:,} differ.

What is left is what is new in each record: its title, abstract and DOI, lists of authors, the descriptions of single
simulations; and for each the few steps that no record can do without: to put its branches together, to ask those rows
that depend on its recid or files, to look at the deposit. The second table, of another pass under a profiler, shows how
often: no function has a large share. A profiler makes calls of Python functions look dearer than they are.

"""
MIB = 1024**2


def texts(folder: Path) -> list[str]:
    """The JSON of all records that can be read."""
    paths = [
        folder / "records.jsonl.gz",
        *sorted((folder / "records").glob("*.json")),
        *sorted((folder / "api").glob("*.json")),
    ]
    return [json.dumps(record.body) for path in paths for record in each_record(path) if record.body is not None]


def seconds_of[Item](do: Callable[[Item], object], items: Iterable[Item]) -> float:
    """CPU seconds of doing something with each."""
    began = time.process_time()
    for item in items:
        do(item)
    return time.process_time() - began


@collected_seldom()
def measure(known: list[str], records: int) -> list[Figure]:
    """Measure, in slices of a hundred, so that memory shows what the work keeps and not what a slice holds."""
    parts = source_parts("opendata")
    spent = dict.fromkeys(("json.loads", "copy.deepcopy", "parse", "convert", "validate"), 0.0)
    done, early, once = 0, 0.0, 0.0
    rest = cycle(known)

    def parsed(body: JsonObject, into: list[SourceRecord]) -> None:
        try:
            into.append(parts.parse(body))
        except CernAssetsError:
            return

    gc.collect()
    gc.freeze()
    while done < records:
        some = list(islice(rest, min(100, records - done)))
        done += len(some)
        spent["json.loads"] += seconds_of(json.loads, some)
        bodies = [json.loads(text) for text in some]
        found: list[SourceRecord] = []
        spent["parse"] += seconds_of(lambda body: parsed(body, found), bodies)  # noqa: B023  called at once
        spent["copy.deepcopy"] += seconds_of(copy.deepcopy, (record.metadata for record in found))
        made = []
        spent["convert"] += seconds_of(lambda record: made.append(transform(record, parts.crosswalks["plain"])), found)  # noqa: B023
        spent["validate"] += seconds_of(lambda deposit: findings_of(deposit.payload), made)
        if not once and done >= len(known):
            early, once = peak_mib(), done / (spent["convert"] + spent["validate"])
    per_second = done / (spent["convert"] + spent["validate"])
    each = (Figure(name, seconds / done * 1e6, "us a record") for name, seconds in spent.items())
    return [
        *each,
        Figure("records", done, ""),
        Figure("convert and validate, each record once", once, "records/s", at_least=TARGET),
        Figure("convert and validate", per_second, "records/s", at_least=TARGET),
        Figure("with parsing", done / (spent["parse"] + spent["convert"] + spent["validate"]), "records/s"),
        Figure(
            "time of converting and validating, copy.deepcopy is 1", done / per_second / spent["copy.deepcopy"], "x"
        ),
        Figure("growth of memory after all were seen once", peak_mib() - early, "MiB", at_most=16),
    ]


def page(known: list[str]) -> str:
    """Markdown: what one pass from empty memories costs by stage, and by function."""
    names = ("each record once", "time of converting", "json", "copy", "parse", "convert", "validate")
    figures = [figure for figure in measure(known, len(known)) if any(name in figure.name for name in names)]
    parts = source_parts("opendata")
    profile = cProfile.Profile(time.process_time)
    for text in known:
        try:
            record = parts.parse(json.loads(text))
        except CernAssetsError:
            continue
        profile.enable()
        findings_of(transform(record, parts.crosswalks["plain"]).payload)
        profile.disable()
    found: Any = pstats.Stats(profile)
    own = sorted(((row[2], row[0], place) for place, row in found.stats.items()), reverse=True)[:MOST]
    shown = [
        f"| `{name}` | {Path(file).name if line else 'C'} | {100 * seconds / found.total_tt:.1f} % "
        f"| {calls / len(known):,.1f} |"
        for seconds, calls, (file, line, name) in own
    ]
    rows = [f"| {figure.name} | {figure.value:,.0f} {figure.unit} | {figure.target} |" for figure in figures]
    lines = ["| what | figure | target |", "|---|---|---|", *rows, ""]
    lines += ["| function | of | own time | calls a record |", "|---|---|---|---|", *shown]
    return HEAD.format(**branches_of(known)) + "\n".join(lines)


def branches_of(known: list[str]) -> dict[str, int]:
    """How many names of the top level, with all below them, the records have, and how many of these differ."""
    parts, branches, different = source_parts("opendata"), 0, set[str]()
    for text in known:
        try:
            metadata = parts.parse(json.loads(text)).metadata
        except CernAssetsError:
            continue
        branches += len(metadata)
        different.update(f"{name} {json.dumps(value)}" for name, value in metadata.items())
    return {"branches": branches, "different": len(different)}


if __name__ == "__main__":
    arguments = parser("transform", __doc__)
    arguments.add_argument(
        "--records", type=int, default=100_000, help="how many records, the known ones again and again"
    )
    here = Path(__file__).resolve().parents[2] / "shared/data/opendata"
    arguments.add_argument("--data", type=Path, default=here, help="folder with records.jsonl.gz")
    arguments.add_argument("--page", action="store_true", help="print where the time goes, as Markdown")
    given = arguments.parse_args()
    if not (given.data / "records.jsonl.gz").is_file():
        sys.exit(f"There are no records in {given.data}; name their folder with --data.")
    if given.page:
        print(page(texts(given.data)))
        sys.exit()
    answer(measure(texts(given.data), given.records), given)
