"""Beyond one machine: Celery's workers on Redis, Dagster's instance in PostgreSQL, and a worker whose machine dies."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import PartitionBackfill
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from cern_assets.definitions import build_definitions
from cern_assets.defs.instance import open_instance
from cern_assets.defs.living import process_of
from cern_assets.defs.partitions import register_recids
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets_tests.services.celery_workers import Worker, celery_worker, redis_server
from cern_assets_tests.services.command_line import published_recids
from cern_assets_tests.services.dagster_ui import running_daemon
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.growing import growing_portal
from cern_assets_tests.services.postgres import postgres_cluster

pytestmark = pytest.mark.service

_CONFIG = Path(__file__).parents[2] / "deploy" / "celery" / "dagster.yaml"
_SECONDS = 300
RECIDS = [Recid(str(number)) for number in range(1, 201)]


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    """A portal of 200 records, an embedded repository, PostgreSQL and Redis, as variables of all processes."""
    (tmp_path / "dagster").mkdir()
    quick = _CONFIG.read_text().replace("poll_interval_seconds: 30", "poll_interval_seconds: 2")
    quick = quick.replace("max_concurrent_runs: 4", "max_concurrent_runs: 2")
    (tmp_path / "dagster" / "dagster.yaml").write_text(quick)
    with ExitStack() as stack:
        postgres, broker = stack.enter_context(postgres_cluster()), stack.enter_context(redis_server())
        collection, portal = stack.enter_context(growing_portal())
        repository = stack.enter_context(running_embedded(tmp_path / "repository"))
        collection.put(*RECIDS)
        found = {
            "CERN_ASSETS_POSTGRES_URL": postgres,
            "CERN_ASSETS_BROKER_URL": broker,
            "CERN_ASSETS_HOME": str(tmp_path),
            "DAGSTER_HOME": str(tmp_path / "dagster"),
            "CERN_ASSETS_BATCH_SIZE": "40",
            "CERN_ASSETS_WORKERS": "2",
            "CERN_ASSETS_LEASE_SECONDS": "2",
            "CERN_ASSETS_CLOCK_SKEW_SECONDS": "0",
            "CERN_ASSETS_OPENDATA_API_URL": portal,
            "CERN_ASSETS_OPENDATA_FILES_URL": portal,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
            "CERN_ASSETS_REPOSITORY_URL": repository.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": repository.token,
        }
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        yield found


def _asked_for(instance: dg.DagsterInstance) -> None:
    """The backfill that the UI makes of all recids and stages."""
    register_recids(instance, "opendata", RECIDS)
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="all",
        asset_graph=build_definitions().resolve_asset_graph(),
        partition_names=list(RECIDS),
        asset_selection=[dg.AssetKey(["opendata", stage]) for stage in STAGE_NAMES],
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)


def _killed(instance: dg.DagsterInstance, workers: list[Worker], repository: str) -> dg.DagsterRun:
    """Kill the worker that has a run which is under way, and has published something; gives the run."""

    def victim() -> tuple[Worker, dg.DagsterRun] | None:
        if not published_recids(repository):
            return None
        for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
            process = process_of(instance, run)
            for worker in workers:
                if process and worker.has(process[0]):
                    return worker, run
        return None

    found = retry(retry=retry_if_result(lambda it: it is None), stop=stop_after_delay(_SECONDS), wait=wait_fixed(0.05))
    hit = found(victim)()
    assert hit is not None
    worker, run = hit
    worker.kill()
    return run


@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")  # Dagster of itself
def test_of_200_recids_all_are_published_and_none_twice_although_a_worker_is_killed(
    tmp_path: Path, variables: Mapping[str, str]
) -> None:
    repository = variables["CERN_ASSETS_REPOSITORY_URL"]
    with ExitStack() as stack:
        instance = stack.enter_context(open_instance(tmp_path / "dagster"))
        _asked_for(instance)
        workers = [stack.enter_context(celery_worker(tmp_path, name, variables)) for name in ("one", "two")]
        stack.enter_context(running_daemon(tmp_path, variables))
        run = _killed(instance, workers, repository)
        done = retry(
            retry=retry_if_result(lambda it: it < len(RECIDS)), stop=stop_after_delay(_SECONDS), wait=wait_fixed(0.5)
        )
        published = dg.AssetKey(["opendata", STAGE_NAMES[-1]])
        done(lambda: len(instance.get_materialized_partitions(published)))()
        dead = instance.get_run_by_id(run.run_id)
        assert dead is not None
        assert dead.status is dg.DagsterRunStatus.FAILURE, "nobody had its task any more"
        assert instance.get_runs(dg.RunsFilter(tags={"dagster/parent_run_id": run.run_id})), "and it was begun again"
    counted = Counter(published_recids(repository))
    assert counted == dict.fromkeys(RECIDS, 1)
