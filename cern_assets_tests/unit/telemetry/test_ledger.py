"""The ledger: each recid in exactly one bucket, by what its stages last reported."""

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cern_assets.errors import StorageFullError, StorageUnavailableError
from cern_assets.flows.journey import STAGES
from cern_assets.model.events import ArchiveWritten, CallMade, Fact, FileMoved, Leaf, LeavesTold, Planned, RecidPlan
from cern_assets.model.outcomes import STAGE_NAMES, Status
from cern_assets.telemetry import database, store
from cern_assets.telemetry.compaction import compact
from cern_assets.telemetry.database import sql_scripts
from cern_assets.telemetry.known_losses import known_losses, note_losses
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets_tests.services.ledgers import Snapshot, read_ledger
from cern_assets_tests.services.told import fact, outcome

COMPLAINTS = {
    "event_gaps", "known_losses", "ledger_differences", "lost_events", "target_differences", "undocumented",
    "unread_lines",
}  # fmt: skip
"""Views that have nothing to say where nothing is wrong."""
PAIRS = [("opendata", recid) for recid in "123"]


def _ledger(folder: Path, *told: tuple[str, str, Status], registered: str = "1 2 3") -> Snapshot:
    """The ledger after (recid, stage, status) were told in this order."""
    sink = SpoolSink(folder)
    for second, (recid, stage, status) in enumerate(told):
        sink.emit([outcome(second, recid, stage, status)])
    sink.close()
    return read_ledger(folder, [("opendata", recid) for recid in registered.split()])


def _all_done(recid: str) -> list[tuple[str, str, Status]]:
    return [(recid, stage, "done") for stage in STAGE_NAMES]


def _state(ledger: Snapshot, recid: str) -> object:
    return next(row["state"] for row in ledger.entries if row["recid"] == recid)


def test_before_anything_happened_every_registered_recid_is_pending(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path)
    assert ledger.totals == {
        "in": 3, "published": 0, "redirected": 0, "withdrawn": 0, "rejected": 0, "left_out": 0, "waiting": 0,
        "pending": 3, "unregistered": 0,
    }  # fmt: skip
    assert ledger.balanced


def test_a_recid_that_went_all_the_way_is_published_with_its_link(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, *_all_done("1"))
    assert _state(ledger, "1") == "published"
    assert ledger.entries[0]["url"] == "http://repository/records/a"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("rejected", "rejected"),
        ("failed", "pending"),
        ("waiting", "waiting"),
        ("withdrawn", "withdrawn"),
        ("redirected", "redirected"),
        ("left_out", "left_out"),
    ],
)
def test_a_stopped_recid_stands_where_its_problem_puts_it_with_the_reason(
    tmp_path: Path, status: Status, state: str
) -> None:
    ledger = _ledger(tmp_path, ("1", "raw_record", "done"), ("1", "raw_files", status))
    row = ledger.entries[0]
    assert (row["state"], row["stage"], row["code"]) == (state, "raw_files", "ChecksumMismatch")
    assert row["message"] == "the bytes differ"


def test_a_problem_that_passed_is_forgotten(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, ("1", "raw_record", "done"), ("1", "raw_files", "failed"), *_all_done("1"))
    assert _state(ledger, "1") == "published"


def test_a_published_recid_whose_source_changed_is_pending_until_it_is_published_again(tmp_path: Path) -> None:
    changed: list[tuple[str, str, Status]] = [*_all_done("1"), ("1", "raw_record", "done")]
    assert _state(_ledger(tmp_path / "a", *changed), "1") == "pending"
    again = [*changed, ("1", "metadata", "done"), ("1", "published_record", "done")]
    assert _state(_ledger(tmp_path / "b", *again), "1") == "published"


def test_looking_again_at_a_published_recid_leaves_it_published(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, *_all_done("1"), ("1", "raw_record", "unchanged"))
    assert _state(ledger, "1") == "published"


def test_a_recid_that_the_instance_does_not_know_unbalances_the_ledger(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, *_all_done("9"), registered="1")
    assert ledger.totals["unregistered"] == 1
    assert not ledger.balanced


def test_every_view_answers_on_an_empty_and_on_a_full_spool(tmp_path: Path) -> None:
    _ledger(tmp_path / "full", *_all_done("1"), ("2", "raw_record", "rejected"))
    facts: list[Fact] = [
        FileMoved(key="a.root", way="in", how="moved", size_bytes=3),
        FileMoved(key="b.root", way="in", how="left out", size_bytes=4, reason="pattern"),
        CallMade(system="repository", method="GET", route="/", http_status=500, elapsed_seconds=0.1),
        ArchiveWritten(key="a.zip", files=1, size_bytes=3, content_bytes=2, how="moved"),
        LeavesTold(leaves=(Leaf(path="title", fate="carried", leaves=1),)),
    ]
    plan = fact(-1, "1", "raw_record", Planned(plan=RecidPlan(status="done")))
    sink = SpoolSink(tmp_path / "full")
    sink.emit([plan, *(fact(9, "1", "raw_files", each) for each in facts)])
    sink.close()
    names = [script.split("CREATE VIEW ")[1].split()[0] for script in sql_scripts("views")]
    assert len(names) >= 3
    for folder in ("empty", "full"):
        with TelemetryStore(tmp_path / folder) as store:
            store.register("opendata", ["1"])
            store.show("SELECT collection, recid FROM registered", [])
            for name in names:
                rows = list(store.rows(f"SELECT * FROM {name}"))
                assert rows or folder == "empty" or name in COMPLAINTS, name


def _lines(folder: Path) -> list[str]:
    (spool,) = folder.glob("events-*.jsonl")
    return spool.read_text().splitlines()


def _rewrite(folder: Path, lines: list[str]) -> None:
    (spool,) = folder.glob("events-*.jsonl")
    spool.write_text("\n".join(lines) + "\n")


def test_the_names_of_the_stages_are_those_of_the_journey() -> None:
    assert tuple(stage.name for stage in STAGES) == STAGE_NAMES


def test_a_torn_last_line_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    _ledger(tmp_path, *_all_done("1"))
    (tmp_path / "events-torn.jsonl").write_text('{"ts": "2026-01-01T00:00:00", "recid": "2", "sta')
    ledger = read_ledger(tmp_path, [("opendata", "1")])
    assert ledger.totals["published"] == 1
    assert [(row["file"], row["reason"], row["lines"]) for row in ledger.unread] == [
        ("events-torn.jsonl", "damaged", 1)
    ]


def test_an_event_after_a_torn_one_is_read_and_the_torn_one_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = SpoolSink(tmp_path)
    sink.emit([outcome(1, "1", "raw_record", "done")])
    write, taken = os.write, iter([40, 0])

    def filling(descriptor: int, data: bytes) -> int:
        part = next(taken)
        if not part:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:part])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", filling)
        with pytest.raises(StorageFullError, match="An event is lost: rejected"):
            sink.emit([outcome(2, "2", "raw_record", "rejected")])
    sink.emit([outcome(3, "3", "raw_record", "rejected")])
    sink.close()
    ledger = read_ledger(tmp_path, PAIRS)
    assert _state(ledger, "3") == "rejected"
    assert [(row["first"], row["last"]) for row in ledger.lost] == [(2, 2)]
    assert not ledger.balanced


def test_a_line_that_was_cut_out_of_the_spool_is_missed(tmp_path: Path) -> None:
    assert _ledger(tmp_path, *_all_done("1")).balanced
    lines = _lines(tmp_path)
    _rewrite(tmp_path, [*lines[:1], *lines[3:]])
    ledger = read_ledger(tmp_path, PAIRS)
    assert [(row["first"], row["last"]) for row in ledger.lost] == [(2, 3)]
    assert not ledger.balanced


def test_lines_of_another_version_or_kind_or_without_a_column_are_counted_and_break_nothing(tmp_path: Path) -> None:
    _ledger(tmp_path, *_all_done("1"))
    event = json.loads(_lines(tmp_path)[0])
    other = {**event, "writer": "another", "recid": "2", "stage": "raw_record", "status": "rejected"}
    old = {name: value for name, value in other.items() if name not in ("version", "kind", "writer", "sequence")}
    strange = [
        {**other, "version": 99, "sequence": 1},
        {**other, "kind": "heartbeat", "sequence": 2},
        {name: value for name, value in {**other, "sequence": 3}.items() if name != "recid"},
        {**other, "sequence": 4, "colour": "red"},
        [1, 2],
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in strange)
    (tmp_path / "events-strange.jsonl").write_text(text + "no json\n")
    del old["collection"]  # before there were collections
    (tmp_path / "events-old.jsonl").write_text(json.dumps({**old, "recid": "3"}) + "\n")
    ledger = read_ledger(tmp_path, PAIRS)
    assert [_state(ledger, recid) for recid in "123"] == ["published", "rejected", "rejected"]
    assert {(row["reason"], row["lines"]) for row in ledger.unread} == {
        ("version 99", 1),
        ("kind heartbeat", 1),
        ("damaged", 3),
    }
    assert ledger.balanced


def test_a_status_that_nobody_knows_is_no_state_and_unbalances_the_ledger(tmp_path: Path) -> None:
    _ledger(tmp_path, *_all_done("1"))
    event = json.loads(_lines(tmp_path)[0])
    (tmp_path / "events-x.jsonl").write_text(
        json.dumps({**event, "writer": "x", "sequence": 1, "recid": "2", "status": "exploded"}) + "\n"
    )
    ledger = read_ledger(tmp_path, PAIRS)
    assert _state(ledger, "2") == "unknown"
    assert "exploded, which is no status" in str(ledger.differences)
    assert not ledger.balanced


def test_a_lost_spool_is_seen_by_the_receipts(tmp_path: Path) -> None:
    assert _ledger(tmp_path, *_all_done("1")).balanced
    for spool in tmp_path.glob("*.jsonl"):
        spool.unlink()
    ledger = read_ledger(tmp_path, PAIRS, receipts=PAIRS[:1])
    assert not ledger.balanced
    assert [(row["recid"], row["stage"]) for row in ledger.differences] == [("1", "published_record")]


def test_a_lost_receipt_and_one_of_nobody_are_named(tmp_path: Path) -> None:
    _ledger(tmp_path, *_all_done("1"), *_all_done("2"))
    ledger = read_ledger(tmp_path, PAIRS, receipts=[("opendata", "2"), ("opendata", "9")])
    assert {(row["recid"], str(row["difference"])[:30]) for row in ledger.differences} == {
        ("1", "telemetry says that the stage "),
        ("9", "it has a document, and neither"),
    }
    assert not ledger.balanced


def test_what_journal_and_target_list_is_compared_recid_by_recid(tmp_path: Path) -> None:
    _ledger(tmp_path, *_all_done("1"), *_all_done("2"), ("3", "raw_record", "rejected"))
    counts = Counts(
        [("opendata", ["1", "2", "3"])],
        listed=("opendata",),
        noted=[("opendata", ["1"])],
        held=[("opendata", ["1", "1", "3", "9"])],
    )
    with opened_ledger(tmp_path, counts) as ledger:
        assert {(row["recid"], row["difference"]) for row in ledger.differences()} == {
            ("1", "the target lists 2 published records of it"),
            ("2", "it is published, and the target does not list it"),
            ("2", "it is published, and the journal has no entry of it"),
            ("3", "the target lists it as published, and no event tells of it"),
            ("9", "the target lists it as published, and no event tells of it"),
        }
        assert ledger.disputed == 4
        assert not ledger.balanced


@pytest.mark.parametrize(
    ("seconds_later", "held", "differences"),
    [
        (5, [], set()),
        (5, ["1"], set()),
        (60, [], {("1", "it is published, and the target does not list it")}),
        (60, ["1"], set()),
    ],
)
def test_what_the_search_does_not_show_yet_is_no_difference_until_it_had_its_time(
    tmp_path: Path, seconds_later: float, held: list[str], differences: set[tuple[str, str]]
) -> None:
    _ledger(tmp_path, *_all_done("1"))
    published = outcome(len(STAGE_NAMES) - 1, "1", STAGE_NAMES[-1], "done").ts
    counts = Counts(
        [("opendata", ["1"])],
        listed=("opendata",),
        noted=[("opendata", ["1"])],
        held=[("opendata", held)],
        began=datetime.fromisoformat(published).replace(tzinfo=UTC) + timedelta(seconds=seconds_later),
        lag_seconds=10.0,
    )
    with opened_ledger(tmp_path, counts) as ledger:
        assert {(row["recid"], row["difference"]) for row in ledger.differences()} == differences
        assert ledger.balanced == (not differences)


def test_a_compacted_spool_answers_the_same(tmp_path: Path) -> None:
    before = _ledger(tmp_path, *_all_done("1"), ("2", "raw_record", "rejected"))
    compact(tmp_path, grace_seconds=0)
    assert list(tmp_path.glob("events-*.jsonl")) == []
    assert read_ledger(tmp_path, PAIRS) == before


def test_what_is_told_after_a_compaction_joins_what_was_kept_of_the_recid(tmp_path: Path) -> None:
    _ledger(tmp_path, *_all_done("1"), *_all_done("2"), ("3", "raw_record", "done"), ("3", "raw_files", "failed"))
    compact(tmp_path, grace_seconds=0)
    sink = SpoolSink(tmp_path)
    sink.emit([outcome(100, "1", "raw_record", "done"), outcome(101, "3", "raw_files", "done")])
    sink.close()
    for compacted_again in (False, True):
        if compacted_again:
            compact(tmp_path, grace_seconds=0)
        ledger = read_ledger(tmp_path, PAIRS)
        assert [(row["state"], row["stage"]) for row in ledger.entries] == [
            ("pending", "raw_record"),
            ("published", "published_record"),
            ("pending", "raw_files"),
        ]
        assert ledger.balanced


def test_memory_that_does_not_suffice_for_the_ledger_is_told_in_our_words_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ledger(tmp_path, ("1", "raw_record", "done"))
    monkeypatch.setattr(database, "_MEMORY", "20MB")
    with pytest.raises(StorageUnavailableError, match="Telemetry cannot be read: Out of Memory") as told:
        read_ledger(tmp_path, PAIRS)
    assert told.value.uri == str(tmp_path)


class _Scarce:
    """A connection to DuckDB that has no memory left when it is to write."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.refused = 0

    def execute(self, query: str, *given: object) -> object:
        if query.startswith("COPY"):
            self.refused += 1
            raise duckdb.OutOfMemoryException("could not allocate block")
        return self._connection.execute(query, *given)

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def test_a_compaction_that_lacks_memory_keeps_nobody_from_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_WORTH_BYTES", 0)
    connect, made = duckdb.connect, list[_Scarce]()

    def scarce(*given: Any, **named: Any) -> _Scarce:
        made.append(_Scarce(connect(*given, **named)))
        return made[-1]

    monkeypatch.setattr(duckdb, "connect", scarce)
    assert _ledger(tmp_path, *_all_done("1"), registered="1").totals["published"] == 1
    assert sum(connection.refused for connection in made) == 1


def test_of_what_is_known_to_be_lost_a_line_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    note_losses(tmp_path, [("a", 1, 2)], by="Iva", why="one")
    with (tmp_path / "known-losses.jsonl").open("ab") as file:
        file.write(b'\xff\n{"writer": "b", "first": 1')
    note_losses(tmp_path, [("c", 3, 3)], by="Iva", why="two\nlines")
    assert [(loss.writer, loss.first, loss.last, loss.why) for loss in known_losses(tmp_path)] == [
        ("a", 1, 2, "one"),
        ("c", 3, 3, "two\nlines"),
    ]


def test_losses_that_cannot_be_read_or_noted_are_told_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "known-losses.jsonl").mkdir()
    with pytest.raises(StorageUnavailableError, match=r"cannot be read: .*known-losses\.jsonl"):
        known_losses(tmp_path)
    with pytest.raises(StorageUnavailableError, match="cannot be written"):
        note_losses(tmp_path, [("a", 1, 2)], by="Iva", why="one")
