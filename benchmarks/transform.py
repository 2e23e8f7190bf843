"""What the crosswalk costs: records a second on one core, beside reading their JSON and copying it.

    make bench-transform [ARGS="--records N --data FOLDER --json --check"]

The visible records of CERN Open Data (`../shared/data/opendata` beside the checkout, or --data), one after the other
and again until there are --records of them, go through what an ingest does with metadata: parse, then convert with the
fate of each leaf and the findings, then validate. CPU seconds of this process count, so that what else the machine does
does not. Nothing of a record is kept for the next time it comes. Beside it in the same run, for scale: `json.loads` of
the same texts, and `copy.deepcopy` of the records' metadata.
"""

import copy
import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from pathlib import Path

from report import Figure, answer, parser

from cern_assets.errors import CernAssetsError
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import findings_of
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject
from cern_assets.sources.record_files import each_record
from cern_assets.wiring import source_parts

TARGET = 5_000
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


def measure(known: list[str], records: int) -> list[Figure]:
    """Measure, in slices of a hundred, so that memory shows what the work keeps and not what a slice holds."""
    parts = source_parts("opendata")
    spent = dict.fromkeys(("json.loads", "copy.deepcopy", "parse", "convert", "validate"), 0.0)
    done, early = 0, 0.0
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
        early = early or (_peak_mib() if done >= len(known) else 0.0)
    per_second = done / (spent["convert"] + spent["validate"])
    each = (Figure(name, seconds / done * 1e6, "us a record") for name, seconds in spent.items())
    return [
        *each,
        Figure("records", done, ""),
        Figure("convert and validate", per_second, "records/s", at_least=TARGET),
        Figure("with parsing", done / (spent["parse"] + spent["convert"] + spent["validate"]), "records/s"),
        Figure(
            "time of converting and validating, copy.deepcopy is 1", done / per_second / spent["copy.deepcopy"], "x"
        ),
        Figure("growth of memory after all were seen once", _peak_mib() - early, "MiB", at_most=16),
    ]


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else MIB)


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument(
        "--records", type=int, default=100_000, help="how many records, the known ones again and again"
    )
    here = Path(__file__).resolve().parents[2] / "shared/data/opendata"
    arguments.add_argument("--data", type=Path, default=here, help="folder with records.jsonl.gz")
    given = arguments.parse_args()
    if not (given.data / "records.jsonl.gz").is_file():
        sys.exit(f"There are no records in {given.data}; name their folder with --data.")
    answer(measure(texts(given.data), given.records), as_json=given.json, check=given.check)
