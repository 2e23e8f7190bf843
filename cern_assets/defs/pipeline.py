"""The factory: a collection gives its five assets, as one multi-asset that runs many recids at once.

One step for all five stages, as separate steps would lose every recid of a batch when one fails: here each recid goes
as far as it can, an event is noted for each stage it passes, and the run fails at the end if one stopped, which leaves
exactly the stages it did not reach red. One that waits is observed, and is no failure. No framework output is yielded:
that would turn the whole range green.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.events import failure, materialization, observation
from cern_assets.defs.inventory import build_inventory
from cern_assets.defs.partitions import recid_partitions
from cern_assets.defs.resources import PortsOpener
from cern_assets.defs.sensors import build_sensor
from cern_assets.errors import TelemetryLostError
from cern_assets.flows.batch import run_batch
from cern_assets.flows.journey import STAGES, AnyStage
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome

PRIORITY_TAG = "dagster/priority"
"""By it the queue of runs chooses the next."""


def build_collection(spec: CollectionSpec, *, batch_size: int) -> dg.Definitions:
    """A collection's five assets, the job `<collection>_ingest` that runs all of them, its sensor and inventory."""
    collection = spec.name
    job = dg.define_asset_job(
        name=f"{collection}_ingest",
        selection=dg.AssetSelection.groups(collection),
        executor_def=dg.in_process_executor,
        tags={PRIORITY_TAG: str(spec.priority)} if spec.priority else None,
        description=f"All five stages, for recids of {collection}.",
    )
    return dg.Definitions(
        assets=[build_pipeline(spec, batch_size=batch_size)],
        jobs=[job],
        sensors=[build_sensor(spec, job, batch_size=batch_size)],
        schedules=[build_inventory(spec, batch_size=batch_size)],
    )


def build_pipeline(
    spec: CollectionSpec, *, batch_size: int, stages: Sequence[AnyStage] = STAGES
) -> dg.AssetsDefinition:
    """The assets `<collection>/raw_record` to `<collection>/published_record`, partitioned by recid.

    `batch_size` is the number of recids that a backfill puts into one run.
    """
    collection = spec.name

    @dg.multi_asset(
        name=f"{collection}_pipeline",
        specs=[_spec(collection, stage) for stage in stages],
        partitions_def=recid_partitions(collection),
        backfill_policy=dg.BackfillPolicy.multi_run(batch_size),
        can_subset=True,
    )
    def pipeline(
        context: dg.AssetExecutionContext, ports: dg.ResourceParam[PortsOpener]
    ) -> Iterator[dg.AssetMaterialization]:
        selected = [stage for stage in stages if dg.AssetKey([collection, stage.name]) in context.selected_asset_keys]
        recids = [Recid(key) for key in context.partition_keys]
        stopped: list[StageOutcome] = []
        lost: TelemetryLostError | None = None
        with ports.opened(spec) as opened:
            try:
                for outcomes in run_batch(opened, recids, selected, run_id=context.run.run_id):
                    for outcome in outcomes:
                        if outcome.succeeded:
                            yield materialization(outcome)
                        else:
                            context.log_event(observation(outcome))
                    if outcomes[-1].red:
                        stopped.append(outcomes[-1])
            except TelemetryLostError as error:
                lost = error
        if stopped or lost:
            raise failure(stopped, len(recids), lost)

    return pipeline


def _spec(collection: str, stage: AnyStage) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=[collection, stage.name],
        deps=[[collection, need] for need in stage.needs],
        description=stage.description,
        group_name=collection,
        kinds={stage.kind},
        skippable=True,
    ).with_io_manager_key("documents")
