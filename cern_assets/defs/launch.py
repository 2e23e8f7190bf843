"""Ingesting a list of recids through Dagster, without a daemon: the runs are recorded like any other."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import batched

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.execution.execution_result import ExecutionResult
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.events import LOST
from cern_assets.defs.living import PROCESS_TAG, end_runs_of_the_dead, living_process
from cern_assets.defs.partitions import register_recids
from cern_assets.defs.recid_runs import config_of
from cern_assets.defs.resources import PortsOpener
from cern_assets.flows.cancellation import Cancellation
from cern_assets.flows.stages import Context
from cern_assets.model.events import Event
from cern_assets.model.identifiers import Recid
from cern_assets.ports import TelemetrySink

MAX_RETRIES_TAG = "dagster/max_retries"
"""How often the daemon repeats a run by itself: never one of ours, which whoever started it may not want to go on."""
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LOCATION = "cern_assets"
"""The code location's name, as `workspace.yaml` gives it."""

type Watch = Callable[[Event], None]


@dataclass(frozen=True)
class Launched:
    """A run that has ended: its id, whether no recid of it stopped, and whether somebody ended it early.

    `failure` says why it failed as a whole, "" where at most some of its recids stopped.
    """

    run_id: str
    success: bool
    cancelled: bool
    failure: str = ""


def ingest(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    collection: str,
    recids: Sequence[Recid],
    *,
    batch_size: int,
    cancellation: Cancellation | None = None,
) -> Iterator[Launched]:
    """Register the recids as partitions and run all stages for them, `batch_size` of them a run, in this process.

    Runs of processes that died are marked failed first. The flag `cancellation`, which the resource `ports` hands to
    the recids, ends the running batch; no other begins.
    """
    end_runs_of_the_dead(instance)
    register_recids(instance, collection, recids)
    job = definitions.resolve_job_def(f"{collection}_ingest")
    with living_process(instance) as process:
        for batch in batched(dict.fromkeys(recids), batch_size):
            run = instance.create_run_for_job(
                job_def=job,
                run_config=config_of(collection, batch) | _QUIET,
                tags={PROCESS_TAG: process, MAX_RETRIES_TAG: "0"},
                remote_job_origin=_origin(job.name),
            )
            result = execute_run(InMemoryJob(job), run, instance)
            cancelled = cancellation is not None and cancellation.requested
            if cancelled:
                instance.report_run_canceled(run)
            failure = "" if result.success or cancelled else _failure(result)
            yield Launched(run_id=run.run_id, success=result.success, cancelled=cancelled, failure=failure)
            if cancelled:
                return


def _failure(result: ExecutionResult) -> str:
    """Why a run failed as a whole: not because recids stopped, which the ledger tells one by one."""
    failed = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    if not failed:
        return "it failed outside of its step; Dagster's UI has the error."
    told = failed[0].user_failure_data
    error = failed[0].error
    while error and error.cause:  # what Dagster wraps around it tells of Dagster
        error = error.cause
    if told is None:
        return error.message.strip() if error else "its step failed without a word."
    return str(told.metadata[LOST].value) if LOST in told.metadata else ""


def _origin(job: str) -> RemoteJobOrigin:
    """Where the UI finds the job again, so that its button *Re-execute* works on our runs as on its own.

    `JobDefinition.execute_in_process` leaves this out; hence the few names of Dagster's inside.
    """
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="cern_assets.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name=LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job)


@dataclass(frozen=True)
class WatchedPorts:
    """A `ports` resource whose events are also shown to a watcher, for a progress bar."""

    inner: PortsOpener
    watch: Watch

    @contextmanager
    def opened(self, spec: CollectionSpec) -> Iterator[Context]:
        """The inner resource's ports, with a telemetry sink that tells the watcher too."""
        with self.inner.opened(spec) as context:
            told = replace(context.adapters, telemetry=_Tee(context.adapters.telemetry, self.watch))
            yield replace(context, adapters=told)


@dataclass(frozen=True)
class _Tee:
    sink: TelemetrySink
    watch: Watch

    def ping(self) -> str:
        return self.sink.ping()

    def emit(self, events: Sequence[Event]) -> None:
        self.sink.emit(events)
        for event in events:
            self.watch(event)
