"""A run over segments: the same journey of the same recids, of which Dagster is told in sums.

How each recid stands is in the ledger. A stage of a segment is green when a run over the whole of it had nothing to
mend there.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import dagster as dg

from cern_assets.collections.segments import segment_of
from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.recid_runs import bring
from cern_assets.flows.journey import AnyStage
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome


def recids_by_segment(
    instance: dg.DagsterInstance, collection: str, count: int, segments: Sequence[str]
) -> dict[str, list[Recid]]:
    """The recids of some segments of a collection that has `count`, in the order in which they were added."""
    found: dict[str, list[Recid]] = {segment: [] for segment in segments}
    for recid in registered_recids(instance, collection):
        segment = segment_of(recid, count)
        if segment in found:
            found[segment].append(recid)
    return found


def bring_segments(context: dg.AssetExecutionContext, opened: Context, stages: Sequence[AnyStage], count: int) -> None:
    """Run stages for all recids of a run's segments, one segment after the other.

    Raises:
        dg.Failure: recids failed by something around them; the other segments were run all the same.
    """
    collection = opened.collection.name
    failures: list[dg.Failure] = []
    members = recids_by_segment(context.instance, collection, count, context.partition_keys)
    for segment, recids in members.items():
        told = ToldInSums(context.op_execution_context, segment)
        try:
            bring(context.op_execution_context, opened, recids, stages, told)
        except dg.Failure as failure:  # the next segment has a right to its turn
            failures.append(failure)
    if failures:
        raise failures[0]


class ToldInSums:
    """What a run tells of a segment, or, where it has a list of recids, says in its log alone."""

    def __init__(self, context: dg.OpExecutionContext, segment: str = "") -> None:
        self._context = context
        self._segment = segment
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._red: set[str] = set()
        self._stages: tuple[dg.AssetKey, ...] = ()

    def begin(self, collection: str, stages: Sequence[AnyStage], recids: Sequence[Recid]) -> None:  # noqa: ARG002  counted as they end
        """Keep which assets there are."""
        self._stages = tuple(dg.AssetKey([collection, stage.name]) for stage in stages)

    def note(self, outcomes: Sequence[StageOutcome]) -> None:
        """Count how far a recid came."""
        for outcome in outcomes:
            self._counts[outcome.stage][outcome.status] += 1
        if outcomes[-1].red:
            self._red.add(outcomes[-1].stage)

    def flush(self) -> None:
        """Nothing waits."""

    def end(self) -> None:
        """Tell each stage up to the first at which a recid failed: what comes after was not done for all."""
        for asset in self._stages:
            stage = asset.path[-1]
            if stage in self._red:
                return
            counts = self._counts[stage]
            if self._segment:
                self._context.log_event(
                    dg.AssetMaterialization(
                        asset_key=asset,
                        partition=self._segment,
                        metadata={status: dg.MetadataValue.int(count) for status, count in sorted(counts.items())},
                    )
                )
            else:
                self._context.log.info(f"{stage}: {dict(sorted(counts.items()))}")
