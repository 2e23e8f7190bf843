"""Exports: every row once, with its values, in each format; and nothing in them that a spreadsheet would run."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest

from cern_assets.model.events import CallMade, Leaf, LeavesTold
from cern_assets.telemetry.compaction import compact
from cern_assets.telemetry.export import TextFormat, export_parquet, exported_lines
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets_tests.services.told import BEGAN, all_done, fact, outcome

LEAVES = LeavesTold(leaves=(Leaf(path="title", fate="carried", leaves=1),))
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """One recid that is published, one that is rejected in words of its own, and one more of which nothing was told."""
    sink = SpoolSink(tmp_path)
    call = CallMade(system="opendata", method="GET", route="/api/records/*", http_status=200, elapsed_seconds=0.25)
    sink.emit([*all_done("1"), fact(9, "1", "raw_record", call), fact(10, "1", "metadata", LEAVES)])
    sink.emit([outcome(11, "2", "raw_files", "rejected", message=FORMULA)])
    sink.close()
    with (tmp_path / "events-torn.jsonl").open("w") as torn:
        torn.write('{"version":3,"kind":"outc')
    return tmp_path


def _text(spool: Path, what: str, form: TextFormat) -> str:
    with TelemetryStore(spool) as store:
        store.register("opendata", ["1", "2", "3"])
        return "".join(exported_lines(store, what, form))


def test_a_record_is_a_row_with_its_standing_its_stages_and_its_id(spool: Path) -> None:
    rows = {row["recid"]: row for row in map(json.loads, _text(spool, "records", "jsonl").splitlines())}
    assert rows.keys() == {"1", "2", "3"}
    published, rejected, unknown = (rows[recid] for recid in "123")
    assert (published["state"], published["record_id"], published["files"], published["size_bytes"]) == (
        "published", "a", 1, 7,
    )  # fmt: skip
    assert (published["raw_record"], published["raw_record_ts"]) == ("done", "2026-01-01T00:00:00")
    assert (published["published_record"], published["published_record_ts"]) == ("done", "2026-01-01T00:00:04")
    assert (rejected["state"], rejected["stage"], rejected["code"]) == ("rejected", "raw_files", "ChecksumMismatch")
    assert (rejected["raw_files"], rejected["metadata"], rejected["record_id"]) == ("rejected", None, "")
    assert (unknown["state"], unknown["raw_record"]) == ("pending", None)


def test_an_event_is_a_row_with_all_that_it_tells_and_torn_lines_are_left_out(spool: Path) -> None:
    rows = [json.loads(line) for line in _text(spool, "events", "jsonl").splitlines()]
    assert sorted(row["sequence"] for row in rows) == list(range(1, 9))
    (call,) = (row for row in rows if row["kind"] == "call")
    assert (call["route"], call["http_status"], call["elapsed_seconds"]) == ("/api/records/*", 200, 0.25)
    (leaves,) = (row["leaves"] for row in rows if row["kind"] == "leaves")
    assert leaves == [{"path": "title", "fate": "carried", "leaves": 1}]


@pytest.mark.parametrize("what", ["records", "events"])
def test_a_compacted_spool_is_exported_the_same(spool: Path, what: str) -> None:
    before = sorted(_text(spool, what, "jsonl").splitlines())
    compact(spool)
    assert sorted(_text(spool, what, "jsonl").splitlines()) == before


def test_text_of_a_record_is_no_formula_in_a_spreadsheet(spool: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_text(spool, "records", "csv"))))
    assert {row["message"] for row in rows} == {"", "'" + FORMULA}
    events = list(csv.DictReader(io.StringIO(_text(spool, "events", "csv"))))
    assert {row["ts"] for row in events if row["kind"] == "call"} == {"2026-01-01T00:00:09"}
    assert [json.loads(row["leaves"])[0]["fate"] for row in events if row["leaves"]] == ["carried"]


def test_csv_of_nothing_names_its_columns(tmp_path: Path) -> None:
    with TelemetryStore(tmp_path) as store:
        (header,) = "".join(exported_lines(store, "records", "csv")).splitlines()
    assert header.startswith("collection,recid,source,repository,state,")


def test_parquet_holds_the_same_rows(spool: Path) -> None:
    with TelemetryStore(spool) as store:
        export_parquet(store, "events", spool / "out.parquet")
    found = duckdb.execute(f"SELECT kind, epoch(ts), sequence FROM '{spool}/out.parquet' ORDER BY sequence").fetchall()
    assert len(found) == 8
    assert found[0] == ("outcome", BEGAN.timestamp(), 1)
