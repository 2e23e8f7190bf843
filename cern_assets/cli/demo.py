"""`cern-assets demo`: see the whole thing at work, without any configuration."""

import sys

import click

from cern_assets.cli import show
from cern_assets.cli.ingest import run_with_progress
from cern_assets.cli.ledger import ledger_of, print_ledger
from cern_assets.demo.run import SOURCE, demo_settings, run_ui, sample_recids
from cern_assets.serving import wait_for_interrupt
from cern_assets.settings import load_settings


@click.command("demo")
@click.option("--keep", is_flag=True, help="Go on serving the repository's pages until interrupted.")
@click.option("--ui", "ui_port", type=int, is_flag=False, flag_value=3000, help="Open Dagster's UI on this port.")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
def command(keep: bool, ui_port: int | None, json_: bool) -> None:
    """Ingest a bundled sample collection through Dagster into an embedded repository.

    A small portal serves about fifteen made-up records in the form of the CERN Open Data portal; they end as published
    records with web pages. One of them is bad on purpose and ends in the ledger with its reason. Running it again does
    only what is not done yet. Exit code 1 if the ledger does not balance or anything but the bad record is missing.
    """
    with demo_settings(load_settings()) as settings:
        recids = sample_recids(settings)
        runs = run_with_progress(settings, SOURCE, recids)
        ledger = ledger_of(settings)
        if json_:
            facts = {"repository": settings.repository_url, "runs": runs, "recids": ledger.entries}
            show.as_json({**ledger.totals, "balanced": ledger.balanced, **facts})
        else:
            print_ledger(ledger)
            click.echo("\nSee the assets in Dagster's UI:         make dev")
            click.echo("Browse the published records:           make demo ARGS=--keep")
        if ui_port is not None:
            sys.exit(run_ui(settings, ui_port))
        if keep:
            click.echo(
                f"\nThe repository's pages are at {settings.repository_url}/ - interrupt (Ctrl-C) to stop.", err=json_
            )
            wait_for_interrupt()
    missing = ledger.totals["pending"] + ledger.totals["withdrawn"] + max(0, ledger.totals["rejected"] - 1)
    sys.exit(0 if ledger.balanced and not missing else 1)
