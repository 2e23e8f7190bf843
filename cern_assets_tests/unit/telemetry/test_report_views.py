"""The questions that only the report asks, answered on known events with their values."""

from pathlib import Path

import pytest

from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets_tests.services.told import all_done, outcome


@pytest.fixture
def store(tmp_path: Path) -> TelemetryStore:
    """One recid is published, one rejected at its files, one failed there, one has only been read, one not begun."""
    sink = SpoolSink(tmp_path)
    sink.emit(all_done("1", 10))
    for recid, status in (("2", "rejected"), ("3", "failed")):
        sink.emit([outcome(20, recid, "raw_record", "done", size_bytes=5_000, elapsed_seconds=0.25)])
        sink.emit([outcome(21, recid, "raw_files", status, size_bytes=0, elapsed_seconds=9.0)])  # type: ignore[arg-type]
    sink.emit([outcome(20, "4", "raw_record", "unchanged", size_bytes=0, elapsed_seconds=0.0)])
    store = TelemetryStore(tmp_path)
    store.register("opendata", ["1", "2", "3", "4", "5"])
    return store


def test_flows_tell_how_far_recids_came_and_how_they_left(store: TelemetryStore) -> None:
    with store:
        rows = {
            (row["position"], row["state"], row["stopped"]): (row["recids"], row["size_bytes"])
            for row in store.rows("FROM record_flows WHERE collection = 'opendata'")
        }
    assert rows == {
        (0, "pending", False): (1, 0),
        (1, "pending", False): (1, 0),
        (2, "rejected", True): (1, 5_000),
        (2, "pending", True): (1, 5_000),
        (5, "published", False): (1, 7),
    }


def test_size_and_time_are_told_in_cells_of_a_tenth_of_a_decade(store: TelemetryStore) -> None:
    with store:
        cells = {
            (round(float(str(row["size_bytes"]))), round(float(str(row["elapsed_seconds"])), 3)): row["recids"]
            for row in store.rows("FROM size_and_time")
        }
    assert cells == {(6, 1.995): 1, (3_981, 7.943): 2, (1, 0.001): 1}
