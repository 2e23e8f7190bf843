"""A run over segments: the same journey of the same recids, of which Dagster is told in sums.

How each recid stands is in the ledger. A stage of a segment is green when a run over the whole of it had nothing to
mend there, or a run over a list left nothing of it to be brought or mended.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import dagster as dg
from dagster._core.storage.partition_status_cache import AssetPartitionStatus

from cern_assets.collections.segments import segment_names, segment_of
from cern_assets.defs.checks import opened_ledger_of
from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.recid_runs import bring
from cern_assets.flows.journey import AnyStage
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome

BY_A_LIST = "made green by a run over a list"
"""The entry of a materialization of which the sums are those of several runs."""


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
        told = ToldInSums(context.op_execution_context, count, segment)
        try:
            bring(context.op_execution_context, opened, recids, stages, told)
        except dg.Failure as failure:  # the next segment has a right to its turn
            failures.append(failure)
    if failures:
        raise failures[0]


class ToldInSums:
    """What a run tells of a segment, or, where it has a list of recids, of segments in which it left nothing to mend.

    `count` is how many segments the collection has.
    """

    def __init__(self, context: dg.OpExecutionContext, count: int, segment: str = "") -> None:
        self._context = context
        self._count = count
        self._segment = segment
        self._collection = ""
        self._touched: set[str] = set()
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._red: set[str] = set()
        self._stages: tuple[dg.AssetKey, ...] = ()

    def begin(self, collection: str, stages: Sequence[AnyStage], recids: Sequence[Recid]) -> None:
        """Keep which assets there are, and which segments."""
        self._collection = collection
        self._touched = {segment_of(recid, self._count) for recid in recids}
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
        if not self._segment:
            for asset in self._stages:
                stage = asset.path[-1]
                self._context.log.info(f"{stage}: {dict(sorted(self._counts[stage].items()))}")
            self._mend()
            return
        for asset in self._stages:
            stage = asset.path[-1]
            if stage in self._red:
                return
            counts = self._counts[stage]
            self._make(asset, self._segment, dict(sorted(counts.items())))

    def _mend(self) -> None:
        """Make the segments green that were not, and of which no recid is left to be brought or mended."""
        mended = [(asset, segment) for asset in self._stages for segment in self._not_green(asset)]
        if not mended:
            return
        with opened_ledger_of(self._context.instance, self._collection) as ledger:
            unfinished = {segment_of(Recid(str(row["recid"])), self._count) for row in ledger.entries("pending")}
        for asset, segment in mended:
            if segment not in unfinished:
                self._make(asset, segment, {BY_A_LIST: 1})

    def _not_green(self, asset: dg.AssetKey) -> list[str]:
        """Segments of this run's recids that are red or were never made; not those that a run is making now."""
        segments = dg.StaticPartitionsDefinition(segment_names(self._count))
        states = self._context.instance.get_status_by_partition(asset, sorted(self._touched), segments) or {}
        good = (AssetPartitionStatus.MATERIALIZED, AssetPartitionStatus.IN_PROGRESS)
        return [segment for segment in sorted(self._touched) if states.get(segment) not in good]

    def _make(self, asset: dg.AssetKey, segment: str, counts: Mapping[str, int]) -> None:
        metadata = {name: dg.MetadataValue.int(count) for name, count in counts.items()}
        self._context.log_event(dg.AssetMaterialization(asset_key=asset, partition=segment, metadata=metadata))
