"""Each question of `sql/views/` about where time, bytes and fields go, answered on known events with its values."""

from pathlib import Path

import pytest

from cern_assets.model.events import (
    ArchiveWritten,
    CallMade,
    CallsPlanned,
    FileMoved,
    How,
    Leaf,
    LeavesTold,
    Planned,
    RecidPlan,
    StageStarted,
    Waited,
    Way,
)
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets.telemetry.compaction import compact
from cern_assets.telemetry.database import Row
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets_tests.services.told import fact, moment, outcome

HOUR = 3_600


def _call(status: int, attempt: int = 1, wait_seconds: float = 0.0) -> CallMade:
    return CallMade(
        system="opendata", method="GET", route="/api/records/*", http_status=status, attempt=attempt,
        elapsed_seconds=0.5, wait_seconds=wait_seconds,
    )  # fmt: skip


def _file(way: Way, how: How, size_bytes: int) -> FileMoved:
    return FileMoved(key="a.root", way=way, how=how, size_bytes=size_bytes, elapsed_seconds=1.0)


def _zip(content_bytes: int, size_bytes: int) -> ArchiveWritten:
    return ArchiveWritten(key="a.zip", files=2, size_bytes=size_bytes, content_bytes=content_bytes, how="moved")


def _leaves(*fates: tuple[str, str, int]) -> LeavesTold:
    return LeavesTold(leaves=tuple(Leaf.model_validate(dict(zip(("path", "fate", "leaves"), each))) for each in fates))  # noqa: B905  threes


@pytest.fixture(params=["loose", "compacted"])
def spool(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Two hours of a collection: two recids go through, one of them was on tape, and one never gets past its files."""
    sink = SpoolSink(tmp_path)
    sink.emit([fact(1, "1", "raw_record", _call(503)), fact(2, "1", "raw_record", _call(200, 2, wait_seconds=3.0))])
    sink.emit([fact(3, "1", "raw_record", Waited(reason="retry", wait_seconds=0.25))])
    sink.emit([fact(4, "2", "raw_record", _call(200))])
    sink.emit([outcome(10, "1", "raw_record", "done", elapsed_seconds=8.0)])
    sink.emit(
        [fact(11, "1", "raw_files", _file("in", "moved", 100)), fact(12, "1", "raw_files", _file("in", "kept", 50))]
    )
    sink.emit([outcome(20, "1", "raw_files", "done", elapsed_seconds=5.0, size_bytes=150)])
    sink.emit([fact(21, "1", "metadata", _leaves(("title", "unmapped", 1)))])
    sink.emit([fact(22, "1", "metadata", _leaves(("title", "carried", 1), ("note", "dropped", 2)))])
    sink.emit([fact(23, "2", "metadata", _leaves(("title", "carried", 2), ("note", "carried", 6)))])
    sink.emit([fact(24, "1", "archive", _zip(100, 110)), fact(25, "2", "archive", _zip(300, 330))])
    sink.emit([fact(26, "1", "published_record", _file("out", "sent", 110))])
    sink.emit([outcome(30, "2", "raw_files", "waiting", code="FileOffline", message="on tape", elapsed_seconds=1.0)])
    sink.emit([outcome(40, "3", "raw_files", "rejected", elapsed_seconds=1.0)])
    sink.emit([outcome(41, "3", "raw_files", "rejected", elapsed_seconds=1.0, message="again")])
    sink.emit([outcome(HOUR + 30, "2", "raw_files", "done", started=moment(HOUR + 10), elapsed_seconds=20.0)])
    sink.emit([outcome(2 * HOUR, "2", "published_record", "done", elapsed_seconds=5.0)])
    sink.emit([fact(2 * HOUR + 1, "1", "published_record", StageStarted())])
    sink.close()
    if request.param == "compacted":
        compact(tmp_path)
    return tmp_path


def _rows(spool: Path, query: str, *columns: str) -> list[tuple[object, ...]]:
    with TelemetryStore(spool) as store:
        return [tuple(row[column] for column in columns) for row in store.rows(query)]


def test_throughput_is_counted_by_stage_and_hour(spool: Path) -> None:
    columns = ("hour", "outcomes", "done", "size_bytes", "elapsed_seconds")
    query = "SELECT * REPLACE (hour(hour) AS hour) FROM throughput_by_hour WHERE stage = 'raw_files' ORDER BY ALL"
    assert _rows(spool, query, *columns) == [(0, 4, 1, 150, 8.0), (1, 1, 1, 7, 20.0)]


def test_the_slowest_recids_are_told_with_their_slowest_stage(spool: Path) -> None:
    columns = ("place", "recid", "elapsed_seconds", "slowest_stage", "slowest_stage_seconds", "attempts", "size_bytes")
    assert _rows(spool, "FROM slowest_recids ORDER BY place", *columns) == [
        (1, "2", 26.0, "raw_files", 21.0, 2, 7),
        (2, "1", 13.0, "raw_record", 8.0, 1, 150),
        (3, "3", 2.0, "raw_files", 2.0, 2, 7),
    ]


def test_waits_stand_beside_the_whole_time_of_a_stage(spool: Path) -> None:
    query = "FROM waits WHERE stage IN ('raw_record', 'raw_files') ORDER BY stage DESC, what"
    assert _rows(spool, query, "stage", "what", "seconds", "times") == [
        ("raw_record", "pace", 3.0, 1),
        ("raw_record", "retry", 0.25, 1),
        ("raw_record", "stage", 8.0, 1),
        ("raw_files", "stage", 28.0, 5),
        ("raw_files", "tape", HOUR - 20.0, 1),
    ]


def test_the_bottleneck_is_the_stage_that_takes_most_of_the_last_hour(spool: Path) -> None:
    columns = ("place", "stage", "elapsed_seconds", "share", "outcomes", "running")
    assert _rows(spool, "FROM bottleneck_now ORDER BY place", *columns) == [
        (1, "raw_files", 20.0, 0.8, 1, 0),
        (2, "published_record", 5.0, 0.2, 1, 1),
    ]


def test_failures_are_counted_by_kind_with_their_last_words(spool: Path) -> None:
    columns = ("status", "code", "times", "recids", "last_recid", "last_message")
    assert _rows(spool, "FROM failures_by_kind ORDER BY code", *columns) == [
        ("rejected", "ChecksumMismatch", 2, 1, "3", "again"),
        ("waiting", "FileOffline", 1, 1, "2", "on tape"),
    ]


def test_retries_are_told_by_route_with_what_made_them(spool: Path) -> None:
    columns = ("route", "calls", "repeated", "most_attempts", "unanswered", "told_to_wait", "server_errors")
    assert _rows(spool, "FROM retries", *columns) == [("/api/records/*", 3, 1, 2, 0, 0, 1)]


def test_bytes_are_told_by_way_and_those_that_were_saved(spool: Path) -> None:
    columns = ("way", "how", "saved", "files", "size_bytes", "elapsed_seconds")
    assert _rows(spool, "FROM bytes_moved ORDER BY ALL", *columns) == [
        ("in", "kept", True, 1, 50, 1.0),
        ("in", "moved", False, 1, 100, 1.0),
        ("out", "sent", False, 1, 110, 1.0),
    ]


def test_what_stays_at_the_source_is_told_by_recid_and_reason_as_the_last_run_left_it(tmp_path: Path) -> None:
    def left(key: str, size_bytes: int, reason: str) -> FileMoved:
        return FileMoved(key=key, way="in", how="left out", size_bytes=size_bytes, reason=reason)

    sink = SpoolSink(tmp_path)
    sink.emit([fact(1, "1", "raw_files", left("a", 100, "pattern")), fact(2, "1", "raw_files", left("b", 20, "limit"))])
    sink.emit([fact(3, "1", "raw_files", left("c", 3, "limit")), fact(4, "2", "raw_files", left("d", 7, "limit"))])
    sink.emit([fact(9, "1", "raw_files", FileMoved(key="b", way="in", how="moved", size_bytes=20))])
    sink.close()
    with TelemetryStore(tmp_path) as store:
        told = sorted(tuple(row.values()) for row in store.rows("SELECT * EXCLUDE collection FROM files_left_out"))
    assert told == [("1", "limit", 1, 3), ("1", "pattern", 1, 100), ("2", "limit", 1, 7)]


def test_archives_are_told_with_what_they_add_to_their_content(spool: Path) -> None:
    columns = ("how", "archives", "members", "content_bytes", "size_bytes", "size_per_content")
    assert _rows(spool, "FROM archives_written", *columns) == [("moved", 2, 4, 400, 440, 1.1)]


def test_fates_of_fields_are_those_of_the_last_conversion(spool: Path) -> None:
    columns = ("path", "fate", "recids", "leaves", "share")
    assert _rows(spool, "FROM metadata_fates ORDER BY ALL", *columns) == [
        ("note", "carried", 1, 6, 0.75),
        ("note", "dropped", 1, 2, 0.25),
        ("title", "carried", 2, 3, 1.0),
    ]


def test_calls_are_told_by_recid(spool: Path) -> None:
    columns = ("stage", "system", "recids", "calls", "calls_per_recid", "most_calls", "seconds_per_call")
    assert _rows(spool, "FROM calls_per_recid", *columns) == [("raw_record", "opendata", 2, 3, 1.5, 2, 0.5)]


def test_a_plan_is_compared_with_what_ran_after_it_and_names_the_recid_that_is_most_off(spool: Path) -> None:
    calls = (CallsPlanned(system="opendata", calls=2), CallsPlanned(system="repository", calls=4))
    plan = RecidPlan(status="done", calls=calls, files=1, read_bytes=100, sent_bytes=9, lost_leaves=2)
    sink = SpoolSink(spool)
    sink.emit([fact(second, "1", "raw_record", Planned(plan=plan)) for second in (0, 0.5)])
    sink.emit([fact(3 * HOUR, "2", "raw_record", Planned(plan=plan))])  # nothing ran after it
    sink.close()
    columns = ("what", "planned", "fact", "error", "recids_off", "most_off")
    assert _rows(spool, "FROM plan_and_fact ORDER BY what", *columns) == [
        ("archive_bytes", 0, 110, None, 1, "1"),
        ("archives", 0, 1, None, 1, "1"),
        ("calls opendata", 2, 2, 0.0, 0, ""),
        ("calls repository", 4, 0, -1.0, 1, "1"),
        ("files", 1, 1, 0.0, 0, ""),
        ("lost_leaves", 2, 2, 0.0, 0, ""),
        ("published", 1, 0, -1.0, 1, "1"),
        ("read_bytes", 100, 100, 0.0, 0, ""),
        ("sent_bytes", 9, 110, pytest.approx(110 / 9 - 1), 1, "1"),
    ]


def test_time_left_goes_by_the_pace_of_the_latest_run_and_says_how_wrong_it_was(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path)
    sink.emit([outcome(0, "9", STAGE_NAMES[-1], "done")])  # of an earlier run
    # Four come every ten seconds, the other four every twenty: a forecast at half time is half as long as it takes.
    for number, second in enumerate((100, 110, 120, 130, 150, 170, 190, 210), start=1):
        told = outcome(second, str(number), STAGE_NAMES[-1], "done")
        sink.emit([told.model_copy(update={"place": told.place.model_copy(update={"run_id": "latest"})})])
    sink.close()
    with TelemetryStore(tmp_path) as store:
        store.register("opendata", [str(number) for number in range(1, 15)])
        (row,) = store.rows("FROM time_left")
    assert _values(row, "pending", "published", "seconds_left", "error") == (5, 8, pytest.approx(5 * 110 / 7), -0.5)


def _values(row: Row, *columns: str) -> tuple[object, ...]:
    return tuple(row[column] for column in columns)
