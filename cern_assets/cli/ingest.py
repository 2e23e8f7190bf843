"""`cern-assets ingest`: bring recids through all stages, recorded by Dagster."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cern_assets.cli import show
from cern_assets.cli.ledger import ledger_of, print_ledger
from cern_assets.errors import ConfigurationError, RecordNotFoundError
from cern_assets.model.identifiers import Recid, parse_recid
from cern_assets.ports import TelemetryEvent
from cern_assets.settings import Settings, load_settings
from cern_assets.telemetry.ledger import STATES, Ledger
from cern_assets.wiring import opened_context


@click.command("ingest")
@click.option("--source", default="opendata", show_default=True, help="The source system.")
@click.option(
    "--file",
    "list_",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of recids, one a line; # begins a comment.",
)
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
@click.argument("recids", nargs=-1)
def command(source: str, list_: Path | None, json_: bool, recids: tuple[str, ...]) -> None:
    """Fetch, transform, archive and publish RECIDS, or those of a list.

    The runs are recorded in the Dagster instance and can be watched in its UI. What is done already is not done again.
    Exit code 1 if a recid is not published afterwards; the table says why.
    """
    settings = load_settings()
    with opened_context(settings, source):  # a setting that leads nowhere is told here, before a run is recorded
        wanted = _wanted(recids, list_)
    runs = run_with_progress(settings, source, wanted)
    ledger = narrowed(ledger_of(settings), source, wanted)
    if json_:
        show.as_json({**ledger.totals, "balanced": ledger.balanced, "runs": runs, "recids": ledger.entries})
    else:
        print_ledger(ledger)
    sys.exit(0 if ledger.totals["published"] == len(wanted) else 1)


def run_with_progress(settings: Settings, source: str, recids: Sequence[Recid]) -> list[str]:
    """Ingest through Dagster with a progress bar on standard error; returns the ids of the runs."""
    from cern_assets.definitions import build_definitions
    from cern_assets.defs.instance import open_instance
    from cern_assets.defs.launch import WatchedPorts, ingest
    from cern_assets.defs.resources import ConfiguredPorts
    from cern_assets.flows.journey import STAGES

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(source, total=len(recids))

        def watch(event: TelemetryEvent) -> None:
            ended = event.stage == STAGES[-1].name or event.code != ""
            progress.update(bar, advance=1 if ended else 0, description=f"{source} {event.recid} {event.stage}")

        definitions = build_definitions(ports=WatchedPorts(ConfiguredPorts(settings), watch))
        with open_instance(settings.dagster_home) as instance:
            return [run.run_id for run in ingest(definitions, instance, source, recids, settings.batch_size)]


def narrowed(ledger: Ledger, source: str, recids: Iterable[Recid]) -> Ledger:
    """The ledger of some recids only; it balances if the whole one does."""
    chosen = set(recids)
    entries = tuple(row for row in ledger.entries if row["source"] == source and row["recid"] in chosen)
    totals = {state: sum(row["state"] == state for row in entries) for state in STATES}
    return Ledger(entries, {"in": len(entries), **totals}, ledger.balanced)


def _wanted(recids: tuple[str, ...], list_: Path | None) -> list[Recid]:
    wanted = dict.fromkeys([*(parse_recid(text) for text in recids), *(_listed(list_) if list_ else ())])
    if not wanted:
        raise ConfigurationError("No recid was given.", remedy="Name recids, or a file of them with --file.")
    return list(wanted)


def _listed(path: Path) -> Iterator[Recid]:
    """The recids of a list: one a line, with empty lines and comments after `#`."""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if text:
            try:
                yield parse_recid(text)
            except RecordNotFoundError as error:
                error.uri = f"{path}:{number}"
                raise
