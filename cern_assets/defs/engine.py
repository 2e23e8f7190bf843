"""An instance of Dagster as discovery's engine: which runs hold which recids, and what became of them."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import batched

import dagster as dg

from cern_assets.collections.segments import segment_names, segment_of
from cern_assets.defs.checks import opened_ledger_of, recids_to_retry
from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.recid_runs import PRIORITY_TAG, config_of, listed_recids
from cern_assets.defs.retries import retry_name
from cern_assets.model.discovery import Asked, Outcome
from cern_assets.model.identifiers import Recid

ASKED_TAG = "cern_assets/asked"
"""The key of what a run was asked for; runs that Dagster starts again have it too."""
_FEW = 0.1
"""Share of a batch up to which a run counts as small."""
_PARTITION_TAG = "dagster/partition"
_RANGE_TAGS = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_WILL_RETRY_TAG = "dagster/will_retry"
"""Of a failed run that Dagster is going to begin again by itself."""
_BEGUN_AGAIN_SECONDS = 3600.0
"""Within which it does so; later it has forgotten, as where its retries were switched off meanwhile."""

_GOING_ON = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class DagsterEngine:
    """The runs of one collection; an `Engine` of `flows.discovery.look`."""

    def __init__(
        self,
        instance: dg.DagsterInstance,
        collection: str,
        *,
        batch_size: int,
        priority: int = 0,
        segments: int | None = None,
    ) -> None:
        self._instance = instance
        self._collection = collection
        self._batch_size = batch_size
        self._priority = priority
        self._registered = registered_recids(instance, collection)
        self._known = frozenset(self._registered)
        self._segments = segments
        self._keys: Sequence[str] = segment_names(segments) if segments else self._registered
        self._place = {key: number for number, key in enumerate(self._keys)}

    def unregistered(self, recids: Iterable[Recid]) -> list[Recid]:
        """Those that are no partitions yet, each once."""
        return [recid for recid in dict.fromkeys(recids) if recid not in self._known]

    def under_way(self) -> AbstractSet[Recid]:
        """The recids of all runs that are queued or going on, whoever began them.

        A run of the job that retries has whatever may be retried.
        """
        runs = self._instance.get_runs(dg.RunsFilter(statuses=_GOING_ON))
        held = {recid for run in runs if self._is_ours(run) for recid in self._held(run)}
        if any(run.job_name == retry_name(self._collection) for run in runs):
            held.update(recids_to_retry(self._instance, self._collection))
        return held

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
        if last.status is dg.DagsterRunStatus.FAILURE and not came_to_its_end(self._instance, last):
            return Outcome("under way" if will_be_begun_again(self._instance, last) else "died")
        return Outcome("ended", frozenset(self._held(last)))

    def withdrawn(self, recids: Collection[Recid]) -> AbstractSet[Recid]:
        """Those of some recids that their last run found withdrawn."""
        if not recids:
            return frozenset()
        with opened_ledger_of(self._instance, self._collection) as ledger:
            return {Recid(str(row["recid"])) for row in ledger.entries("withdrawn")} & set(recids)

    def batches(self, recids: Sequence[Recid]) -> Sequence[Sequence[Recid]]:
        """Split recids into those of one run each, the most urgent run first."""
        return [list(batch) for batch in batched(recids, self._batch_size)]

    def request(self, asked: Asked) -> dg.RunRequest:
        """The request of a run; Dagster makes one run of a key, however often it is asked."""
        config = config_of(self._collection, list(asked.seen))
        return dg.RunRequest(
            run_key=asked.key, run_config=config, tags={ASKED_TAG: asked.key, **self.tags_of(len(asked.seen))}
        )

    def tags_of(self, recids: int) -> dict[str, str]:
        """Tags of a run of so many recids: a few that changed are not to wait behind thousands that are new."""
        few = recids <= self._batch_size * _FEW
        return {PRIORITY_TAG: str(self._priority + (1 if few else 0))}

    def _is_ours(self, run: dg.DagsterRun) -> bool:
        selected = run.asset_selection or ()
        return run.job_name == f"{self._collection}_ingest" or any(key.path[0] == self._collection for key in selected)

    def _held(self, run: dg.DagsterRun) -> list[Recid]:
        if listed := listed_recids(self._collection, run.run_config):
            return listed
        keys = self._partitions(run.tags)
        if self._segments is None:
            return [Recid(key) for key in keys]
        held = frozenset(keys)
        return [recid for recid in self._registered if segment_of(recid, self._segments) in held]

    def _partitions(self, tags: Mapping[str, str]) -> Sequence[str]:
        if _PARTITION_TAG in tags:
            return [tags[_PARTITION_TAG]]
        first, last = (self._place.get(tags.get(tag, "")) for tag in _RANGE_TAGS)
        return [] if first is None or last is None else self._keys[first : last + 1]


def will_be_begun_again(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether Dagster is still going to begin a failed run again."""
    record = instance.get_run_record_by_id(run.run_id) if run.tags.get(_WILL_RETRY_TAG) == "true" else None
    return record is not None and time.time() - (record.end_time or time.time()) < _BEGUN_AGAIN_SECONDS


def came_to_its_end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run failed by its own word, that recids stopped, and not by the end of its process."""
    records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    events = [record.event_log_entry.dagster_event for record in records]
    return any(event is not None and event.step_failure_data.user_failure_data is not None for event in events)
