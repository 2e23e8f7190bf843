"""`cern-assets demo`: see the whole thing at work, without any configuration."""

import sys

import click

from cern_assets.cli import show
from cern_assets.cli.ingest import run_with_progress
from cern_assets.cli.ledger import as_facts, ledger_of, print_ledger
from cern_assets.settings import Settings, load_settings
from cern_assets.stand_ins.demo.run import SOURCE, dagster_ui, demo_settings, sample_recids
from cern_assets.stand_ins.demo.servers import free_port
from cern_assets.stand_ins.serving import HOST, until_interrupted, wait_for_interrupt
from cern_assets.telemetry.ledger import Ledger


@click.command("demo")
@click.option("--keep", is_flag=True, help="Go on serving the repository's pages until interrupted.")
@click.option(
    "--ui",
    "ui_port",
    metavar="[PORT]",
    type=show.PORT,
    is_flag=False,
    flag_value=3000,
    help="Run Dagster's UI on this port (3000 if none is given, another one if it is taken) until interrupted.",
)
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
def command(keep: bool, ui_port: int | None, json_: bool) -> None:
    """Ingest a bundled sample collection through Dagster into an embedded repository.

    A small portal serves about fifteen made-up records in the form of the CERN Open Data portal; they end as published
    records with web pages. One of them is bad on purpose and ends in the ledger with its reason. Running it again does
    only what is not done yet. Exit code 1 if the ledger does not balance or anything but the bad record is missing.
    """
    with demo_settings(load_settings()) as settings:
        runs = [run.run_id for run in run_with_progress(settings, SOURCE, sample_recids(settings))]
        with ledger_of(settings) as ledger:
            complete = _all_but_the_bad_one_published(ledger)
            if json_:
                show.as_json({**as_facts(ledger), "repository": settings.repository_url, "runs": runs})
            else:
                print_ledger(ledger)
                click.echo(_HINTS if ui_port is None else "")
        if ui_port is not None:
            _serve_ui(settings, free_port(ui_port), to_stderr=json_)
        elif keep:
            with until_interrupted():
                click.echo(f"\nThe repository's pages are at {settings.repository_url}/ {_STOP}", err=json_)
                wait_for_interrupt()
    sys.exit(0 if complete else 1)


_HINTS = """
The pages above are served while the demo runs. To bring them back, at the same addresses:
                                  make demo ARGS=--keep   (or: cern-assets demo --keep)
See the assets in Dagster's UI:   make dev   (or: cern-assets demo --ui)
Where every recid stands:         .venv/bin/cern-assets ledger"""
_STOP = "- interrupt (Ctrl-C) to stop."


def _serve_ui(settings: Settings, port: int, *, to_stderr: bool) -> None:
    with until_interrupted(), dagster_ui(settings, port) as process:
        click.echo(f"Dagster's UI: http://{HOST}:{port}/ (in a few seconds) {_STOP}", err=to_stderr)
        sys.exit(process.wait())


def _all_but_the_bad_one_published(ledger: Ledger) -> bool:
    totals = ledger.totals
    return ledger.balanced and not totals["pending"] and not totals["withdrawn"] and totals["rejected"] <= 1
