"""The asset of compacted events: it may run at any time, again, or beside another, and readers see the same."""

import fcntl

import dagster as dg

from cern_assets.definitions import build_definitions
from cern_assets.defs.compaction import KEY
from cern_assets.settings import load_settings
from cern_assets.telemetry.catalog import look
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets_tests.services.told import all_done


def _compacted(instance: dg.DagsterInstance) -> dict[str, object]:
    job = build_definitions().resolve_job_def("compact_telemetry")
    done = job.execute_in_process(instance=instance)
    (made,) = done.asset_materializations_for_node("telemetry__events")
    assert made.asset_key == KEY
    return {name: value.value for name, value in made.metadata.items()}


def _told(recid: str) -> None:
    sink = SpoolSink(load_settings().telemetry_dir)
    sink.emit(all_done(recid))
    sink.close()


def _read() -> list[object]:
    with TelemetryStore(load_settings().telemetry_dir) as store:
        return [row["recid"] for row in store.rows("SELECT recid FROM outcomes ORDER BY recid, ts")]


def test_closed_files_become_parquet_by_the_asset_and_late_ones_by_its_next_run(instance: dg.DagsterInstance) -> None:
    _told("1")
    told = _compacted(instance)
    assert (told["spool_files"], told["parts"]) == (1, 1)
    _told("2")
    assert _read() == ["1"] * 5 + ["2"] * 5
    assert _compacted(instance)["spool_files"] == 1
    assert _compacted(instance)["spool_files"] == 0
    assert look(load_settings().telemetry_dir).loose == {}
    assert _read() == ["1"] * 5 + ["2"] * 5


def test_beside_another_compaction_the_asset_leaves_it_to_that_one(instance: dg.DagsterInstance) -> None:
    _told("1")
    place = load_settings().telemetry_dir / "compact"
    place.mkdir()
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert _compacted(instance) == {"compacted_by": "another process"}
    assert len(look(load_settings().telemetry_dir).loose) == 1


def test_a_schedule_compacts_without_being_asked() -> None:
    schedule = build_definitions().resolve_schedule_def("compact_telemetry_schedule")
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.job_name == "compact_telemetry"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
