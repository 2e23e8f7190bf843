"""Pools, by Dagster's own queue: the daemon's part that starts runs, over the code as it is served."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster_graphql.client.query import LAUNCH_PIPELINE_EXECUTION_MUTATION
from dagster_graphql.test.utils import execute_dagster_graphql

from cern_assets.defs.instance import open_instance

pytestmark = pytest.mark.service

CHECKOUT = Path(__file__).parents[2]
IDLE = {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"}
"""Dagster's own for tests of its queue: a run that is started goes on until somebody says that it has ended."""


class Queue:
    """Jobs launched as the UI does, and the daemon's part that takes runs out of the queue."""

    def __init__(self, workspace: WorkspaceProcessContext) -> None:
        self._workspace = workspace
        self._daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)

    def launch(self, job: str) -> None:
        selector = {"repositoryLocationName": "cern_assets", "repositoryName": "__repository__", "pipelineName": job}
        said: Any = execute_dagster_graphql(
            self._workspace.create_request_context(),
            LAUNCH_PIPELINE_EXECUTION_MUTATION,
            {"executionParams": {"selector": selector, "mode": "default", "runConfigData": {}}},
        )
        assert said.data["launchPipelineExecution"]["__typename"] == "LaunchRunSuccess", said.data

    def going_on(self) -> list[dg.DagsterRun]:
        """After the daemon's next look."""
        list(self._daemon.run_iteration(self._workspace))
        return list(self._workspace.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING])))

    def waiting(self) -> int:
        return self._workspace.instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))


@pytest.fixture
def queue(home: Path) -> Iterator[Queue]:
    config = yaml.safe_load((CHECKOUT / "dagster.yaml").read_text())
    config["concurrency"]["runs"]["max_concurrent_runs"] = 10
    servers = {**config.get("code_servers", {}), "wait_for_local_processes_on_shutdown": True}
    changed = {**config, "run_launcher": IDLE, "code_servers": servers}
    (home / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(changed))
    workspace_file = WorkspaceFileTarget([str(CHECKOUT / "workspace.yaml")])
    with (
        open_instance(home / "dagster") as instance,
        WorkspaceProcessContext(instance, workspace_file) as workspace,
    ):
        yield Queue(workspace)


@pytest.mark.parametrize(
    ("pool", "jobs"),
    [
        ("target_default", ("opendata_retry", "opendata_retry", "opendata_retry")),
        ("source_opendata", ("opendata_inventory", "opendata_inventory")),
        ("store", ("opendata_ledger", "opendata_ledger")),
    ],
)
def test_the_queue_starts_one_run_of_a_pool_after_the_other_and_lets_others_pass(
    queue: Queue, instance: dg.DagsterInstance, pool: str, jobs: tuple[str, ...]
) -> None:
    instance.event_log_storage.set_concurrency_slots(pool, 1)
    for job in (*jobs, "compact_telemetry"):
        queue.launch(job)
    for left in range(len(jobs) - 1, -1, -1):
        queue.going_on()
        runs = queue.going_on()
        assert sorted(run.job_name for run in runs) == sorted(["compact_telemetry", jobs[0]]), "the pool is full"
        assert queue.waiting() == left
        instance.report_run_canceled(next(run for run in runs if run.job_name == jobs[0]))
