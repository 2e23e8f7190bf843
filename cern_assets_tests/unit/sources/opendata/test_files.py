"""Guards how entries of file lists are read: live state first, repairs noted, nothing hostile let through."""

from typing import Any

import pytest

from cern_assets.errors import RecordInvalidError
from cern_assets.model.checksums import Checksum
from cern_assets.sources.opendata.files import MOST_FILES, FileReader

ROOT = "root://eospublic.cern.ch//eos/opendata/"


def entry(name: str = "a/x.root", **more: Any) -> dict[str, Any]:
    return {"uri": ROOT + name, "size": 3, "checksum": "adler32:024d0127", **more}


def codes(reader: FileReader) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in reader.findings]


def test_an_entry_of_a_fixture_becomes_a_file() -> None:
    reader = FileReader()
    (file,) = reader.read({"files": [entry()]})
    assert file.key == "x.root"
    assert file.uri == ROOT + "a/x.root"
    assert file.path == "eos/opendata/a/x.root"
    assert file.size_bytes == 3
    assert file.checksum == Checksum(algorithm="adler32", value="024d0127")
    assert file.availability == "online"
    assert file.index is None
    assert reader.findings == []


def test_the_live_state_wins_over_the_list_that_was_loaded() -> None:
    (file,) = FileReader().read({"files": [entry(size=1)], "_files": [entry(size=2)]})
    assert file.size_bytes == 2


@pytest.mark.parametrize("live", [None, []])
def test_without_a_live_state_the_list_is_taken(live: Any) -> None:
    assert len(FileReader().read({"files": [entry()], "_files": live})) == 1


def test_members_of_file_indexes_are_added_with_the_name_of_their_index() -> None:
    index = {"key": "one.json", "number_files": 2, "files": [entry("1/AO2D.root"), entry("2/AO2D.root")]}
    files = FileReader().read({"_files": [entry("readme.txt")], "_file_indices": [index]})
    assert [(file.key, file.index) for file in files] == [
        ("1/AO2D.root", "one.json"),
        ("2/AO2D.root", "one.json"),
        ("readme.txt", None),
    ]


def test_index_files_of_a_fixture_are_ordinary_files() -> None:
    (file,) = FileReader().read({"files": [entry("i_file_index.json", type="index.json", description="1 of 1")]})
    assert (file.key, file.index) == ("i_file_index.json", None)


def test_members_of_the_new_curation_path_need_neither_key_nor_file_id() -> None:
    member = {"uri": "root://eospublic.cern.ch:1094//eos/opendata/a/x.root", "size": 1, "checksum": "adler32:00620062"}
    reader = FileReader()
    (file,) = reader.read({"_file_indices": [{"key": "i.json", "availability": {}, "files": [member]}]})
    assert file.path == "eos/opendata/a/x.root"
    assert reader.findings == []


def test_the_order_of_the_source_does_not_matter() -> None:
    entries = [entry("b"), entry("a"), entry("c", checksum="adler32:24d0127"), entry("d", size=-1)]
    forward, backward = FileReader(), FileReader()
    assert forward.read({"files": entries}) == backward.read({"files": entries[::-1]})
    assert forward.findings == backward.findings


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"availability": "online"}, "online"),
        ({"availability": "on demand"}, "on demand"),
        ({"availability": "ondemand"}, "on demand"),
        ({"availability": "requested"}, "on demand"),
        ({"tags": {"uri_cold": "root://x", "hot_deleted": "2026-01-01"}}, "on demand"),
        ({"availability": "online", "tags": {"uri_cold": "root://x"}}, "online"),
        ({"availability": "online", "tags": {"hot_deleted": "2026-01-01"}}, "on demand"),
        ({}, "online"),
    ],
)
def test_a_file_without_a_copy_on_disk_is_on_demand(state: dict[str, Any], expected: str) -> None:
    (file,) = FileReader().read({"_files": [entry(**state)]})
    assert file.availability == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("adler32:24d0127", "checksum-not-padded"),
        ("alder32:024d0127", "checksum-algorithm-misspelt"),
        ("024d0127", "checksum-without-algorithm"),
        ("ADLER32:024D0127", "checksum-not-canonical"),
    ],
)
def test_a_checksum_written_wrongly_is_repaired_and_noted(text: str, code: str) -> None:
    reader = FileReader()
    (file,) = reader.read({"files": [entry(checksum=text)]})
    assert file.checksum == Checksum(algorithm="adler32", value="024d0127")
    assert codes(reader) == [(code, "note")]
    assert reader.findings[0].field == "files[].checksum"
    assert reader.findings[0].value == text


@pytest.mark.parametrize("text", [None, "", 17, "adler32:xyz", "whirlpool:aa", ["adler32:024d0127"]])
def test_a_checksum_that_cannot_be_read_is_none_and_a_warning(text: object) -> None:
    reader = FileReader()
    (file,) = reader.read({"files": [entry(checksum=text)]})
    assert file.checksum is None
    assert codes(reader) == [("checksum-unusable", "warning")]


@pytest.mark.parametrize("size", [None, -1, "3", 3.0, True, 2**63])
def test_a_size_that_is_none_is_noted(size: object) -> None:
    reader = FileReader()
    (file,) = reader.read({"files": [entry(size=size)]})
    assert file.size_bytes is None
    assert codes(reader) == [("size-unusable", "warning")]


def test_an_empty_file_is_a_file() -> None:
    reader = FileReader()
    (file,) = reader.read({"files": [entry(size=0, checksum="adler32:00000001")]})
    assert file.size_bytes == 0
    assert reader.findings == []


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        (None, "uri-missing"),
        (7, "uri-missing"),
        ("", "uri-elsewhere"),
        ("/eos/opendata/a", "uri-elsewhere"),
        ("https://opendata.cern.ch/eos/opendata/a", "uri-elsewhere"),
        ("root://example.org//eos/opendata/a", "uri-elsewhere"),
        ("root://eospublic.cern.ch.example.org//eos/opendata/a", "uri-elsewhere"),
        ("root://user@eospublic.cern.ch//eos/opendata/a", "uri-elsewhere"),
        ("root://eospublic.cern.ch//eos/user/a", "uri-elsewhere"),
        (ROOT + "a?authz=secret", "uri-elsewhere"),
        (ROOT, "file-name-unsafe"),
        (ROOT + "../../etc/passwd", "file-name-unsafe"),
        (ROOT + "a//b", "file-name-unsafe"),
        (ROOT + "a/./b", "file-name-unsafe"),
        (ROOT + "a\\b", "file-name-unsafe"),
        (ROOT + "a\nb", "file-name-unsafe"),
        (ROOT + "a\u202eb", "file-name-unsafe"),
        (ROOT + "a\ud800", "file-name-unsafe"),
        (ROOT + "x" * 1000, "file-name-unsafe"),
    ],
)
def test_a_hostile_or_foreign_uri_is_kept_out_and_stops_the_record(uri: object, code: str) -> None:
    reader = FileReader()
    files = reader.read({"files": [entry("good"), {**entry(), "uri": uri}]})
    assert [file.key for file in files] == ["good"]
    assert codes(reader) == [(code, "error")]
    assert reader.entries == 2
    reader.findings[0].model_dump_json().encode()


def test_a_file_listed_twice_alike_is_one_file() -> None:
    reader = FileReader()
    assert len(reader.read({"files": [entry(), entry()]})) == 1
    assert codes(reader) == [("file-listed-twice", "warning")]


def test_a_file_listed_twice_with_different_checksums_stops_the_record() -> None:
    reader = FileReader()
    reader.read({"files": [entry(), entry(checksum="adler32:00000001")]})
    assert codes(reader) == [("file-listed-differently", "error")]


def test_a_file_that_is_a_folder_of_another_is_kept_out() -> None:
    reader = FileReader()
    files = reader.read({"files": [entry("a/b"), entry("a/b/b")]})
    assert [file.path for file in files] == ["eos/opendata/a/b/b"]
    assert codes(reader) == [("file-is-a-folder", "error")]


@pytest.mark.parametrize("part", ["files", "_files", "_file_indices"])
def test_a_list_that_is_none_is_an_error(part: str) -> None:
    reader = FileReader()
    assert reader.read({part: {"a": 1}}) == ()
    assert codes(reader) == [("file-list-unreadable", "error")]


def test_an_entry_that_is_no_object_is_an_error() -> None:
    reader = FileReader()
    assert len(reader.read({"files": ["x.root", entry()]})) == 1
    assert codes(reader) == [("file-entry-unreadable", "error")]


@pytest.mark.parametrize(("stated", "severity"), [(2, "error"), (0, "warning")])
def test_an_index_with_another_number_of_members_than_stated_is_noted(stated: int, severity: str) -> None:
    reader = FileReader()
    reader.read({"_file_indices": [{"key": "i.json", "number_files": stated, "files": [entry()]}]})
    assert codes(reader) == [("index-differs", severity)]


def test_a_record_that_lists_more_files_than_any_has_is_refused_before_they_are_read() -> None:
    members: list[dict[str, Any]] = [{}] * MOST_FILES
    reader = FileReader()
    with pytest.raises(RecordInvalidError, match="at most 100,000"):
        reader.read({"files": [{}], "_file_indices": [{"key": "a.json", "files": members}]})
    assert reader.findings == []
