"""`cern-assets export`: to standard output or into a file that is whole, in the format that was asked for."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from cern_assets.telemetry.export import VIEWS
from cern_assets_tests.services.command_line import Answer, finished

type Run = Callable[..., Answer]


@pytest.fixture
def ingested(run: Run, home: Path) -> Path:
    assert run("ingest", "--json", "900003", "123456789").code == 1
    return home


def test_records_go_to_standard_output_and_into_files(run: Run, ingested: Path, tmp_path: Path) -> None:
    answer = run("export", "--what", "records")
    assert answer.code == 0
    assert {row["recid"]: row["state"] for row in answer.json_lines} == {"900003": "published", "123456789": "rejected"}
    table = tmp_path / "records.csv"
    assert run("export", "--what", "records", "--format", "csv", "--out", str(table)).code == 0
    with table.open(newline="") as file:
        assert {row["recid"] for row in csv.DictReader(file)} == {"900003", "123456789"}
    parts = tmp_path / "events.parquet"
    assert run("export", "--what", "events", "--format", "parquet", "--out", str(parts)).code == 0
    (told,) = duckdb.execute(f"SELECT count(*) FROM '{parts}'").fetchall()
    assert told[0] == len(run("export", "--what", "events").out.splitlines())
    assert [path.name for path in tmp_path.glob(".*.*")] == []
    assert json.loads(run("export", "--what", "events").out.splitlines()[0])["version"] == 3


@pytest.mark.parametrize("question", sorted(VIEWS))
def test_the_page_on_questions_tells_of_all_that_can_be_exported(question: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "questions.md"
    assert f"| `{question}` |" in page.read_text(encoding="utf-8")


def test_a_question_is_answered_in_rows(run: Run, ingested: Path) -> None:
    (left,) = run("export", "--what", "time_left").json_lines
    assert (left["collection"], left["pending"], left["published"]) == ("opendata", 0, 1)
    failures = run("export", "--what", "failures_by_kind", "--format", "csv").out.splitlines()
    assert failures[1].startswith("opendata,raw_record,rejected,RecordNotFound,1,1,")


def test_parquet_needs_a_file(run: Run, home: Path) -> None:
    answer = run("export", "--what", "events", "--format", "parquet")
    assert answer.code == 2
    assert "--out" in answer.err


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_where_nothing_can_be_written_it_says_so(home: Path, form: str) -> None:
    place = home / "nowhere" / "x"
    answer = finished("export", "--what", "records", "--format", form, "--out", str(place), folder=home)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err == f"The output cannot be written: No such file or directory: {place}.\n"
