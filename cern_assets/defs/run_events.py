"""What a run tells Dagster of its recids: events of each recid and stage, written many at a time.

Events are a view: the documents on the store are the truth. What a killed process had not written yet is written by
the run that comes after it, which finds the stage done and says so.
"""

import os
import time
from collections.abc import Iterable, Sequence

import dagster as dg
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID

from cern_assets.defs import event_batches
from cern_assets.model.identifiers import Recid

_DEBUG = 10
_AT_MOST = 500
"""Events that are kept back; the batch in which they are written is below PostgreSQL's bounds."""
_AT_MOST_SECONDS = 2.0


class RunEvents:
    """The events of one run's step."""

    def __init__(self, context: dg.OpExecutionContext) -> None:
        self._instance = context.instance
        self._step = context.get_step_execution_context()
        self._waiting: dict[tuple[str, str], list[EventLogEntry]] = {}
        self._kept = 0
        self._written_at = time.monotonic()

    def plan(self, assets: Iterable[dg.AssetKey], recids: Sequence[Recid]) -> None:
        """Say that assets are going to be made for recids: they show as going on, and red if this run dies."""
        for asset in assets:
            for recid in recids:
                self._plan(asset, recid, self._step.run_id, self._step.job_name)
        self.flush()

    def note(self, event: dg.AssetMaterialization | dg.AssetObservation) -> None:
        """Tell an event, soon."""
        data: StepMaterializationData | AssetObservationData
        if isinstance(event, dg.AssetMaterialization):
            kind, data = DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event)
        else:
            kind, data = DagsterEventType.ASSET_OBSERVATION, AssetObservationData(event)
        step = self._step.step
        told = DagsterEvent(
            event_type_value=kind.value,
            job_name=self._step.job_name,
            step_handle=step.handle,
            node_handle=step.node_handle,
            step_kind_value=step.kind.value,
            logging_tags=self._step.event_tags,
            event_specific_data=data,
            message=event.description or "",
            pid=os.getpid(),
        )
        self._keep(event.asset_key, told, self._step.run_id)
        if time.monotonic() - self._written_at >= _AT_MOST_SECONDS:
            self.flush()

    def leave(self, stopped: dict[Recid, list[dg.AssetKey]]) -> None:
        """Say that assets are not to be made for recids after all, and nobody has to mend anything.

        Dagster shows a recid red while the last run that meant to make it has failed. So the last that meant to is no
        run at all; and a red of an earlier run, which Dagster remembers until the asset is made, is forgotten.
        """
        assets: dict[dg.AssetKey, set[str]] = {}
        for recid, unreached in stopped.items():
            for asset in unreached:
                assets.setdefault(asset, set()).add(recid)
        self.flush()
        for asset, recids in assets.items():
            for partition in sorted(recids):
                self._plan(asset, partition, RUNLESS_RUN_ID, RUNLESS_JOB_NAME)
        self.flush()
        forget_red(self._instance, assets)

    def flush(self) -> None:
        """Write what is kept back."""
        if self._waiting:
            # Those of an asset and a kind keep their order, and that of others to them is of no consequence.
            stretches = [self._waiting[kind] for kind in sorted(self._waiting)]
            self._waiting, self._kept = {}, 0
            event_batches.store(self._instance.event_log_storage, stretches)
        self._written_at = time.monotonic()

    def _plan(self, asset: dg.AssetKey, partition: str, run_id: str, job: str) -> None:
        data = AssetMaterializationPlannedData(asset, partition=partition)
        planned = DagsterEvent.build_asset_materialization_planned_event(job, self._step.step.key, data)
        self._keep(asset, planned, run_id)

    def _keep(self, asset: dg.AssetKey, event: DagsterEvent, run_id: str) -> None:
        entry = EventLogEntry(  # type: ignore[no-untyped-call]  # its `__new__` has no annotations
            error_info=None,
            level=_DEBUG,
            user_message="",
            run_id=run_id,
            timestamp=time.time(),
            step_key=self._step.step.key,
            job_name=event.job_name,
            dagster_event=event,
        )
        self._waiting.setdefault((asset.to_string(), event.event_type_value), []).append(entry)
        self._kept += 1
        if self._kept >= _AT_MOST:
            self.flush()


def forget_red(instance: dg.DagsterInstance, assets: dict[dg.AssetKey, set[str]]) -> list[dg.AssetKey]:
    """Have Dagster count again for the assets that it remembers as failed for one of some recids; gives these assets.

    It keeps what it counted, and takes a failed recid out of it only when the asset is made.
    """
    stale = []
    for record in instance.get_asset_records(list(assets)):
        kept = record.asset_entry.cached_status
        if kept is None or not kept.serialized_failed_partition_subset:
            continue
        partitions = dg.DynamicPartitionsDefinition(name=f"{record.asset_entry.asset_key.path[0]}_recid")
        failed = partitions.deserialize_subset(kept.serialized_failed_partition_subset).get_partition_keys()
        if assets[record.asset_entry.asset_key] & set(failed):
            stale.append(record.asset_entry.asset_key)
    if stale:
        instance.wipe_asset_cached_status(stale)
    return stale
