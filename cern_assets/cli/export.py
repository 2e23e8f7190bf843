"""`cern-assets export`: what the ledger and the events say, for other programs."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import click

from cern_assets.cli import show
from cern_assets.cli.ledger import ledger_of
from cern_assets.settings import load_settings
from cern_assets.telemetry.database import Database, readable
from cern_assets.telemetry.export import OF_THE_LEDGER, VIEWS, export_parquet, exported_lines
from cern_assets.telemetry.store import TelemetryStore


@click.command("export")
@click.option(
    "--what", type=click.Choice(list(VIEWS)), required=True, help="Records, events, or the answer to a question."
)
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv", "parquet"]), default="jsonl", show_default=True,
    help="JSON a line, CSV with a first line of names, or Parquet.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of standard output.")
def command(what: str, form: Literal["jsonl", "csv", "parquet"], out: Path | None) -> None:
    """Write where every recid stands, all events, or the answer to a question, for other programs to read.

    `records` has state and reason, what each stage last said and when, files and bytes, and the record in the
    repository; `events` has everything that was noted, in no order: `writer` and `sequence` give one; the other names
    are questions about them, of which docs/how-to/questions.md tells. Times are UTC. A file is replaced when the new
    one is whole; Parquet needs one. In CSV, texts that a spreadsheet would take for a formula begin with an apostrophe.

    Exit code 3 if the output cannot be written.
    """
    if form == "parquet" and out is None:
        raise click.UsageError("Parquet is no text: say where to write it, with --out.")
    with _opened(what) as database, show.written():
        if out is None:
            for line in exported_lines(database, what, "csv" if form == "csv" else "jsonl"):
                sys.stdout.write(line)
            return
        with _replaced(out) as unfinished:
            if form == "parquet":
                export_parquet(database, what, unfinished)
            else:
                with unfinished.open("w", encoding="utf-8", newline="") as file:
                    file.writelines(exported_lines(database, what, form))


@contextmanager
def _opened(what: str) -> Iterator[Database]:
    settings = load_settings()
    if what in OF_THE_LEDGER:
        with ledger_of(settings) as ledger:
            yield ledger.store
    else:
        with readable(settings.telemetry_dir), TelemetryStore(settings.telemetry_dir) as store:
            yield store


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place at the end of the block, if that is reached."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:  # which names a file that nobody asked for
        raise OSError(error.errno, error.strerror, str(path)) from error
    os.close(descriptor)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
