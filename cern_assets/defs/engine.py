"""An instance of Dagster as discovery's engine: which runs hold which recids, and what became of them."""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet

import dagster as dg

from cern_assets.defs.launch import RANGE_END_TAG, RANGE_START_TAG
from cern_assets.defs.partitions import contiguous_ranges, registered_recids
from cern_assets.model.discovery import Asked, Outcome
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import STAGE_NAMES

ASKED_TAG = "cern_assets/asked"
"""The key of what a run was asked for; runs that Dagster starts again have it too."""
_PARTITION_TAG = "dagster/partition"
_WILL_RETRY_TAG = "dagster/will_retry"

_GOING_ON = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class DagsterEngine:
    """The runs of one collection; an `Engine` of `flows.discovery.look`."""

    def __init__(self, instance: dg.DagsterInstance, collection: str, *, batch_size: int) -> None:
        self._instance = instance
        self._collection = collection
        self._batch_size = batch_size
        self._registered = registered_recids(instance, collection)
        self._place = {recid: number for number, recid in enumerate(self._registered)}

    def unregistered(self, recids: Iterable[Recid]) -> list[Recid]:
        """Those that are no partitions yet, each once."""
        return [recid for recid in dict.fromkeys(recids) if recid not in self._place]

    def under_way(self) -> AbstractSet[Recid]:
        """The recids of all runs that are queued or going on, whoever began them."""
        runs = self._instance.get_runs(dg.RunsFilter(statuses=_GOING_ON))
        return {recid for run in runs if self._is_ours(run) for recid in self._held(run)}

    def outcome(self, asked: Asked) -> Outcome:
        """What became of a run that was asked for; the last one counts, where Dagster started it again.

        One that somebody cancelled has ended: it was not to be. One that was made and not handed to the queue, as the
        daemon died in between, is not there: asking again hands it over.
        """
        runs = self._instance.get_runs(dg.RunsFilter(tags={ASKED_TAG: asked.key}))
        if not runs or all(run.status is dg.DagsterRunStatus.NOT_STARTED for run in runs):
            return Outcome("not there")
        last = runs[0]
        if any(not run.is_finished for run in runs):
            return Outcome("under way")
        if last.status is dg.DagsterRunStatus.FAILURE and not self._came_to_its_end(last):
            return Outcome("under way" if last.tags.get(_WILL_RETRY_TAG) == "true" else "died")
        return Outcome("ended", frozenset(self._held(last)))

    def withdrawn(self, recids: Collection[Recid]) -> AbstractSet[Recid]:
        """Those of some recids that their last run found withdrawn."""
        return {recid for recid in recids if self._last_status(recid) == "withdrawn"}

    def batches(self, recids: Sequence[Recid]) -> Sequence[Sequence[Recid]]:
        """Split recids into those of one run each, neighbours among the partitions; the most urgent run first."""
        order = [*self._registered, *self.unregistered(recids)]
        place = {recid: number for number, recid in enumerate(order)}
        urgency = {recid: number for number, recid in enumerate(recids)}
        ranges = contiguous_ranges(order, recids, self._batch_size)
        batches = [order[place[first] : place[last] + 1] for first, last in ranges]
        return sorted(batches, key=lambda batch: min(urgency[recid] for recid in batch))

    def request(self, asked: Asked) -> dg.RunRequest:
        """The request of a run; Dagster makes one run of a key, however often it is asked."""
        recids = list(asked.seen)
        return dg.RunRequest(
            run_key=asked.key, tags={RANGE_START_TAG: recids[0], RANGE_END_TAG: recids[-1], ASKED_TAG: asked.key}
        )

    def _is_ours(self, run: dg.DagsterRun) -> bool:
        selected = run.asset_selection or ()
        return run.job_name == f"{self._collection}_ingest" or any(key.path[0] == self._collection for key in selected)

    def _held(self, run: dg.DagsterRun) -> list[Recid]:
        if _PARTITION_TAG in run.tags:
            return [Recid(run.tags[_PARTITION_TAG])]
        first, last = (self._place.get(Recid(run.tags.get(tag, ""))) for tag in (RANGE_START_TAG, RANGE_END_TAG))
        return [] if first is None or last is None else self._registered[first : last + 1]

    def _came_to_its_end(self, run: dg.DagsterRun) -> bool:
        """Whether the run failed by its own word, that recids stopped, and not by the end of its process."""
        records = self._instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
        events = [record.event_log_entry.dagster_event for record in records]
        return any(event is not None and event.step_failure_data.user_failure_data is not None for event in events)

    def _last_status(self, recid: Recid) -> str:
        asked = dg.AssetRecordsFilter(
            asset_key=dg.AssetKey([self._collection, STAGE_NAMES[0]]), asset_partitions=[recid]
        )
        records = self._instance.fetch_observations(asked, limit=1).records
        observation = records[0].asset_observation if records else None
        return str(observation.metadata["status"].value) if observation else ""
