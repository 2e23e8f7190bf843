"""`cern-assets ingest`: bring recids through all stages, recorded by Dagster."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cern_assets.cli import show
from cern_assets.cli.ledger import ledger_of, print_ledger
from cern_assets.errors import ConfigurationError
from cern_assets.model.identifiers import Recid, parse_recid
from cern_assets.ports import TelemetryEvent
from cern_assets.settings import Settings, load_settings
from cern_assets.telemetry.ledger import STATES, Ledger
from cern_assets.wiring import source_parts


@click.command("ingest")
@click.option("--source", default="opendata", show_default=True, help="The source system.")
@click.option(
    "--file", "list_", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Recids, one a line."
)
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
@click.argument("recids", nargs=-1)
def command(source: str, list_: Path | None, json_: bool, recids: tuple[str, ...]) -> None:
    """Fetch, transform, archive and publish RECIDS, or those of a list.

    The runs are recorded in the Dagster instance and can be watched in its UI. What is done already is not done again.
    Exit code 1 if a recid is not published afterwards; the table says why.
    """
    source_parts(source)
    wanted = _wanted(recids, list_)
    settings = load_settings()
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
    listed = list_.read_text(encoding="utf-8").splitlines() if list_ else []
    texts = [*recids, *(line for line in listed if line.strip() and not line.lstrip().startswith("#"))]
    if not texts:
        raise ConfigurationError("No recid was given.", remedy="Name recids, or a file of them with --file.")
    return list(dict.fromkeys(parse_recid(text) for text in texts))
