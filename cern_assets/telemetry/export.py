"""What telemetry knows, for other programs: a row at a time as text, or a whole Parquet file."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from cern_assets.telemetry.database import Database

type TextFormat = Literal["jsonl", "csv"]

VIEWS: Mapping[str, str] = {"records": "ledger_records", "events": "known_events"} | {
    question: question
    for question in (
        "archives_written",
        "bottleneck_now",
        "bytes_moved",
        "calls_per_recid",
        "failures_by_kind",
        "files_left_out",
        "metadata_fates",
        "plan_and_fact",
        "retries",
        "slowest_recids",
        "throughput_by_hour",
        "time_left",
        "waits",
    )
}
"""What can be exported, each with the view of `sql/views/` that holds it."""
OF_THE_LEDGER = frozenset({"records", "time_left"})
"""What depends on the partitions of the instance, too."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def exported_lines(database: Database, what: str, form: TextFormat) -> Iterator[str]:
    """The rows as lines, read from the database as they are asked for; of `csv`, the first names the columns.

    JSON is ASCII. A cell of CSV that a spreadsheet would take for a formula begins with an apostrophe, as texts come
    from records; what is no plain value is JSON in its cell.
    """
    rows = database.rows(f"FROM {VIEWS[what]}")
    if form == "jsonl":
        for row in rows:
            yield json.dumps(row, default=_moment) + "\n"
        return
    columns = [str(row["column_name"]) for row in database.rows(f"DESCRIBE {VIEWS[what]}")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        yield text.getvalue()
        text.seek(0)
        text.truncate()
        writer.writerow([_cell(row[column]) for column in columns])
    yield text.getvalue()


def export_parquet(database: Database, what: str, path: Path) -> None:
    """Write the rows to a Parquet file.

    Raises:
        OSError: it cannot be written.
    """
    database.copy(f"FROM {VIEWS[what]}", path)


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, datetime):
        return _moment(value)
    return json.dumps(value) if isinstance(value, list | dict) else value


def _moment(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
