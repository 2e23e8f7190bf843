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

type _Data = AssetMaterializationPlannedData | StepMaterializationData | AssetObservationData
type _Like = tuple[dg.AssetKey, type[_Data], str]
"""The asset, the kind and the run of events that differ in little."""


class RunEvents:
    """The events of one run's step."""

    def __init__(self, context: dg.OpExecutionContext) -> None:
        self._instance = context.instance
        self._step = context.get_step_execution_context()
        self._first: dict[_Like, EventLogEntry] = {}
        self._waiting: dict[_Like, list[EventLogEntry]] = {}
        self._kept = 0
        self._written_at = time.monotonic()

    def plan(self, assets: Iterable[dg.AssetKey], recids: Sequence[Recid]) -> None:
        """Say that assets are going to be made for recids: they show as going on, and red if this run dies."""
        for asset in assets:
            for recid in recids:
                self._keep(asset, AssetMaterializationPlannedData(asset, partition=recid), self._step.run_id)
        self.flush()

    def note(self, event: dg.AssetMaterialization | dg.AssetObservation) -> None:
        """Tell an event, soon."""
        if isinstance(event, dg.AssetMaterialization):
            self._keep(event.asset_key, StepMaterializationData(event), self._step.run_id)
        else:
            self._keep(event.asset_key, AssetObservationData(event), self._step.run_id, event.description or "")
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
                self._keep(asset, AssetMaterializationPlannedData(asset, partition=partition), RUNLESS_RUN_ID)
        self.flush()
        forget_red(self._instance, assets)

    def flush(self) -> None:
        """Write what is kept back."""
        if self._waiting:
            # Those of an asset and a kind keep their order, and that of others to them is of no consequence.
            stretches = list(self._waiting.values())
            self._waiting, self._kept = {}, 0
            event_batches.store(self._instance.event_log_storage, stretches)
        self._written_at = time.monotonic()

    def _keep(self, asset: dg.AssetKey, data: _Data, run_id: str, message: str | None = None) -> None:
        like = asset, type(data), run_id
        first = self._first.get(like)
        if first is None:
            first = self._first[like] = self._entry(data, run_id)
        event = first.get_dagster_event()._replace(event_specific_data=data)
        if message is not None:
            event = event._replace(message=message)
        entry = first._replace(timestamp=time.time(), dagster_event=event)
        self._waiting.setdefault(like, []).append(entry)
        self._kept += 1
        if self._kept >= _AT_MOST:
            self.flush()

    def _entry(self, data: _Data, run_id: str) -> EventLogEntry:
        """An event as Dagster checks it; those like it are made of it."""
        event = self._planned(data, run_id) if isinstance(data, AssetMaterializationPlannedData) else self._told(data)
        return EventLogEntry(  # type: ignore[no-untyped-call]  # its `__new__` has no annotations
            error_info=None,
            level=_DEBUG,
            user_message="",
            run_id=run_id,
            timestamp=time.time(),
            step_key=self._step.step.key,
            job_name=event.job_name,
            dagster_event=event,
        )

    def _planned(self, data: AssetMaterializationPlannedData, run_id: str) -> DagsterEvent:
        job = RUNLESS_JOB_NAME if run_id == RUNLESS_RUN_ID else self._step.job_name
        return DagsterEvent.build_asset_materialization_planned_event(job, self._step.step.key, data)

    def _told(self, data: StepMaterializationData | AssetObservationData) -> DagsterEvent:
        made, step = isinstance(data, StepMaterializationData), self._step.step
        kind = DagsterEventType.ASSET_MATERIALIZATION if made else DagsterEventType.ASSET_OBSERVATION
        return DagsterEvent(
            event_type_value=kind.value,
            job_name=self._step.job_name,
            step_handle=step.handle,
            node_handle=step.node_handle,
            step_kind_value=step.kind.value,
            logging_tags=self._step.event_tags,
            event_specific_data=data,
            message="",
            pid=os.getpid(),
        )


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
