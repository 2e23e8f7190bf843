"""The asset `ledgers/<collection>`: where every recid stands, and the check that five counts of them agree.

Partitions, documents of all stages, journal, the target's own list and telemetry are counted each for itself. A
difference of one recid makes the check `balanced` fail, and it names the recid. Listing the target takes a request for
100 records, hence an asset with a daily schedule, and no part of each run.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.pools import STORE
from cern_assets.defs.resources import PortsOpener
from cern_assets.documents.store import DocumentStore
from cern_assets.flows.target_list import listed
from cern_assets.model.outcomes import STAGE_NAMES, STATES
from cern_assets.report.small import states_bar
from cern_assets.settings import load_settings
from cern_assets.telemetry.database import Row
from cern_assets.telemetry.ledger import Counts, Ledger, opened_ledger
from cern_assets.wiring import collections_of

PREFIX = "ledgers"
"""Of the key: as with reports, what selects `<collection>/*` leaves it alone."""
CHECK = "balanced"
_GROUP = "all_ledgers"
_SHOWN = 200
_DAILY = "30 5 * * *"
_BUCKETS = "FROM ledger_buckets ORDER BY repository, state, detail"


def build_ledger(spec: CollectionSpec) -> dg.Definitions:
    """The ledger of a collection, its check, and the job `<collection>_ledger` with its schedule."""
    key = dg.AssetKey([PREFIX, spec.name])
    description = f"Partitions, documents, journal, target and telemetry agree on each recid of {spec.name}."

    @dg.asset(
        key=key,
        deps=[dg.AssetKey([spec.name, STAGE_NAMES[-1]])],
        group_name=_GROUP,
        pool=STORE,
        kinds={"duckdb"},
        check_specs=[dg.AssetCheckSpec(CHECK, asset=key, description=description)],
        description=f"Where every recid of {spec.name} stands: each in one bucket, counted five times.",
    )
    def ledger(
        context: dg.AssetExecutionContext, ports: dg.ResourceParam[PortsOpener]
    ) -> Iterator[dg.MaterializeResult[None]]:
        counts = _counts(context.instance, spec, ports)
        with opened_ledger(load_settings().telemetry_dir, counts) as opened:
            balance = {"balanced": dg.MetadataValue.bool(opened.balanced)}
            yield dg.MaterializeResult(
                metadata=_standing(opened) | balance,
                check_results=[
                    dg.AssetCheckResult(passed=opened.balanced, check_name=CHECK, metadata=_complaints(opened))
                ],
            )

    job = dg.define_asset_job(
        f"{spec.name}_ledger", selection=dg.AssetSelection.assets(key), executor_def=dg.in_process_executor
    )
    running = dg.DefaultScheduleStatus.RUNNING if spec.discovery.unattended else dg.DefaultScheduleStatus.STOPPED
    schedule = dg.ScheduleDefinition(job=job, cron_schedule=_DAILY, default_status=running)
    return dg.Definitions(assets=[ledger], schedules=[schedule])


def _counts(instance: dg.DagsterInstance, spec: CollectionSpec, ports: PortsOpener) -> Counts:
    began = datetime.now(UTC)
    siblings = [
        other.name
        for other in collections_of(load_settings())
        if other.name != spec.name and (other.source, other.target) == (spec.source, spec.target)
    ]
    elsewhere = {recid for name in siblings for recid in registered_recids(instance, name)}
    with ports.opened(spec) as context:
        elsewhere -= set(registered_recids(instance, spec.name))
        found = listed(context, elsewhere)
        documents: DocumentStore = context.adapters.documents
        counted = {stage: [(spec.name, tuple(documents.recids(spec.name, stage)))] for stage in STAGE_NAMES}
        lag_seconds = context.shared.search_lag_seconds
    return Counts(
        registered=[(spec.name, registered_recids(instance, spec.name))],
        documents=counted,
        collections=(spec.name,),
        only=(spec.name,),
        listed=(spec.name,),
        noted=[(spec.name, found.noted)],
        held=[(spec.name, found.held)],
        began=began,
        lag_seconds=lag_seconds,
    )


def _standing(ledger: Ledger) -> dict[str, Any]:
    """Numbers that Dagster plots over runs, a bar of them, and the buckets; texts of others stand in tables only."""
    totals: dict[str, int] = {state: ledger.totals[state] for state in STATES}
    bar = states_bar(totals)
    return {
        "in": dg.MetadataValue.int(ledger.totals["in"]),
        **{state: dg.MetadataValue.int(count) for state, count in totals.items() if count},
        **({"states": dg.MetadataValue.md(bar)} if bar else {}),
        **_table("buckets", ledger.store.rows(_BUCKETS), ("state", "detail", "recids", "files", "size_bytes")),
    }


def _complaints(ledger: Ledger) -> dict[str, Any]:
    return {
        "disputed": dg.MetadataValue.int(ledger.disputed),
        "unregistered": dg.MetadataValue.int(ledger.totals["unregistered"]),
        **_table("differences", ledger.differences(_SHOWN), ("recid", "stage", "difference")),
        **_table("lost_events", ledger.lost, ("writer", "first", "last")),
        **_table("known_losses", ledger.known_losses, ("writer", "first", "last", "said")),
        **_table("unread_lines", ledger.unread, ("file", "reason", "lines")),
    }


def _table(name: str, rows: Iterator[Row] | Sequence[Row], columns: Sequence[str]) -> dict[str, Any]:
    """As data: what a record says is never Markdown. Nothing where there are no rows."""
    records = [dg.TableRecord({column: str(row[column]) for column in columns}) for row in rows]
    return {name: dg.MetadataValue.table(records[:_SHOWN])} if records else {}
