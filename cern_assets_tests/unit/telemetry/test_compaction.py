"""Compaction: closed files become Parquet by day, in one step, and each line is read once, whoever dies when."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cern_assets.telemetry.catalog import look
from cern_assets.telemetry.compaction import compact, write_standing
from cern_assets.telemetry.database import parquet
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets_tests.services.told import all_done, outcome

DAY = 86_400
SEEDS = int(os.environ.get("CERN_ASSETS_TEST_SEEDS", "2"))
WRITERS = 4


def _told(folder: Path, *events: object) -> None:
    sink = SpoolSink(folder)
    for event in events:
        sink.emit([event])  # type: ignore[list-item]
    sink.close()


def _read(folder: Path) -> list[tuple[object, object]]:
    with TelemetryStore(folder) as store:
        rows = store.rows("SELECT recid, ts FROM all_lines ORDER BY ts, recid")
        return [(row["recid"], row["ts"]) for row in rows]


def _days(folder: Path) -> list[str]:
    return [day for day, _ in look(folder).catalog.parts]


def test_lines_lie_by_day_and_late_ones_join_theirs(tmp_path: Path) -> None:
    _told(tmp_path, outcome(1, "1", "raw_record", "done"), outcome(DAY, "2", "raw_record", "done"))
    before = _read(tmp_path)
    done = compact(tmp_path, grace_seconds=0)
    assert done is not None
    assert (done.files, done.parts) == (2, 2)
    assert _read(tmp_path) == before
    _told(tmp_path, outcome(2, "3", "raw_record", "done"))
    compact(tmp_path, grace_seconds=0)
    assert _days(tmp_path) == ["2026-01-01", "2026-01-01", "2026-01-02"]
    assert [recid for recid, _ in _read(tmp_path)] == ["1", "3", "2"]


def test_a_file_that_is_written_to_stays_until_it_is_closed(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path)
    sink.emit(all_done("1"))
    compact(tmp_path, grace_seconds=0)
    assert _days(tmp_path) == []
    sink.emit([outcome(9, "2", "raw_record", "done")])
    sink.close()
    compact(tmp_path, grace_seconds=0)
    assert len(_read(tmp_path)) == 6


def test_parts_of_a_crowded_day_are_put_together(tmp_path: Path) -> None:
    for number in range(18):
        _told(tmp_path, outcome(number, str(number), "raw_record", "done"))
        compact(tmp_path, grace_seconds=0)
    assert len(_days(tmp_path)) < 5
    assert len(list((tmp_path / "compact").rglob("*.parquet"))) == len(_days(tmp_path)) + 2  # standing, reports
    assert [recid for recid, _ in _read(tmp_path)] == [str(number) for number in range(18)]


def test_readers_that_began_before_find_what_they_saw_until_the_grace_is_over(tmp_path: Path) -> None:
    _told(tmp_path, *all_done("1"))
    with TelemetryStore(tmp_path) as early:
        compact(tmp_path)
        assert next(early.rows("SELECT count(*) AS n FROM all_lines"))["n"] == 5
    assert len(_read(tmp_path)) == 5
    assert len(list(tmp_path.glob("events-*.jsonl"))) == 1
    compact(tmp_path, grace_seconds=0)
    assert list(tmp_path.glob("events-*.jsonl")) == []
    assert len(_read(tmp_path)) == 5


def test_lines_that_a_newer_version_wrote_wait_for_it(tmp_path: Path) -> None:
    _told(tmp_path, *all_done("1"))
    (path,) = tmp_path.glob("events-*.jsonl")
    path.write_text(path.read_text() + json.dumps({"version": 99, "kind": "mood", "writer": "w", "sequence": 1}) + "\n")
    compact(tmp_path, grace_seconds=0)
    assert path.exists()
    assert _days(tmp_path) == []


def test_damaged_lines_are_kept_count_of(tmp_path: Path) -> None:
    _told(tmp_path, *all_done("1"))
    (path,) = tmp_path.glob("events-*.jsonl")
    path.write_text(path.read_text() + '{"ts": "2026-01-')
    compact(tmp_path, grace_seconds=0)
    assert _days(tmp_path) == ["2026-01-01", "unknown"]
    with TelemetryStore(tmp_path) as store:
        (unread,) = store.rows("SELECT * FROM unread_lines")
    assert (unread["file"], unread["reason"], unread["lines"]) == (path.name, "damaged", 1)


def test_standings_are_the_same_worked_out_in_shares_or_all_at_once(tmp_path: Path) -> None:
    for recid in "123456789":
        _told(tmp_path, *all_done(recid), outcome(50, recid, "raw_files", "rejected" if recid > "5" else "unchanged"))
    compact(tmp_path)
    _told(tmp_path, outcome(99, "7", "raw_files", "done"), outcome(99, "x", "raw_record", "done"))
    with TelemetryStore(tmp_path) as store:
        wanted = [set(map(str, store.rows(f"FROM {view}"))) for view in ("all_standing", "all_reports")]
        names = write_standing(store, tmp_path, "shares", lines_a_share=1)
        found = [
            [str(row) for row in store.rows(f"FROM {parquet([tmp_path / name for name in kind])}")] for kind in names
        ]
    assert len(names[0]) == 3
    assert [set(rows) for rows in found] == wanted
    assert [len(rows) for rows in found] == [10, 46]


def test_reports_that_an_older_version_kept_as_lists_are_read_and_kept_as_rows(tmp_path: Path) -> None:
    _told(tmp_path, *all_done("1"), *all_done("2"))
    compact(tmp_path)
    with TelemetryStore(tmp_path) as store:
        wanted = [sorted(map(str, store.rows(f"FROM {view}"))) for view in ("all_standing", "all_reports")]
        store.copy(
            "SELECT *, (SELECT list({position: r.position, ts: r.ts, status: r.status, done_ts: r.done_ts, "
            "files: r.files, size_bytes: r.size_bytes, code: r.code, message: r.message, url: r.url}) "
            "FROM kept_reports AS r WHERE r.recid = s.recid) AS reports FROM kept_standing AS s",
            tmp_path / "compact" / "old.parquet",
        )
    path = tmp_path / "compact" / "catalog.json"
    catalog = json.loads(path.read_text())
    del catalog["reports"]
    path.write_text(json.dumps({**catalog, "standing": "old.parquet"}))
    with TelemetryStore(tmp_path) as store:
        assert [sorted(map(str, store.rows(f"FROM {view}"))) for view in ("all_standing", "all_reports")] == wanted
    _told(tmp_path, outcome(99, "2", "raw_files", "failed"))
    compact(tmp_path)
    assert len(look(tmp_path).catalog.reports) == 1
    with TelemetryStore(tmp_path) as store:
        states = {row["recid"]: row["state"] for row in store.rows("FROM all_standing")}
        assert states == {"1": "published", "2": "pending"}
        assert next(store.rows("SELECT count(*) AS n FROM all_reports"))["n"] == 10


def test_two_compactions_at_once_are_one(tmp_path: Path) -> None:
    _told(tmp_path, *all_done("1"))
    compact(tmp_path)
    with (tmp_path / "compact" / "lock").open("w") as lock:
        import fcntl  # noqa: PLC0415  this test's only

        fcntl.flock(lock, fcntl.LOCK_EX)
        assert compact(tmp_path) is None


_WRITER = """
import os, random, signal, sys, threading
from pathlib import Path
from cern_assets.telemetry.spool import SpoolSink
from cern_assets_tests.services.told import fact
from cern_assets.model.events import StageStarted
folder, number, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sink = SpoolSink(folder / "telemetry", largest_bytes=20_000)
acknowledged = os.open(folder / f"acknowledged-{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
seconds = random.Random(f"{seed}-{number}").uniform(0.005, 0.2)
threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
for each in range(1_000_000):
    recids = [f"{number}-{each}-{part}" for part in range(3)]
    sink.emit([fact(each, recid, "raw_record", StageStarted()) for recid in recids])
    os.write(acknowledged, "".join(f"{recid}\\n" for recid in recids).encode())
"""
_COMPACTOR = """
import os, signal, sys
from pathlib import Path
from cern_assets.telemetry.compaction import compact, write_standing
from cern_assets.telemetry.database import parquet
left = int(sys.argv[2])
def die(event, arguments):
    global left
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
folder = Path(sys.argv[1])
compact(folder / "nothing")  # what has to be imported is
sys.addaudithook(die)
while True:
    compact(folder / "telemetry", grace_seconds=0)
"""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_acknowledged_event_is_read_once_though_writers_and_compactors_are_killed(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    checkout = Path(__file__).parents[3]
    (tmp_path / "telemetry").mkdir()
    started = [
        subprocess.Popen([sys.executable, "-c", _WRITER, tmp_path, str(number), str(seed)], cwd=checkout)
        for number in range(WRITERS)
    ]
    for _ in range(2):  # one dies beside the writers, the next over what the first left
        left = str(chance.randint(1, 150))
        subprocess.run([sys.executable, "-c", _COMPACTOR, tmp_path, left], cwd=checkout, check=False)
    assert {process.wait() for process in started} == {-signal.SIGKILL}
    acknowledged = [line for path in tmp_path.glob("acknowledged-*") for line in path.read_text().split()]
    assert acknowledged
    for _ in range(2):
        read = Counter(str(recid) for recid, _ in _read(tmp_path / "telemetry"))
        assert set(acknowledged) - read.keys() == set(), "lost"
        assert [recid for recid, times in read.items() if times > 1] == [], "read twice"
        compact(tmp_path / "telemetry", grace_seconds=0)
    assert list((tmp_path / "telemetry").glob("events-*")) == []
    with TelemetryStore(tmp_path / "telemetry") as store:
        assert list(store.rows("SELECT * FROM lost_events")) == []
