"""The crosswalk by command: every form of record, a line for each, and quick, as nothing else is loaded."""

import gzip
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets_tests.services.command_line import PROGRAM, Answer, finished

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
    assert [set(line) for line in lines] == [{"recid", "deposit", "findings", "checked_with"}] * 5
    assert lines[0]["checked_with"] == [
        *("urn:cern-assets:schema:opendata-record:1.0", "urn:cern-assets:schema:invenio-rdm-record:14.1"),
        *("urn:cern-assets:schema:cern-custom-fields:1.1", "urn:cern-assets:schema:datacite:4.6"),
    ]
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
    assert answer.code == 1
    assert "records.jsonl:2" in answer.out
    assert RECID in answer.out


def test_a_broken_archive_is_told_by_file_and_number(run: Run, tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "records.jsonl.gz").write_bytes(gzip.compress(f"{json.dumps(record)}\n".encode())[:-9])
    answer = run("transform", "--json", "records.jsonl.gz")
    assert answer.code == 1
    error = answer.json_lines[-1]["error"]
    assert "damaged after line" in error
    assert "records.jsonl.gz" in error


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


def test_what_cannot_be_read_is_a_line_of_its_own_and_the_rest_goes_on(
    run: Run, tmp_path: Path, record: dict[str, Any]
) -> None:
    (tmp_path / "records.jsonl").write_text(f'{{"recid":\n5\n{json.dumps(record)}\n')
    (tmp_path / "empty.jsonl.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(f"{json.dumps(record)}\n".encode() * 3)[:-20])
    (tmp_path / "good.json").write_text(json.dumps(record))
    answer = run("transform", "--json", "records.jsonl", "empty.jsonl.gz", "cut.jsonl.gz", "good.json")
    assert answer.code == 1
    errors = [line.get("error", "") for line in answer.json_lines]
    assert "records.jsonl:1" in errors[0]
    assert "records.jsonl:2" in errors[1]
    assert any("There is no record in it" in error for error in errors)
    assert any("is damaged after line" in error for error in errors)
    assert answer.json_lines[-1]["recid"] == RECID
    assert answer.json_lines[-1]["deposit"] is not None


def test_a_recid_that_stands_twice_in_the_input_is_told(run: Run, tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "twice.json").write_text(json.dumps([record, record]))
    first, second = run("transform", "--json", "twice.json").json_lines
    assert "recid-twice" not in {item["code"] for item in first["findings"]}
    assert "recid-twice" in {item["code"] for item in second["findings"]}


def test_a_leaf_without_a_fate_is_an_error_in_strict_mode_only(
    run: Run, tmp_path: Path, record: dict[str, Any]
) -> None:
    (tmp_path / "odd.json").write_text(json.dumps({**record, "shoe_size": 44}))
    assert run("transform", "--json", "odd.json").code == 0
    strict = run("transform", "--json", "--strict", "odd.json")
    assert strict.code == 1
    (line,) = strict.json_lines
    assert [item["field"] for item in line["findings"] if item["severity"] == "error"] == ["shoe_size"]


def test_an_author_of_the_wrong_shape_is_a_finding_and_no_error_in_strict_mode_either(
    run: Run, tmp_path: Path, record: dict[str, Any]
) -> None:
    (tmp_path / "odd.json").write_text(json.dumps({**record, "authors": [7, "Foster, F.", {"name": "Meier, A."}]}))
    answer = run("transform", "--json", "--strict", "odd.json")
    assert answer.code == 0
    (line,) = answer.json_lines
    assert [item["code"] for item in line["findings"] if "authors" in item["field"]] == ["unexpected-shape"]


def test_lineage_says_which_leaves_came_to_which_field_by_which_rule(
    run: Run, tmp_path: Path, record: dict[str, Any]
) -> None:
    (tmp_path / "one.json").write_text(json.dumps(record))
    (line,) = run("transform", "--json", "--lineage", "one.json").json_lines
    title = next(origin for origin in line["lineage"] if origin["target"] == "metadata.title")
    assert (title["rule"], title["leaves"], title["places"]) == ("title", ["title"], ["metadata.title"])
    subjects = [origin for origin in line["lineage"] if origin["target"] == "metadata.subjects"]
    count = len(line["deposit"]["metadata"]["subjects"])
    assert [origin["places"] for origin in subjects] == [[f"metadata.subjects[{at}]"] for at in range(count)]
    assert {len(origin["leaves"]) for origin in subjects} == {1}
    targets = {origin["target"] for origin in line["lineage"]}
    assert {f"metadata.{name}" for name in line["deposit"]["metadata"]} <= targets


def test_coverage_counts_the_records_that_have_a_field_and_what_became_of_its_leaves(run: Run, tmp_path: Path) -> None:
    records = [{"recid": "1", "title": "One", "keywords": ["a", "b", ""]}, {"recid": "2", "title": "Two", "odd": 1}]
    (tmp_path / "both.json").write_text(json.dumps(records))
    told = run("transform", "--json", "--coverage", "both.json").json
    assert told == {
        "records": 2,
        "fields": {
            "keywords[]": {"records": 1, "carried": 2, "dropped": 1},
            "odd": {"records": 1, "unmapped": 1},
            "recid": {"records": 2, "carried": 2},
            "title": {"records": 2, "carried": 2},
        },
    }
    assert "keywords[]" in run("transform", "--coverage", "both.json").out


def test_a_summary_counts_records_leaves_and_findings(run: Run, tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "both.json").write_text(json.dumps([record, {"recid": "1"}]))
    summary = run("transform", "--json", "--summary", "both.json").json
    assert (summary["records"], summary["refused"]) == (2, 1)
    assert summary["leaves"]["unmapped"] == 0
    assert {"severity", "code", "count", "example"} <= set(summary["findings"][0])
    shown = run("transform", "--summary", "both.json").out
    assert "2 records, 1 with errors" in shown


@pytest.mark.parametrize("pretty", [None, 2])
@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_records_are_read_from_standard_input(
    tmp_path: Path, record: dict[str, Any], name: str, pretty: int | None
) -> None:
    text = json.dumps(record, indent=pretty)
    done = subprocess.run(
        [str(PROGRAM), "transform", "--json", name],
        input=text,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["recid"]) == (0, RECID), done.stderr


def test_an_output_that_cannot_be_written_has_an_exit_code_of_its_own(tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "one.json").write_text(json.dumps(record))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [str(PROGRAM), "transform", "--json", "one.json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 3
    assert "The output cannot be written: No space left on device." in done.stderr


def test_what_is_wrong_with_files_and_arguments_costs_only_itself(
    run: Run, tmp_path: Path, record: dict[str, Any]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "good.json").write_text(json.dumps(record))
    answer = run("transform", "--json", "nowhere.json", "folder", "list.json", "good.json")
    assert answer.code == 1
    assert [line["findings"][0]["code"] for line in answer.json_lines[:3]] == [
        *("FileMissing", "FileMissing", "RecordInvalid")
    ]
    assert answer.json_lines[3]["recid"] == RECID


def test_a_name_twice_in_an_object_and_hidden_controls_are_told(
    run: Run, tmp_path: Path, record: dict[str, Any]
) -> None:
    record["abstract"] = {"description": "<p>Read \u202egnp.elif\u202c and \u2066this\u2069.</p>"}
    text = json.dumps(record)
    (tmp_path / "odd.json").write_text(f'{{"title": "lost", {text[1:]}')
    answer = run("transform", "--json", "odd.json")
    assert answer.code == 0
    told = {item["code"]: item["field"] for item in answer.json["findings"]}
    assert told["name-twice"] == "title"
    assert told["hidden-controls"] == "abstract.description"
    assert answer.json["deposit"]["metadata"]["description"] == "<p>Read gnp.elif and this.</p>"


def test_an_ascii_terminal_shows_every_table(tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "good.json").write_text(json.dumps({**record, "title": "\u03a3 \u2192 \u039b"}))
    (tmp_path / "bad.json").write_text('{"recid": "1", "title": "\\u0007"}')
    for flags in ([], ["--summary"]):
        answer = finished("transform", *flags, "good.json", "bad.json", folder=tmp_path, PYTHONIOENCODING="ascii")
        assert (answer.code, "Traceback" in answer.err) == (1, False)


def test_a_closed_standard_output_is_an_output_that_cannot_be_written(tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "one.json").write_text(json.dumps(record))
    command = f"{PROGRAM} transform --json one.json >&-"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "The output cannot be written: Standard output is closed.\n")


def test_a_reader_who_goes_away_ends_the_output(tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "many.json").write_text(json.dumps([record] * 500))
    command = f"{PROGRAM} transform --json many.json | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)


MEMORY_BYTES = 1_000_000_000


def _limited(folder: Path, name: str) -> "subprocess.CompletedProcess[str]":
    """The command over one file, in a process that may not take more memory."""
    return subprocess.run(
        [str(PROGRAM), "transform", "--json", name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES)),
    )


@pytest.mark.parametrize("part", ["<b>x</b>", "<ul><li>\u00a2", "&amp;"])
def test_texts_beyond_any_record_are_refused_in_bounded_memory(tmp_path: Path, part: str) -> None:
    body = {"recid": "1", "title": "Large", "abstract": {"description": part * (20_000_000 // len(part))}}
    (tmp_path / "large.json").write_text(json.dumps(body, ensure_ascii=False))
    done = _limited(tmp_path, "large.json")
    assert done.returncode == 1, done.stderr
    assert "characters of JSON; a record has at most 5,000,000" in json.loads(done.stdout)["error"]


@pytest.mark.parametrize("part", ["<b>x", "<ul><li>", "<i></b><p>", "\u00a2"])
def test_deep_nesting_of_the_longest_text_is_carried_as_words_in_bounded_memory(
    tmp_path: Path, record: dict[str, Any], part: str
) -> None:
    record["abstract"] = {"description": "Words. " + part * (990_000 // len(part))}
    (tmp_path / "deep.json").write_text(json.dumps(record, ensure_ascii=False))
    done = _limited(tmp_path, "deep.json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["deposit"]["metadata"]["description"].startswith("Words.")
