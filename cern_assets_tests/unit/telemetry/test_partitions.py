"""Partitions read from Dagster's SQLite file are those that Dagster itself tells."""

from pathlib import Path

import dagster as dg
import pytest

from cern_assets.defs.partitions import register_recids, registered_recids
from cern_assets.errors import StorageUnavailableError
from cern_assets.model.identifiers import Recid
from cern_assets.settings import load_settings
from cern_assets.telemetry.partitions import kept_in_sqlite, sqlite_partitions

POSTGRES = Path(__file__).parents[3] / "deploy" / "postgres" / "dagster.yaml"


def test_the_file_tells_what_dagster_tells(instance: dg.DagsterInstance) -> None:
    register_recids(instance, "a", [Recid("3"), Recid("1"), Recid("2")])
    register_recids(instance, "b", [Recid("9")])
    home = load_settings().dagster_home
    assert kept_in_sqlite(home)
    told = dict(sqlite_partitions(home, ["a", "b", "c"]))
    assert told == {"a": registered_recids(instance, "a"), "b": ["9"]}
    instance.delete_dynamic_partition("a_recid", "1")
    assert dict(sqlite_partitions(home, ["a"])) == {"a": ["3", "2"]}


def test_a_home_without_an_instance_has_no_partitions_and_gets_none(tmp_path: Path) -> None:
    assert kept_in_sqlite(tmp_path / "none")
    assert list(sqlite_partitions(tmp_path / "none", ["a"])) == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("text", [POSTGRES.read_text(encoding="utf-8"), "- 1\n", "a: [\n"])
def test_dagster_is_asked_where_the_file_says_more_than_we_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "dagster.yaml").write_text(text)
    assert not kept_in_sqlite(tmp_path)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "history" / "runs" / "index.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StorageUnavailableError, match="Dagster instance cannot be read"):
        list(sqlite_partitions(tmp_path, ["a"]))
