"""Guards reading records from files: all three kinds, one record at a time, errors with file and line."""

import gzip
import json
from pathlib import Path

import pytest

from cern_assets.errors import FileMissingError, RecordInvalidError
from cern_assets.sources import record_files
from cern_assets.sources.record_files import each_record, read_records

RECORDS = [{"recid": "1"}, {"recid": "2"}]
LINES = "".join(f"{json.dumps(record)}\n" for record in RECORDS)


def test_a_json_file_with_one_record_is_read(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(RECORDS[0]))
    assert list(read_records(path)) == RECORDS[:1]


def test_a_json_file_with_a_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(RECORDS))
    assert list(read_records(path)) == RECORDS


def test_lines_are_read_and_empty_ones_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(LINES.replace("\n", "\n\n"))
    assert list(read_records(path)) == RECORDS


def test_compressed_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl.gz"
    path.write_bytes(gzip.compress(LINES.encode()))
    assert list(read_records(path)) == RECORDS


def test_records_before_a_bad_line_are_given_and_the_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(LINES + "{oops\n")
    records = read_records(path)
    assert [next(records), next(records)] == RECORDS
    with pytest.raises(RecordInvalidError) as caught:
        next(records)
    assert caught.value.uri == f"{path}:3"


@pytest.mark.parametrize(("name", "place"), [("numbers.json", "numbers.json, item 2"), ("numbers.jsonl", ":2")])
def test_something_that_is_no_object_is_named_with_its_place(tmp_path: Path, name: str, place: str) -> None:
    path = tmp_path / name
    path.write_text('[{"recid": "1"}, 5]' if name.endswith(".json") else '{"recid": "1"}\n5\n')
    with pytest.raises(RecordInvalidError) as caught:
        list(read_records(path))
    assert str(caught.value.uri).endswith(place)


def test_a_file_cut_short_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(LINES.encode())[:-9])
    with pytest.raises(RecordInvalidError, match="damaged"):
        list(read_records(path))


def test_a_file_that_is_not_compressed_at_all_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl.gz"
    path.write_text(LINES)
    with pytest.raises(RecordInvalidError, match="damaged"):
        list(read_records(path))


@pytest.mark.parametrize("name", ["records", "records.txt"])
@pytest.mark.parametrize(
    "content",
    [LINES.encode(), gzip.compress(LINES.encode()), json.dumps(RECORDS, indent=1).encode()],
    ids=["lines", "compressed", "whole"],
)
def test_a_name_that_says_nothing_is_read_for_what_it_holds(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert list(read_records(tmp_path / name)) == RECORDS


def test_something_that_is_no_json_at_all_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "records.xml"
    path.write_text("<record/>")
    with pytest.raises(RecordInvalidError, match="not readable as JSON"):
        list(read_records(path))


def test_what_cannot_be_opened_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match="cannot be read"):
        list(read_records(tmp_path / "none.json"))


@pytest.mark.parametrize("content", [b"", b"[]", gzip.compress(b""), b"\n \n"], ids=["no", "list", "gzip", "blank"])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "a.jsonl.gz"])
def test_an_input_without_any_record_is_an_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    records = list(each_record(tmp_path / name))
    assert [record.body for record in records] == [None]


def test_a_line_longer_than_any_record_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_files, "LONGEST_BYTES", 100)
    path = tmp_path / "lines.jsonl"
    long = json.dumps({"recid": "1", "title": "x" * 990})
    path.write_text(f"{long}\n{LINES}{long}")
    places = [(record.place, record.body) for record in each_record(path)]
    assert [place.rpartition(":")[2] for place, _ in places] == ["1", "2", "3", "4"]
    assert [body for _, body in places] == [None, *RECORDS, None]
    (tmp_path / "whole.json").write_text(long)
    (record,) = each_record(tmp_path / "whole.json")
    assert "longer than" in str(record.error)


def test_a_name_that_stands_twice_in_an_object_is_told_and_the_last_value_counts(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text('{"recid": "1", "title": "a", "title": "b", "x": [{"y": 1, "y": 2}, {"y": 3, "y": 4}]}')
    (record,) = each_record(path)
    assert record.body == {"recid": "1", "title": "b", "x": [{"y": 2}, {"y": 4}]}
    assert [(found.code, found.field, found.count) for found in record.findings] == [
        ("name-twice", "y", 2),
        ("name-twice", "title", 1),
    ]


def test_a_folder_is_told_to_be_one_with_what_to_do(tmp_path: Path) -> None:
    (only,) = each_record(tmp_path)
    assert "This is a folder, and files of records are wanted." in str(only.error)
    assert f"Name the files in it, as in `{tmp_path}/*.json`." in str(only.error)
