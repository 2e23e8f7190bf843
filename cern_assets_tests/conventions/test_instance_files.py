"""The files from which Dagster makes its instance and finds the code: accepted by Dagster, and saying the same."""

import shutil
from pathlib import Path

import dagster as dg
from dagster._core.workspace.load_target import WorkspaceFileTarget

CHECKOUT = Path(__file__).parents[2]


def test_the_default_instance_queues_two_runs_and_starts_a_dead_one_again(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 2
        assert instance.run_monitoring_enabled
        assert instance.run_retries_max_retries == 2
        assert not instance.telemetry_enabled


def test_the_postgresql_instance_differs_in_its_storage_only() -> None:
    default = (CHECKOUT / "dagster.yaml").read_text()
    postgres = (CHECKOUT / "deploy" / "postgres" / "dagster.yaml").read_text()
    beginning = "\nconcurrency:\n"
    assert postgres.partition(beginning)[2] == default.partition(beginning)[2]
    assert "\nstorage:\n" in postgres.partition(beginning)[0]


def test_the_workspace_names_the_code_location() -> None:
    origins = WorkspaceFileTarget([str(CHECKOUT / "workspace.yaml")]).create_origins()
    assert [(origin.location_name, origin.loadable_target_origin.module_name) for origin in origins] == [
        ("cern_assets", "cern_assets.definitions")
    ]
