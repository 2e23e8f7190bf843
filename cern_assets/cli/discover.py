"""`cern-assets discover`: what the sensor of a collection would do now."""

import time
from dataclasses import replace

import click

from cern_assets.cli import show
from cern_assets.collections.spec import CollectionSpec
from cern_assets.documents.notes import NoteBook
from cern_assets.errors import ConfigurationError
from cern_assets.flows.discovery.look import Look, Watch
from cern_assets.model.discovery import Notes
from cern_assets.model.identifiers import Recid
from cern_assets.places import build_store
from cern_assets.settings import Settings, load_settings
from cern_assets.wiring import collection_named, opened_context, source_parts

_SHOWN = 20


@click.command("discover")
@click.option("--collection", default="opendata", show_default=True, help="Which collection to look at.")
@click.option(
    "--allow-withdrawals",
    type=click.IntRange(0),
    help="Only let so many records count as withdrawn at once, until none is missing; 0 takes it back.",
)
@click.option("--json", "json_", is_flag=True, help="One JSON object, with all recids.")
def command(collection: str, allow_withdrawals: int | None, json_: bool) -> None:
    """Show what is new, changed or gone at the source of a collection, as its sensor would see it now.

    The source is listed in full, and nothing is written, registered or run. Exit code 1 if the listing cannot be
    trusted: then no record counts as missing.
    """
    settings = load_settings()
    spec = collection_named(settings, collection)
    if allow_withdrawals is not None:
        _allow(settings, spec, allow_withdrawals)
        click.echo(f"{allow_withdrawals} records of {collection} may count as withdrawn at once.")
        return
    notes, look = _look(settings, spec)
    if json_:
        show.as_json(_facts(spec, notes, look))
    else:
        _print(spec, notes, look)
    raise SystemExit(0 if look.listing.trusted else 1)


def _look(settings: Settings, spec: CollectionSpec) -> tuple[Notes, Look]:
    from cern_assets.defs.engine import DagsterEngine
    from cern_assets.defs.instance import open_instance

    with opened_context(settings, spec) as context, open_instance(settings.dagster_home) as instance:
        notes = NoteBook(context.adapters.store, spec.name).read()
        engine = DagsterEngine(instance, spec.name, batch_size=settings.batch_size, segments=spec.segments)
        watch = Watch(context.adapters.source, spec, source_parts(spec.source).parse_recid)
        afresh = replace(notes, sweep=None, swept_at=0.0)
        return notes, watch.look(engine, afresh, now=time.time(), in_time=lambda: True)


def _allow(settings: Settings, spec: CollectionSpec, most: int) -> None:
    from cern_assets.defs.sensors import alone

    with alone(spec.name) as we_are:
        if not we_are:
            raise ConfigurationError("The sensor is looking just now.", remedy="Say it again in a minute.")
        book = NoteBook(build_store(settings), spec.name)
        book.write(replace(book.read(), allowed=most))


def _facts(spec: CollectionSpec, notes: Notes, look: Look) -> dict[str, object]:
    return {
        "collection": spec.name,
        "listed": len(look.listing.seen),
        "trusted": look.listing.trusted,
        "reason": look.listing.reason,
        "known": len(notes.known),
        "gone": len(notes.gone),
        "asked": len(notes.asked),
        "runs": len(look.asked),
        **vars(look.decision),
    }


def _print(spec: CollectionSpec, notes: Notes, look: Look) -> None:
    trusted = "" if look.listing.trusted else f" {click.style('Not trusted:', fg='red')} {look.listing.reason}"
    click.echo(f"{spec.name}: {len(look.listing.seen)} listed, {len(notes.known)} known.{trusted}")
    rows = [[kind, str(len(recids)), _some(recids)] for kind, recids in vars(look.decision).items() if recids]
    if rows:
        show.table(["", "records", "recids"], rows)
    else:
        click.echo("Nothing is new, changed or gone.")
    if look.decision.held:
        click.echo(f"To let them go: cern-assets discover --collection {spec.name} --allow-withdrawals NUMBER")


def _some(recids: tuple[Recid, ...]) -> str:
    return " ".join(recids[:_SHOWN]) + (" ..." if len(recids) > _SHOWN else "")
