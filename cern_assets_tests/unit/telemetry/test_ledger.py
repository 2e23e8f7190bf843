"""The ledger: each recid in exactly one bucket, by what its stages last reported."""

from pathlib import Path

import pytest

from cern_assets.ports import TelemetryEvent
from cern_assets.telemetry.ledger import STATES, Ledger, read_ledger
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore, sql_scripts

STAGES = ("raw_record", "raw_files", "metadata", "archive", "published_record")


def _ledger(folder: Path, *told: tuple[str, str, str], registered: str = "1 2 3") -> Ledger:
    """The ledger after (recid, stage, status) were told in this order."""
    sink = SpoolSink(folder)
    for second, (recid, stage, status) in enumerate(told):
        sink.emit(_event(second, recid, stage, status))
    sink.close()
    return read_ledger(folder, [("opendata", recid) for recid in registered.split()])


def _event(second: int, recid: str, stage: str, status: str) -> TelemetryEvent:
    stopped = status in ("waiting", "failed", "rejected", "withdrawn")
    return TelemetryEvent(
        ts=f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000001",
        run_id="",
        collection="opendata",
        source="opendata",
        repository="http://repository",
        recid=recid,
        stage=stage,
        status=status,
        elapsed_seconds=0.5,
        size_bytes=7,
        files=1,
        findings=0,
        code="ChecksumMismatch" if stopped else "",
        message="the bytes differ" if stopped else "",
        url="http://repository/records/a" if stage == "published_record" else "",
    )


def _all_done(recid: str) -> list[tuple[str, str, str]]:
    return [(recid, stage, "done") for stage in STAGES]


def _state(ledger: Ledger, recid: str) -> object:
    return next(row["state"] for row in ledger.entries if row["recid"] == recid)


def test_before_anything_happened_every_registered_recid_is_pending(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path)
    assert ledger.totals == {
        "in": 3, "published": 0, "rejected": 0, "pending": 3, "withdrawn": 0, "unregistered": 0,
    }  # fmt: skip
    assert ledger.balanced


def test_a_recid_that_went_all_the_way_is_published_with_its_link(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, *_all_done("1"))
    assert _state(ledger, "1") == "published"
    assert ledger.entries[0]["url"] == "http://repository/records/a"


@pytest.mark.parametrize(
    ("status", "state"),
    [("rejected", "rejected"), ("failed", "pending"), ("waiting", "pending"), ("withdrawn", "withdrawn")],
)
def test_a_stopped_recid_stands_where_its_problem_puts_it_with_the_reason(
    tmp_path: Path, status: str, state: str
) -> None:
    ledger = _ledger(tmp_path, ("1", "raw_record", "done"), ("1", "raw_files", status))
    row = ledger.entries[0]
    assert (row["state"], row["stage"], row["code"]) == (state, "raw_files", "ChecksumMismatch")
    assert row["message"] == "the bytes differ"


def test_a_problem_that_passed_is_forgotten(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, ("1", "raw_record", "done"), ("1", "raw_files", "failed"), *_all_done("1"))
    assert _state(ledger, "1") == "published"


def test_a_published_recid_whose_source_changed_is_pending_until_it_is_published_again(tmp_path: Path) -> None:
    changed = [*_all_done("1"), ("1", "raw_record", "done")]
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


def test_a_torn_last_line_is_skipped_and_the_others_are_read(tmp_path: Path) -> None:
    _ledger(tmp_path, *_all_done("1"))
    (tmp_path / "events-torn.jsonl").write_text('{"ts": "2026-01-01T00:00:00", "recid": "2", "sta')
    assert read_ledger(tmp_path, [("opendata", "1")]).totals["published"] == 1


def test_every_view_answers_on_an_empty_and_on_a_full_spool(tmp_path: Path) -> None:
    _ledger(tmp_path / "full", *_all_done("1"), ("2", "raw_record", "rejected"))
    names = [script.split("CREATE VIEW ")[1].split()[0] for script in sql_scripts("views")]
    assert len(names) >= 3
    for folder in ("empty", "full"):
        with TelemetryStore(tmp_path / folder) as store:
            for name in names:
                rows = store.rows(f"SELECT * FROM {name}")
                assert bool(rows) or folder == "empty"


def test_the_states_of_the_view_are_the_states_of_the_ledger(tmp_path: Path) -> None:
    script = next(script for script in sql_scripts("views") if "CREATE VIEW ledger_totals" in script)
    assert all(f"state = '{state}'" in script for state in STATES)
