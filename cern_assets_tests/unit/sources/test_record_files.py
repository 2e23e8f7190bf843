"""Guards reading records from files: all three kinds, one record at a time, errors with file and line."""

import gzip
import json
from pathlib import Path

import pytest

from cern_assets.errors import ConfigurationError, FileMissingError, RecordInvalidError
from cern_assets.sources.record_files import read_records

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


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.xml"
    path.write_text("<record/>")
    with pytest.raises(ConfigurationError, match="ending"):
        list(read_records(path))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        list(read_records(tmp_path / "none.json"))
