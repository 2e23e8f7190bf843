"""Compaction: closed files become Parquet by day, in one step, and each line is read once, whoever dies when."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from cern_assets.model.events import CallMade, Event, FileMoved, Leaf, LeavesTold
from cern_assets.model.outcomes import STAGE_NAMES, Status
from cern_assets.telemetry import compaction
from cern_assets.telemetry.catalog import look
from cern_assets.telemetry.compaction import compact, write_kept
from cern_assets.telemetry.database import Database, Row, parquet
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets_tests.services.told import all_done, fact, outcome

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
    assert len(list((tmp_path / "compact").rglob("*.parquet"))) == len(_days(tmp_path)) + 3  # what is kept
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


def test_what_is_kept_is_the_same_worked_out_in_shares_or_all_at_once(tmp_path: Path) -> None:
    for recid in "123456789":
        _told(tmp_path, *all_done(recid), outcome(50, recid, "raw_files", "rejected" if recid > "5" else "unchanged"))
        _told(tmp_path, _converted(51, recid, note=int(recid)))
    compact(tmp_path)
    _told(tmp_path, outcome(99, "7", "raw_files", "done"), outcome(99, "x", "raw_record", "done"))
    _told(tmp_path, _converted(99, "7", title=1, note=2))
    with TelemetryStore(tmp_path) as store:
        wanted = [set(map(str, store.rows(f"FROM {view}"))) for view in ("all_standing", "all_reports")]
        kept = write_kept(store, tmp_path, "shares", lines_a_share=1)
        found = [_kept_rows(store, tmp_path, names) for names in (kept.standing, kept.reports)]
        fates = {
            (row["path"], row["recids"], row["leaves"])
            for row in store.rows(_ADDED.format(_files(tmp_path, kept.fates)))
        }
    assert len(kept.standing) == len(kept.fates) == 4
    assert [set(rows) for rows in found] == wanted
    assert [len(rows) for rows in found] == [10, 46]
    assert fates == {("title", 1, 1), ("note", 9, 45 - 7 + 2)}


_ADDED = "SELECT path, sum(recids)::BIGINT AS recids, sum(leaves)::BIGINT AS leaves FROM {} GROUP BY ALL"


def _files(folder: Path, names: Sequence[str]) -> str:
    return parquet([folder / name for name in names])


def _kept_rows(store: TelemetryStore, folder: Path, names: Sequence[str]) -> list[str]:
    return [str(row) for row in store.rows(f"FROM {_files(folder, names)}")]


def _converted(second: float, recid: str, **leaves: int) -> Event:
    told = tuple(
        Leaf(path=path, fate="carried" if path == "title" else "dropped", leaves=n) for path, n in leaves.items()
    )
    return fact(second, recid, "metadata", LeavesTold(leaves=told))


def test_the_fates_of_fields_are_those_of_the_last_conversion_whatever_was_compacted_before(tmp_path: Path) -> None:
    _told(tmp_path, _converted(10, "1", title=1, note=2), _converted(10, "2", title=1, note=5))
    for told, wanted in (
        ([], {("note", 2, 7), ("title", 2, 2)}),
        ([_converted(20, "1", title=1, extra=4)], {("note", 1, 5), ("title", 2, 2), ("extra", 1, 4)}),
        ([_converted(15, "1", late=9)], {("note", 1, 5), ("title", 2, 2), ("extra", 1, 4)}),  # comes after a later one
        ([_converted(30, "1"), _converted(30, "3", title=1)], {("note", 1, 5), ("title", 2, 2)}),
    ):
        _told(tmp_path, *told)
        for _ in range(3):  # loose, compacted, and compacted with nothing new
            with TelemetryStore(tmp_path) as store:
                assert {
                    (row["path"], row["recids"], row["leaves"]) for row in store.rows("FROM metadata_fates")
                } == wanted
            compact(tmp_path)


@pytest.mark.parametrize("seed", range(2))
def test_every_question_has_the_same_answer_however_often_it_was_compacted_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(compaction, "_MANY", 3)  # so that parts are put together on the way
    chance = random.Random(seed)
    events = _random_journeys(chance)
    chance.shuffle(events)  # lines come late, and days overlap
    for folder in ("loose", "compacted"):
        sink, rest = SpoolSink(tmp_path / folder), list(events)
        while rest:
            now = chance.randint(20, 80)
            sink.emit(rest[:now])
            rest = rest[now:]
            if folder == "compacted":
                sink.close()
                compact(tmp_path / folder, grace_seconds=0)
        sink.close()
    assert look(tmp_path / "loose").catalog.parts == ()
    assert look(tmp_path / "compacted").loose == {}
    answers = []
    for folder in ("loose", "compacted"):
        with TelemetryStore(tmp_path / folder) as store:
            store.register("opendata", [str(number) for number in range(12)])
            answers.append({view: sorted(map(_rounded, store.rows(f"FROM {view}"))) for view in _QUESTIONS})
    for view in _QUESTIONS:
        assert answers[0][view], view
        assert answers[1][view] == answers[0][view], view


_QUESTIONS = (
    "all_standing", "all_reports", "bottleneck_now", "bytes_moved", "calls_per_recid", "failures_by_kind",
    "ledger_buckets", "ledger_entries", "ledger_records", "ledger_totals", "metadata_fates", "record_flows",
    "size_and_time", "slowest_recids", "stage_costs", "throughput_by_hour", "time_left", "waits",
)  # fmt: skip


def _random_journeys(chance: random.Random) -> list[Event]:
    """Two days of a few recids, no two events at the same moment."""
    statuses: tuple[Status, ...] = ("done", "done", "unchanged", "failed", "rejected", "waiting")
    events = []
    for second in chance.sample(range(2 * DAY), 300):
        recid, stage = str(chance.randint(0, 9)), chance.choice(STAGE_NAMES)
        taken = chance.choice((0.25, 0.5, 8.0))  # these add up in any order
        kind = chance.randint(0, 3)
        if kind == 0:
            events.append(
                _converted(
                    second, recid, **{path: chance.randint(1, 9) for path in chance.sample(["title", "note", "a"], 2)}
                )
            )
        elif kind == 1:
            call = CallMade(system="opendata", method="GET", route="/", http_status=200, elapsed_seconds=taken)
            events.append(fact(second, recid, stage, call))
            events.append(fact(second, recid, stage, FileMoved(key="a", way="in", how="moved", size_bytes=second)))
        else:
            changed = {"size_bytes": chance.randint(0, 10**9), "elapsed_seconds": taken, "files": chance.randint(0, 5)}
            events.append(outcome(second, recid, stage, chance.choice(statuses), **changed))
    return events


def _rounded(row: Row) -> str:
    return str({name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()})


def test_what_another_version_kept_is_not_read_and_is_made_anew(tmp_path: Path) -> None:
    _told(tmp_path, *all_done("1"), *all_done("2"), _converted(9, "1", title=1))
    compact(tmp_path)
    with TelemetryStore(tmp_path) as store:
        wanted = {view: sorted(map(str, store.rows(f"FROM {view}"))) for view in _QUESTIONS}
        before = look(tmp_path)
    path = tmp_path / "compact" / "catalog.json"
    catalog = json.loads(path.read_text())
    del catalog["kept_version"], catalog["fates"]
    path.write_text(json.dumps({**catalog, "standing": "old.parquet", "reports": []}))
    assert look(tmp_path).catalog.outdated
    with Database(look(tmp_path)) as old:  # whoever must not write there
        assert {view: sorted(map(str, old.rows(f"FROM {view}"))) for view in _QUESTIONS} == wanted
    with TelemetryStore(tmp_path) as store:
        assert {view: sorted(map(str, store.rows(f"FROM {view}"))) for view in _QUESTIONS} == wanted
    after = look(tmp_path).catalog
    assert not after.outdated
    assert after.parts == before.catalog.parts
    assert len(after.standing) == len(after.reports) == len(after.fates) == 1


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
from cern_assets.telemetry.compaction import compact
from cern_assets.telemetry.database import Database, Row, parquet
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
