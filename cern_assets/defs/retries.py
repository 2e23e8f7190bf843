"""The job `<collection>_retry`: all recids of a collection that stopped and may succeed, with one click."""

from itertools import batched

import dagster as dg

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.checks import recids_to_retry
from cern_assets.defs.pools import pool_of_target
from cern_assets.defs.recid_runs import ToldByRecid, bring
from cern_assets.defs.resources import PortsOpener
from cern_assets.defs.segment_runs import ToldInSums
from cern_assets.flows.journey import STAGES


def retry_name(collection: str) -> str:
    """The name of a collection's job that runs again what may succeed."""
    return f"{collection}_retry"


def build_retry(spec: CollectionSpec, *, batch_size: int) -> dg.JobDefinition:
    """The job; it needs neither partition nor configuration. What was rejected it leaves alone."""

    @dg.op(name=f"retry_{spec.name}", pool=pool_of_target(spec))
    def retry(context: dg.OpExecutionContext, ports: dg.ResourceParam[PortsOpener]) -> None:
        recids = recids_to_retry(context.instance, spec.name)
        context.log.info(f"{len(recids)} recids stopped and may succeed.")
        failures: list[dg.Failure] = []
        with ports.opened(spec) as opened:
            for batch in batched(recids, batch_size):
                try:
                    told = ToldInSums(context, spec.segments) if spec.segments else ToldByRecid(context, planned=False)
                    bring(context, opened, batch, STAGES, told)
                except dg.Failure as failure:  # the next batch has a right to its turn
                    failures.append(failure)
        if failures:
            raise failures[0]

    @dg.job(
        name=retry_name(spec.name),
        executor_def=dg.in_process_executor,
        description=f"Runs again all recids of {spec.name} that stopped and may succeed: none that was rejected.",
    )
    def retries() -> None:
        retry()

    return retries
