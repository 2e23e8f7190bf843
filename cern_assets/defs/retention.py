"""How long runs are remembered: old ones are forgotten, but for those that Dagster's pages still count by.

Dagster keeps each run and its events for ever. What a partition's colour is made of are the last events of its recid;
a run that has one of these stays, whatever its age. The ledger and the documents are none of Dagster's, and stay too.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from dagster._core.events import DagsterEventType
from dagster._core.storage.event_log import SqlEventLogStorage, SqlEventLogStorageTable

from cern_assets.settings import load_settings

_COUNTED = [
    kind.value
    for kind in (
        DagsterEventType.ASSET_MATERIALIZATION,
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_OBSERVATION,
    )
]
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_PIECE = 500


def forget_old_runs(instance: dg.DagsterInstance, *, older_than: datetime) -> tuple[int, int]:
    """Delete ended runs with their events; how many were, and how many stay as Dagster counts by them."""
    needed = runs_that_count(instance)
    deleted = kept = 0
    for run_id in list(_ended(instance, older_than)):
        if run_id in needed:
            kept += 1
        else:
            instance.delete_run(run_id)
            deleted += 1
    return deleted, kept


def runs_that_count(instance: dg.DagsterInstance) -> set[str]:
    """Runs with the last event of its kind of an asset and partition.

    Raises:
        TypeError: the events are kept where this cannot be asked.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"Runs are not forgotten: of {type(storage).__name__} it is not known which of them count.")
    table = SqlEventLogStorageTable.c
    last = (
        sa.select(sa.func.max(table.id))
        .where(table.dagster_event_type.in_(_COUNTED))
        .group_by(table.asset_key, table.partition, table.dagster_event_type)
    )
    with storage.index_connection() as connection:
        return {
            run_id for (run_id,) in connection.execute(sa.select(table.run_id).where(table.id.in_(last)).distinct())
        }


def _ended(instance: dg.DagsterInstance, older_than: datetime) -> Iterator[str]:
    """Ids of ended runs, the oldest first."""
    cursor = None
    while True:
        records = instance.get_run_records(
            dg.RunsFilter(statuses=_ENDED, updated_before=older_than), limit=_PIECE, cursor=cursor, ascending=True
        )
        yield from (record.dagster_run.run_id for record in records)
        if len(records) < _PIECE:
            return
        cursor = records[-1].dagster_run.run_id


@dg.op
def forget_runs(context: dg.OpExecutionContext) -> None:
    """Forget what is older than `CERN_ASSETS_KEEP_RUNS_DAYS`."""
    days = load_settings().keep_runs_days
    if not days:
        context.log.info("CERN_ASSETS_KEEP_RUNS_DAYS is 0: every run is kept.")
        return
    deleted, kept = forget_old_runs(context.instance, older_than=datetime.now(UTC) - timedelta(days=days))
    context.log.info(f"{deleted} runs older than {days} days are forgotten; {kept} have the last word about a recid.")


@dg.job(executor_def=dg.in_process_executor, description="Forgets old runs, but for those that Dagster counts by.")
def retention() -> None:
    """A daily job."""
    forget_runs()


daily_retention = dg.ScheduleDefinition(
    job=retention, cron_schedule="50 3 * * *", default_status=dg.DefaultScheduleStatus.RUNNING
)
