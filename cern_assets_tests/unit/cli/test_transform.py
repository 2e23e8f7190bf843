"""The crosswalk by command: every form of record, a line for each, and quick, as nothing else is loaded."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets_tests.services.command_line import Answer, finished

type Run = Callable[..., Answer]

RECID = "900001"


@pytest.fixture
def record() -> dict[str, Any]:
    return dict(sample_collection().records[RECID])


def test_every_form_of_a_record_gives_the_same_deposit(
    run: Run, tmp_path: Path, record: dict[str, Any], sample_portal_url: str
) -> None:
    text = json.dumps(record)
    (tmp_path / "fixture.json").write_text(text)
    (tmp_path / "list.json").write_text(f"[{text}]")
    (tmp_path / "api.json").write_text(httpx.get(f"{sample_portal_url}/api/records/{RECID}").text)
    (tmp_path / "lines.jsonl").write_text(f"{text}\n\n")
    (tmp_path / "lines.jsonl.gz").write_bytes(gzip.compress(f"{text}\n".encode()))
    names = ["fixture.json", "list.json", "api.json", "lines.jsonl", "lines.jsonl.gz"]
    answer = run("transform", "--json", *names)
    assert answer.code == 0
    lines = answer.json_lines
    assert [set(line) for line in lines] == [{"recid", "deposit", "findings"}] * 5
    assert {line["recid"] for line in lines} == {RECID}
    assert lines[0]["deposit"]["metadata"]["title"] == record["title"]
    assert [line["deposit"] for line in lines] == [lines[0]["deposit"]] * 5


def test_a_record_that_cannot_be_deposited_says_why(run: Run, tmp_path: Path, record: dict[str, Any]) -> None:
    for name, body in {"good": record, "untitled": {"recid": "1"}, "nameless": {"title": "No recid"}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(body))
    answer = run("transform", "--json", "untitled.json", "nameless.json", "good.json")
    assert answer.code == 1
    untitled, nameless, good = answer.json_lines
    errors = [{item["code"] for item in line["findings"] if item["severity"] == "error"} for line in answer.json_lines]
    assert "title-missing" in errors[0]
    assert (errors[1], nameless["deposit"]) == ({"RecordInvalid"}, None)
    assert (errors[2], good["recid"], untitled["recid"]) == (set(), RECID, "1")


def test_a_broken_line_is_told_by_file_and_number(run: Run, tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "records.jsonl").write_text(f'{json.dumps(record)}\n{{"recid":\n')
    answer = run("transform", "records.jsonl")
    assert answer.code == 2
    assert "records.jsonl:2" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_broken_archive_is_told_by_file_and_number(run: Run, tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "records.jsonl.gz").write_bytes(gzip.compress(f"{json.dumps(record)}\n".encode())[:-9])
    answer = run("transform", "--json", "records.jsonl.gz")
    assert answer.code == 2
    assert "damaged after line" in answer.err
    assert "records.jsonl.gz" in answer.err


def test_a_title_is_shown_as_it_is_and_cannot_steer_the_terminal(
    run: Run, tmp_path: Path, record: dict[str, Any]
) -> None:
    record["title"] = "Spin [/] of [bold]W[/bold]"
    (tmp_path / "markup.json").write_text(json.dumps(record))
    assert record["title"] in run("transform", "markup.json").out
    (tmp_path / "escape.json").write_text(json.dumps({"title": "x", "recid": "\x1b[2J"}))
    answer = run("transform", "escape.json")
    assert answer.code == 1
    assert "\x1b" not in answer.out


def test_text_that_a_terminal_does_not_know_reaches_a_program_whole(tmp_path: Path, record: dict[str, Any]) -> None:
    record["title"] = "Σ⁰ → γΛ"
    (tmp_path / "greek.json").write_text(json.dumps(record))
    answer = finished("transform", "--json", "greek.json", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert answer.code == 0
    assert answer.json["deposit"]["metadata"]["title"] == "Σ⁰ → γΛ"


def test_nothing_is_loaded_that_a_crosswalk_does_not_need(tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "record.json").write_text(json.dumps(record))
    program = """
import sys
from cern_assets.cli.main import main
try:
    main(["transform", "--json", "record.json"])
finally:
    loaded = {"dagster", "duckdb", "XRootD", "nrp_cmd", "httpx", "rich", "pydantic_settings"} & set(sys.modules)
    sys.stderr.write(" ".join(sorted(loaded)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
