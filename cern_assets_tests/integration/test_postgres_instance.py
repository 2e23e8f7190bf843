"""The Dagster instance on PostgreSQL, as `deploy/postgres/dagster.yaml` configures it."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2  # type: ignore[import-untyped]
import pytest
import sqlalchemy

from cern_assets.definitions import build_definitions
from cern_assets.defs.instance import open_instance
from cern_assets.defs.launch import ingest
from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.postgres import PooledEventLogStorage
from cern_assets.model.identifiers import Recid
from cern_assets.settings import load_settings
from cern_assets_tests.services.embedded import running_embedded

pytestmark = pytest.mark.service

OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_CONFIG = Path(__file__).parents[2] / "deploy" / "postgres" / "dagster.yaml"


def test_a_batch_is_ingested_and_its_events_are_kept_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_portal_url: str, postgres_url: str
) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(_CONFIG, home)
    monkeypatch.setenv("CERN_ASSETS_POSTGRES_URL", postgres_url)
    monkeypatch.setenv("CERN_ASSETS_HOME", str(tmp_path))
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", sample_portal_url)
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_FILES_URL", sample_portal_url)
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE", "0")
    recids = [Recid("900001"), Recid("900003"), Recid("900011")]
    with running_embedded(tmp_path / "repository") as repository:
        monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", repository.url)
        monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", repository.token)
        with open_instance(load_settings().dagster_home) as instance:
            runs = list(ingest(build_definitions(), instance, "opendata", recids, batch_size=100))
    assert [run.success for run in runs] == [True], "900011 is bad, which no run can mend"
    with open_instance(load_settings().dagster_home) as instance:
        assert registered_recids(instance, "opendata") == recids
        assert isinstance(instance.event_log_storage, PooledEventLogStorage)
        published = instance.get_materialized_partitions(
            next(key for key in build_definitions().resolve_all_asset_keys() if key.path[-1] == "published_record")
        )
    assert published == {"900001", "900003"}
    with sqlalchemy.create_engine(postgres_url).connect() as connection:
        kept = connection.execute(
            sqlalchemy.text("SELECT count(*) FROM event_logs WHERE run_id = :run"), {"run": runs[0].run_id}
        )
        assert kept.scalar_one() > 2 * 5, "the events of the run are rows of the database"


def test_runs_events_and_schedules_share_a_connection_which_is_made_anew_when_the_server_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    shutil.copy(_CONFIG, tmp_path)
    monkeypatch.setenv("CERN_ASSETS_POSTGRES_URL", postgres_url)
    watching = sqlalchemy.create_engine(postgres_url, isolation_level="AUTOCOMMIT")

    def pids() -> set[int]:
        with watching.connect() as connection:
            return {int(pid) for (pid,) in connection.execute(sqlalchemy.text(OTHERS))}

    def use(instance: dg.DagsterInstance) -> None:
        assert not instance.has_run("none")
        assert not instance.has_dynamic_partition("none", "none")
        assert instance.get_instigator_state("none", "none") is None

    made: list[object] = []
    connect = psycopg2.connect

    def counted(*given: Any, **named: Any) -> object:
        made.append(connect(*given, **named))
        return made[-1]

    before = pids()
    with open_instance(tmp_path) as instance:
        monkeypatch.setattr(psycopg2, "connect", counted)
        use(instance)
        assert not made, "the one with which it was opened is kept"
        (pid,) = pids() - before
        with watching.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        use(instance)
        assert len(made) == 1
        assert len(pids() - before - {pid}) == 1
    watching.dispose()
