"""The inventory of a collection, once a day: whether the sensor missed anything, which it then is told to ask for.

An asset, `inventories/<collection>`: it is made when all books agree, and has to be fresh where the collection is
unattended.
"""

import time
from dataclasses import replace
from datetime import timedelta

import dagster as dg

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.engine import DagsterEngine
from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.pools import pool_of_source
from cern_assets.defs.resources import PortsOpener
from cern_assets.defs.sensors import alone
from cern_assets.documents.notes import NoteBook
from cern_assets.errors import SourceUnavailableError
from cern_assets.flows.discovery.inventory import Books, disagreements, forgotten, still_waiting
from cern_assets.flows.discovery.look import Watch
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets.settings import load_settings
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.wiring import source_parts

_SHOWN = 50
_DAILY = "30 4 * * *"
_FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26))
"""Two days, as books may disagree for one until the sensor has asked for what it missed."""


def inventory_key(collection: str) -> dg.AssetKey:
    """The asset of a collection's inventory: no part of its journey, as its report is none."""
    return dg.AssetKey(["inventories", collection])


def inventory_name(collection: str) -> str:
    """The name of a collection's inventory job."""
    return f"{collection}_inventory"


def build_inventory(spec: CollectionSpec, *, batch_size: int) -> dg.Definitions:
    """The asset, its job `<collection>_inventory`, which fails where books disagree, and its schedule."""

    @dg.asset(
        key=inventory_key(spec.name),
        deps=[dg.AssetKey([spec.name, STAGE_NAMES[-1]])],
        group_name="all_inventories",
        pool=pool_of_source(spec),
        freshness_policy=_FRESH if spec.discovery.unattended else None,
        description=f"Whether source, partitions, ledger and receipts of {spec.name} agree; the rest is run again.",
    )
    def inventory(
        context: dg.AssetExecutionContext, ports: dg.ResourceParam[PortsOpener]
    ) -> dg.MaterializeResult[None]:
        with alone(spec.name) as we_are, ports.opened(spec) as opened:
            if not we_are:
                raise dg.RetryRequested(max_retries=10, seconds_to_wait=60)
            found, lacks = _compared(context.instance, spec, opened, batch_size)
        for what, recids in found.items():
            context.log.warning(f"{len(recids)} {what}: {' '.join(recids[:_SHOWN])}")
        if found:
            raise dg.Failure(
                "Books disagree; the sensor asks for these recids with its next look.",
                metadata={what: len(recids) for what, recids in found.items()},
                allow_retries=False,
            )
        if lacks:
            raise dg.Failure(
                f"No books disagree, as far as the source was listed, which proves nothing of the rest: {lacks}",
                allow_retries=False,
            )
        return dg.MaterializeResult()

    job = dg.define_asset_job(
        inventory_name(spec.name),
        selection=dg.AssetSelection.assets(inventory_key(spec.name)),
        executor_def=dg.in_process_executor,
    )
    running = dg.DefaultScheduleStatus.RUNNING if spec.discovery.unattended else dg.DefaultScheduleStatus.STOPPED
    schedule = dg.ScheduleDefinition(job=job, cron_schedule=_DAILY, default_status=running)
    return dg.Definitions(assets=[inventory], jobs=[job], schedules=[schedule])


def _compared(
    instance: dg.DagsterInstance, spec: CollectionSpec, context: Context, batch_size: int
) -> tuple[dict[str, tuple[Recid, ...]], str]:
    """The disagreements, which are healed, and why the listing was not all that the source has, "" where it was."""
    book = NoteBook(context.adapters.store, spec.name)
    notes = book.read()
    engine = DagsterEngine(instance, spec.name, batch_size=batch_size, segments=spec.segments)
    watch = Watch(context.adapters.source, spec, source_parts(spec.source).parse_recid)
    afresh = replace(notes, sweep=None, swept_at=0.0)
    listing = watch.look(engine, afresh, now=time.time(), in_time=lambda: True).listing
    if not listing.seen and listing.reason:
        raise SourceUnavailableError(f"The source could not be listed: {listing.reason}")
    partitions = registered_recids(instance, spec.name)
    receipts = frozenset(context.adapters.documents.recids(spec.name, STAGE_NAMES[-1]))
    counts = Counts(
        registered=[(spec.name, partitions)],
        documents={STAGE_NAMES[-1]: [(spec.name, tuple(receipts))]},
        collections=(spec.name,),
        only=(spec.name,),
    )
    with opened_ledger(load_settings().telemetry_dir, counts) as ledger:
        states = {Recid(str(row["recid"])): str(row["state"]) for row in ledger.entries(collection=spec.name)}
    asked = {recid for each in notes.asked for recid in each.seen}
    books = Books(partitions, states, receipts, asked | engine.under_way())
    found = disagreements(listing, books)
    again = {*still_waiting(listing, books), *(recid for recids in found.values() for recid in recids)}
    if again:
        book.write(forgotten(notes, again))
    return found, "" if listing.trusted else listing.reason
