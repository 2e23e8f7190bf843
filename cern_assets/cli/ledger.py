"""`cern-assets ledger`: where every recid of the instance stands."""

import sys

import click

from cern_assets.cli import show
from cern_assets.settings import Settings, load_settings
from cern_assets.telemetry.ledger import STATES, Ledger, read_ledger
from cern_assets.telemetry.store import Row


@click.command("ledger")
@click.option("--state", type=click.Choice(STATES), help="Show only recids in this state.")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
def command(state: str | None, json_: bool) -> None:
    """Show where every recid of the instance stands; the counts must balance.

    Every recid that came in is in exactly one bucket. The count of those that came in is taken from the instance's
    partitions, the buckets from what the stages reported; exit code 1 if they do not agree.
    """
    ledger = ledger_of(load_settings())
    if json_:
        entries = [row for row in ledger.entries if state in (None, row["state"])]
        show.as_json({**ledger.totals, "balanced": ledger.balanced, "recids": entries})
    else:
        print_ledger(ledger, state)
    sys.exit(0 if ledger.balanced else 1)


def ledger_of(settings: Settings) -> Ledger:
    """The ledger of the instance that the settings name."""
    from cern_assets.defs.instance import open_instance
    from cern_assets.defs.partitions import registered_recids
    from cern_assets.wiring import collections_of

    names = [spec.name for spec in collections_of(settings)]
    with open_instance(settings.dagster_home) as instance:
        registered = [(name, recid) for name in names for recid in registered_recids(instance, name)]
    return read_ledger(settings.telemetry_dir, registered)


def print_ledger(ledger: Ledger, state: str | None = None) -> None:
    """The table of recids and the balance, for people."""
    rows = [_cells(row) for row in ledger.entries if state in (None, row["state"])]
    show.table(["collection", "recid", "state", "stage", "files", "bytes", "link or reason"], rows)
    totals = ledger.totals
    counts = " + ".join(f"{totals[name]} {name}" for name in STATES)
    verdict = (
        click.style("balanced", fg="green") if ledger.balanced else click.style("NOT BALANCED", fg="red", bold=True)
    )
    click.echo(f"{totals['in']} in = {counts}: {verdict}")


def _cells(row: Row) -> list[show.Cell]:
    state = str(row["state"])
    return [
        str(row["collection"]),
        str(row["recid"]),
        (state, show.STATE_STYLES[state]),
        str(row["stage"]),
        str(row["files"]),
        show.human_size(int(str(row["size_bytes"]))),
        str(row["message"] or row["url"]),
    ]
