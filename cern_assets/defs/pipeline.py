"""The factory: a collection gives its five assets, as one multi-asset that runs many recids at once.

One step for all five stages, as separate steps would lose every recid of a batch when one fails: here each recid goes
as far as it can, an event is noted for each stage it passes, and the run fails at the end if one failed, which leaves
exactly the stages it did not reach red. One that was rejected or waits is observed, and is no failure. No framework
output is yielded: that would turn the whole range green.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.audit import build_audit
from cern_assets.defs.checks import build_checks
from cern_assets.defs.inventory import build_inventory
from cern_assets.defs.ledger import build_ledger
from cern_assets.defs.partitions import partitions_of
from cern_assets.defs.pools import pool_of_target
from cern_assets.defs.recid_runs import PRIORITY_TAG, RECIDS_CONFIG, ToldByRecid, bring, chosen_recids, step_name
from cern_assets.defs.report import build_report
from cern_assets.defs.resources import PortsOpener
from cern_assets.defs.retries import build_retry
from cern_assets.defs.segment_runs import ToldInSums, bring_segments
from cern_assets.defs.sensors import build_sensor
from cern_assets.defs.waiting import build_waiting
from cern_assets.flows.journey import STAGES, AnyStage


def build_collection(spec: CollectionSpec, *, batch_size: int) -> dg.Definitions:
    """A collection's five assets and their checks, the jobs that run them, its report, ledger, sensor and inventory."""
    collection = spec.name
    job = dg.define_asset_job(
        name=f"{collection}_ingest",
        selection=dg.AssetSelection.groups(collection).without_checks(),
        executor_def=dg.in_process_executor,
        tags={PRIORITY_TAG: str(spec.priority)} if spec.priority else None,
        description=f"All five stages, for recids of {collection}.",
    )
    own = dg.Definitions(
        assets=[build_pipeline(spec, batch_size=batch_size), build_report(spec), build_audit(spec)],
        asset_checks=build_checks(collection),
        jobs=[job, build_retry(spec, batch_size=batch_size)],
        sensors=[build_sensor(spec, job, batch_size=batch_size), build_waiting(spec, job, batch_size=batch_size)],
    )
    return dg.Definitions.merge(own, build_inventory(spec, batch_size=batch_size), build_ledger(spec))


def build_pipeline(
    spec: CollectionSpec, *, batch_size: int, stages: Sequence[AnyStage] = STAGES
) -> dg.AssetsDefinition:
    """The assets `<collection>/raw_record` to `<collection>/published_record`, partitioned by recid or by segment.

    `batch_size` is the number of recids that a backfill puts into one run; of segments, it puts one.
    """
    collection = spec.name

    @dg.multi_asset(
        name=step_name(collection),
        specs=[_spec(collection, stage) for stage in stages],
        partitions_def=partitions_of(spec),
        backfill_policy=dg.BackfillPolicy.multi_run(1 if spec.segments else batch_size),
        config_schema=RECIDS_CONFIG,
        can_subset=True,
        pool=pool_of_target(spec),
    )
    def pipeline(
        context: dg.AssetExecutionContext, ports: dg.ResourceParam[PortsOpener]
    ) -> Iterator[dg.AssetMaterialization]:
        selected = [stage for stage in stages if dg.AssetKey([collection, stage.name]) in context.selected_asset_keys]
        op, listed = context.op_execution_context, not (context.has_partition_key or context.has_partition_key_range)
        if spec.segments and not listed:
            with ports.opened(spec) as opened:
                bring_segments(context, opened, selected, spec.segments)
        else:
            recids = chosen_recids(context, spec)
            told = ToldInSums(op, spec.segments) if spec.segments else ToldByRecid(op, planned=not listed)
            with ports.opened(spec) as opened:
                bring(op, opened, recids, selected, told)
        yield from ()

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
