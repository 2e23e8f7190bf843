"""The files from which Dagster makes its instance and finds the code: accepted by Dagster, and saying the same."""

import shutil
from pathlib import Path

import dagster as dg
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.instance.config import PoolGranularity
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.workspace.load_target import WorkspaceFileTarget

from cern_assets.defs.celery import WatchfulCeleryRunLauncher

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


def test_the_instance_with_celery_differs_in_its_launcher_and_the_number_of_runs_only() -> None:
    postgres, celery = (
        yaml.safe_load((CHECKOUT / "deploy" / name / "dagster.yaml").read_text()) for name in ("postgres", "celery")
    )
    assert celery.pop("run_launcher")["class"] == WatchfulCeleryRunLauncher.__name__
    assert celery["concurrency"].pop("runs") != postgres["concurrency"].pop("runs")
    assert celery == postgres


def test_ticks_are_forgotten_runs_wait_for_pools_in_the_queue_and_late_assets_are_looked_for(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        kept = instance.get_tick_retention_settings(InstigatorType.SENSOR)
        assert kept[TickStatus.SKIPPED] == 2
        assert instance.get_concurrency_config().pool_config.pool_granularity is PoolGranularity.RUN
        assert instance.freshness_enabled


def test_the_workspace_names_the_code_location() -> None:
    origins = WorkspaceFileTarget([str(CHECKOUT / "workspace.yaml")]).create_origins()
    assert [(origin.location_name, origin.loadable_target_origin.module_name) for origin in origins] == [
        ("cern_assets", "cern_assets.definitions")
    ]
