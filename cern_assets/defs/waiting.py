"""The sensor `<collection>_waiting`: recids that wait for a tape, a review or another process are looked at again.

No run holds a place meanwhile: a recid that waits has ended its run, and its next look is a short one that finds it
ready, or not yet.
"""

import time
from datetime import UTC, datetime, timedelta
from itertools import batched

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.checks import opened_ledger_of
from cern_assets.defs.engine import DagsterEngine
from cern_assets.defs.recid_runs import config_of
from cern_assets.flows.discovery.waiting import due
from cern_assets.model.values import content_hash

_EVERY_SECONDS = 300


def waiting_name(collection: str) -> str:
    """The name of the sensor."""
    return f"{collection}_waiting"


def build_waiting(spec: CollectionSpec, job: UnresolvedAssetJobDefinition, *, batch_size: int) -> dg.SensorDefinition:
    """The sensor; it runs from the first only where the collection is unattended."""
    watched = dg.DefaultSensorStatus.RUNNING if spec.discovery.unattended else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name=waiting_name(spec.name),
        job=job,
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=watched,
        description=f"Runs recids of {spec.name} again that had to wait.",
    )
    def waiting(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now, after = datetime.now(UTC).replace(tzinfo=None), timedelta(minutes=spec.discovery.revisit_minutes)
        with opened_ledger_of(context.instance, spec.name) as ledger:
            entries = list(ledger.entries("waiting"))
        engine = DagsterEngine(
            context.instance, spec.name, batch_size=batch_size, priority=spec.priority, segments=spec.segments
        )
        recids = due(entries, engine.under_way() if entries else frozenset(), now=now, after=after)
        if not recids:
            return dg.SkipReason(f"{len(entries)} recids wait; none is to be looked at again yet.")
        period = int(time.time() // max(1.0, after.total_seconds()))  # a run that died is asked for again in the next
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=content_hash([spec.name, period, *batch]),
                    run_config=config_of(spec.name, batch),
                    tags=engine.tags_of(len(batch)),
                )
                for batch in batched(recids, batch_size)
            ]
        )

    return waiting
