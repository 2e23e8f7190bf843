"""Lines that no writer of ours wrote, and the largest sizes that a source may state: they stop no question."""

import json
from pathlib import Path

import pytest

from cern_assets.report.gathered import gather
from cern_assets.report.page import page_of
from cern_assets.telemetry.compaction import compact
from cern_assets.telemetry.database import views
from cern_assets.telemetry.export import VIEWS, exported_lines
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.telemetry.spool import SpoolSink
from cern_assets_tests.services.told import all_done

LARGEST = 2**63 - 1
_LINE: dict[str, object] = {
    "version": 3, "kind": "outcome", "writer": "w", "sequence": 1, "ts": "2026-01-01T00:00:09", "run_id": "",
    "collection": "opendata", "source": "opendata", "repository": "", "recid": "9", "stage": "published_record",
    "status": "done", "started": "2026-01-01T00:00:08", "elapsed_seconds": 1.0,
}  # fmt: skip
_LEAVES = {"kind": "leaves", "stage": "metadata", "leaves": [{"path": "x", "fate": "dropped", "leaves": LARGEST}]}


def _reasons(folder: Path) -> list[tuple[object, object]]:
    """Ask everything; which lines are unread, and why."""
    with opened_ledger(folder, Counts(registered=[("opendata", ["1", "9"])])) as ledger:
        for view in views():
            list(ledger.store.rows(f"FROM {view}"))
        for what in VIEWS:
            assert "\ufffd" not in "".join(exported_lines(ledger.store, what, "csv"))
        assert "opendata" in page_of([gather(ledger, "opendata")], {})
        assert next(row["state"] for row in ledger.entries() if row["recid"] == "1") == "published"
        return [(row["reason"], row["lines"]) for row in ledger.unread]


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        ([{"ts": "infinity"}], [("damaged", 1)]),
        ([{"ts": "9999-12-31T23:59:59"}, {"ts": "0001-01-01T00:00:00"}], [("damaged", 2)]),
        ([{"started": "-infinity"}], [("damaged", 1)]),
        ([{"elapsed_seconds": float("nan")}, {"elapsed_seconds": 1e300}], [("damaged", 2)]),
        ([{"kind": kind} for kind in ("file", "archive", "call", "wait", "leaves")], [("damaged", 5)]),
        ([{"stage": "packing"}], [("stage packing", 1)]),
        ([{"recid": recid, "stage": "raw_files", "size_bytes": LARGEST} for recid in "89"], []),
        ([{**_LEAVES, "recid": recid} for recid in "89"], []),
    ],
)
def test_lines_that_say_what_cannot_be_are_damaged_and_stop_no_question_and_no_compaction(
    tmp_path: Path, said: list[dict[str, object]], reasons: list[tuple[object, object]]
) -> None:
    sink = SpoolSink(tmp_path)
    sink.emit(all_done("1"))
    sink.close()
    lines = [json.dumps({**_LINE, "sequence": number, **each}) for number, each in enumerate(said, start=1)]
    (tmp_path / "events-20260101-elsewhere-1-0-0001.jsonl").write_text("\n".join(lines) + "\n")
    assert _reasons(tmp_path) == reasons
    assert compact(tmp_path, grace_seconds=0) is not None
    assert list(tmp_path.glob("events-*")) == []
    assert _reasons(tmp_path) == reasons
