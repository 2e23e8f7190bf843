"""The asset of the ledger: five counts that agree, or a failed check that names what is off."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import dagster as dg
import pytest

from cern_assets.definitions import build_definitions
from cern_assets.defs.launch import ingest
from cern_assets.model.identifiers import Recid
from cern_assets.report.small import MOST_LETTERS
from cern_assets.settings import load_settings
from cern_assets.telemetry.spool import SpoolSink
from cern_assets_tests.services.told import all_done

DIFFERENT = "900009"
INDEX = "dagster/history/runs/index.db"


class _Asked:
    """The ledger's asset, run in an instance of which some recids went through."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        definitions = build_definitions()
        list(ingest(definitions, instance, "opendata", [Recid("900003"), Recid(DIFFERENT)], batch_size=100))
        self._job = definitions.resolve_job_def("opendata_ledger")
        self._instance = instance

    def look(self) -> dg.ExecuteInProcessResult:
        return self._job.execute_in_process(instance=self._instance)

    def off(self) -> set[str]:
        """What the check complains of; none if it passes."""
        (check,) = self.look().get_asset_check_evaluations()
        tables = [value for value in check.metadata.values() if isinstance(value, dg.TableMetadataValue)]
        found = {" ".join(str(cell) for cell in row.data.values()) for table in tables for row in table.records}
        assert check.passed == (not found)
        return found


@pytest.fixture
def asked(instance: dg.DagsterInstance) -> _Asked:
    return _Asked(instance)


def test_where_recids_stand_is_told_in_numbers_a_bar_and_a_table(asked: _Asked) -> None:
    result = asked.look()
    (made,) = result.asset_materializations_for_node("ledgers__opendata")
    told = made.metadata
    assert (told["in"].value, told["published"].value, told["balanced"].value) == (2, 2, True)
    assert isinstance(told["states"], dg.MarkdownMetadataValue)
    assert len(str(told["states"].value)) <= MOST_LETTERS
    assert isinstance(told["buckets"], dg.TableMetadataValue)
    (bucket,) = told["buckets"].records
    assert (bucket.data["state"], bucket.data["recids"]) == ("published", "2")
    (check,) = result.get_asset_check_evaluations()
    assert check.passed


@contextmanager
def _gone(path: Path) -> Iterator[None]:
    beside = path.with_name(f"{path.name}.gone")
    path.rename(beside)
    yield
    beside.rename(path)


@contextmanager
def _without_an_event(path: Path) -> Iterator[None]:
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    yield
    path.write_bytes(whole)


@contextmanager
def _without_rows(path: Path, table: str, where: str) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as database, database:
        rows = database.execute(f"SELECT * FROM {table} WHERE {where}").fetchall()
        database.execute(f"DELETE FROM {table} WHERE {where}")
    yield
    with closing(sqlite3.connect(path)) as database, database:
        marks = ", ".join("?" for _ in rows[0])
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def test_one_thing_less_anywhere_fails_the_check_which_names_it(asked: _Asked, home: Path) -> None:
    assert asked.off() == set()
    store = home / "store"
    last_of = {path: path.read_text().splitlines()[-1] for path in (home / "telemetry").glob("events-*.jsonl")}
    (spool,) = (path for path, line in last_of.items() if '"outcome"' in line)

    def of(folder: str, name: str) -> Path:
        (found,) = (store / folder).rglob(name)
        return found

    receipt = f"{DIFFERENT}.json"
    stages = ("raw_record", "raw_files", "metadata", "archive", "published_record")
    missing = "telemetry says that the stage is done, and it has no document"
    cases: list[tuple[AbstractContextManager[None], set[str]]] = [
        *((_gone(of(f"documents/opendata/{stage}", receipt)), {f"{DIFFERENT} {stage} {missing}"}) for stage in stages),
        (
            _gone(of("journal/opendata", DIFFERENT)),
            {f"{DIFFERENT} published_record it is published, and the journal has no entry of it"},
        ),
        (
            _without_rows(home / INDEX, "dynamic_partitions", f"partition = '{DIFFERENT}'"),
            {f"{DIFFERENT}  telemetry tells of it, and it has no partition"},
        ),
        (
            _without_rows(home / "repository/repository.sqlite", "record", f"instr(published, '/{DIFFERENT}\"') > 0"),
            {f"{DIFFERENT} published_record it is published, and the target does not list it"},
        ),
    ]
    for removed, told in cases:
        with removed:
            assert asked.off() == told
    with _without_an_event(spool):
        found = asked.off()
        assert any("published_record it has a document of the stage, and no event" in each for each in found)
    with _gone(spool):
        found = asked.off()
        for recid in ("900003", DIFFERENT):
            assert f"{recid} published_record it has a document of the stage, and no event" in found
            assert f"{recid} published_record the target lists it as published, and no event tells of it" in found
    assert asked.off() == set()


def test_what_other_collections_did_is_no_difference_of_this_one(asked: _Asked, home: Path) -> None:
    sink = SpoolSink(load_settings().telemetry_dir)
    sink.emit(
        [
            event.model_copy(update={"place": event.place.model_copy(update={"collection": "another"})})
            for event in all_done("7")
        ]
    )
    sink.close()
    assert asked.off() == set()
    (made,) = asked.look().asset_materializations_for_node("ledgers__opendata")
    assert made.metadata["published"].value == 2
