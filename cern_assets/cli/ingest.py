"""`cern-assets ingest`: bring recids through all stages, recorded by Dagster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cern_assets.cli import show
from cern_assets.cli.interrupts import INTERRUPTED, in_order
from cern_assets.cli.ledger import as_facts, ledger_of, print_ledger
from cern_assets.collections.recid_lists import read_list
from cern_assets.collections.spec import CollectionSpec
from cern_assets.errors import ConfigurationError
from cern_assets.flows.cancellation import Cancellation
from cern_assets.flows.discover import selected
from cern_assets.model.events import Event, StageEnded
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import MAY_SUCCEED
from cern_assets.settings import Settings, load_settings
from cern_assets.wiring import collection_named, opened_context, source_parts

if TYPE_CHECKING:  # Dagster takes a second to import
    from cern_assets.defs.launch import Launched


@click.command("ingest")
@click.option(
    "--collection",
    default="opendata",
    show_default=True,
    help="What to ingest: a file of CERN_ASSETS_COLLECTIONS, or a source's name.",
)
@click.option(
    "--file",
    "list_",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of recids, one a line; # begins a comment.",
)
@click.option("--retry", is_flag=True, help="All recids that stopped, or never began, and may succeed.")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
@click.argument("recids", nargs=-1)
def command(collection: str, list_: Path | None, retry: bool, json_: bool, recids: tuple[str, ...]) -> None:
    """Fetch, transform, archive and publish RECIDS, those of a list, or all that a collection selects.

    The runs are recorded in the Dagster instance and can be watched in its UI. What is done already is not done again.
    With --retry, what was rejected is left alone: running it again mends nothing.
    Exit code 1 if a recid is not published afterwards (the table says why) or a run failed as a whole (the last lines
    say why), 130 if it was ended early.
    """
    settings = load_settings()
    spec = collection_named(settings, collection)
    if retry and (recids or list_):
        raise click.UsageError("--retry chooses the recids itself: give it none, and no --file.")
    wanted = _to_retry(settings, spec) if retry else recids_wanted(settings, spec, recids, list_)
    if retry and not wanted:
        click.echo("Nothing stopped that may succeed.", err=True)
        sys.exit(0)
    runs = run_with_progress(settings, collection, wanted)
    failed = [run for run in runs if run.failure]
    with ledger_of(settings, collection, wanted) as ledger:
        if json_:
            failures = [{"run": run.run_id, "message": run.failure} for run in failed]
            show.as_json({**as_facts(ledger), "runs": [run.run_id for run in runs], "failures": failures})
        else:
            print_ledger(ledger)
        for run in failed:
            click.echo(f"The run {run.run_id} failed as a whole: {run.failure}", err=True)
        if any(run.cancelled for run in runs):
            done = ledger.totals["published"]
            click.echo(f"Ended early: {done} of {len(wanted)} are published. The same command goes on.", err=True)
            sys.exit(INTERRUPTED)
        sys.exit(1 if failed or ledger.totals["published"] < len(wanted) else 0)


def run_with_progress(settings: Settings, collection: str, recids: Sequence[Recid]) -> list[Launched]:
    """Ingest through Dagster with a progress bar on standard error; the runs, as they ended."""
    from cern_assets.definitions import build_definitions
    from cern_assets.defs.instance import in_our_words, open_instance
    from cern_assets.defs.launch import WatchedPorts, ingest
    from cern_assets.defs.resources import ConfiguredPorts
    from cern_assets.flows.journey import STAGES

    cancellation = Cancellation()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(collection, total=len(recids))

        def watch(event: Event) -> None:
            fact, place = event.fact, event.place
            if isinstance(fact, StageEnded):
                ended = place.stage == STAGES[-1].name or fact.code != ""
                progress.update(bar, advance=1 if ended else 0, description=f"{collection} {place.recid} {place.stage}")

        def work() -> list[Launched]:
            definitions = build_definitions(ports=WatchedPorts(ConfiguredPorts(settings, cancellation), watch))
            with in_our_words(settings.dagster_home), open_instance(settings.dagster_home) as instance:
                return list(
                    ingest(
                        definitions,
                        instance,
                        collection,
                        recids,
                        batch_size=settings.batch_size,
                        cancellation=cancellation,
                    )
                )

        return in_order(work, cancellation.request)


def _to_retry(settings: Settings, spec: CollectionSpec) -> list[Recid]:
    with ledger_of(settings, spec.name) as ledger:
        return [Recid(str(row["recid"])) for state in MAY_SUCCEED for row in ledger.entries(state)]


def recids_wanted(settings: Settings, spec: CollectionSpec, recids: tuple[str, ...], list_: Path | None) -> list[Recid]:
    """The recids that are named, or else those that the collection selects."""
    parse = source_parts(spec.source).parse_recid
    with opened_context(settings, spec) as context:  # a setting that leads nowhere is told before a run is recorded
        named = [*(parse(text) for text in recids), *(read_list(list_, parse) if list_ else ())]
        if list_ and not named:  # which does not mean all that the collection selects
            raise ConfigurationError(
                "The list has no recids.", uri=str(list_), remedy="Put recids into it, one a line, or leave --file out."
            )
        wanted = dict.fromkeys(named or selected(context.adapters.source, spec.selection, parse))
    if not wanted:
        raise ConfigurationError(
            "No recid was given.", remedy="Name recids, a file of them with --file, or a collection that selects some."
        )
    return list(wanted)
