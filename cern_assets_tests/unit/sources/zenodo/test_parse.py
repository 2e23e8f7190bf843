"""Records of legacy Zenodo in each of their forms: what they say is read, what is no record is told."""

import copy
from typing import Any

import pytest

from cern_assets.errors import RecordInvalidError, RecordNotFoundError
from cern_assets.model.values import content_hash
from cern_assets.sources.zenodo.parse import parse_record, parse_summary, tombstone
from cern_assets.sources.zenodo.recids import parse_recid
from cern_assets_tests.fakes.zenodo import BUCKET, record

MD5 = "e6e3ba3ecbf1c6169c98e24dd7104fbd"
ROW: dict[str, Any] = {
    "id": "2d6970ea-602d-4e8b-a918-063a59823386",
    "created": "2023-01-01 12:00:00.00000",
    "version_id": 1,
    "json": {
        "recid": "10123",
        "title": "A photo",
        "_oai": {"id": "oai:zenodo.org:10123", "updated": "2020-01-24T19:25:21Z"},
        "_files": [{"key": "one.txt", "size": 100, "bucket": BUCKET, "checksum": f"md5:{MD5}"}],
        "_deposit": {"status": "published"},
    },
}
DEPOSIT: dict[str, Any] = {"files": ["one.txt"], "metadata": {"title": "A talk", "upload_type": "presentation"}}


@pytest.mark.parametrize(
    ("text", "recid"),
    [
        ("1234", "1234"),
        (" zenodo.1234", "1234"),
        ("10.5281/zenodo.1234", "1234"),
        ("https://doi.org/10.5072/zenodo.1234", "1234"),
        ("https://zenodo.org/record/1234", "1234"),
        ("https://zenodo.org/api/records/1234/", "1234"),
        ("oai:zenodo.org:1234", "1234"),
        ("made-0123456789abcdef", "made-0123456789abcdef"),
    ],
)
def test_a_recid_is_read_as_people_write_it(text: str, recid: str) -> None:
    assert parse_recid(text) == recid


@pytest.mark.parametrize(
    "text", ["", "0123", "-1", "12x", "10.7483/x.1", "http://evil.example/record/1", "1" * 40, "\u0661"]
)
def test_what_can_be_no_recid_is_refused(text: str) -> None:
    with pytest.raises(RecordNotFoundError):
        parse_recid(text)


@pytest.mark.parametrize("body", [ROW, ROW["json"], record("10123", "A photo", {"one.txt": b"1"}), DEPOSIT])
def test_every_form_gives_title_recid_and_files(body: dict[str, Any]) -> None:
    read = parse_record(body)
    assert read.source == "zenodo"
    assert read.metadata["recid"] == read.recid
    assert [file.key for file in read.files] == ["one.txt"]
    assert read.metadata["title"] in {"A photo", "A talk"}


def test_files_have_the_place_that_is_stated_and_their_size_and_checksum() -> None:
    (file,) = parse_record(ROW).files
    assert (file.path, file.size_bytes, str(file.checksum)) == (f"api/files/{BUCKET}/one.txt", 100, f"md5:{MD5}")
    assert file.uri == f"https://zenodo.org/api/files/{BUCKET}/one.txt"
    body = record("5", "A title", {"a b.txt": b"1"})
    del body["files"][0]["bucket"]
    assert parse_record(body).files[0].path == f"api/files/{BUCKET}/a b.txt", "of the link"
    del body["files"][0]["links"]
    assert parse_record(body).files[0].path == "records/5/files/a b.txt"


@pytest.mark.parametrize("key", ["../etc/passwd", "/etc/passwd", "a\\b", "a\nb", "", None, 5])
def test_a_file_with_a_dangerous_name_stops_the_record(key: object) -> None:
    body = copy.deepcopy(ROW)
    body["json"]["_files"][0]["key"] = key
    read = parse_record(body)
    assert read.files == ()
    assert [(finding.code, finding.severity) for finding in read.findings] == [("file-name-unsafe", "error")]


@pytest.mark.parametrize("bucket", ["../../etc", "/etc", "a\\b"])
def test_a_dangerous_bucket_leads_nowhere(bucket: str) -> None:
    body = copy.deepcopy(ROW)
    body["json"]["_files"][0]["bucket"] = bucket
    assert [file.path for file in parse_record(body).files] == ["records/10123/files/one.txt"]


def test_a_link_to_another_host_or_scheme_asks_nobody_there() -> None:
    body = record("5", "A title", {"a.txt": b"1"})
    del body["files"][0]["bucket"]
    body["files"][0]["links"]["self"] = "http://169.254.169.254/latest/meta-data"
    (file,) = parse_record(body).files
    assert file.uri == "https://zenodo.org/latest/meta-data", "a path below the source's own root"
    body["files"][0]["links"]["self"] = "file:///etc/passwd"
    assert parse_record(body).files[0].path == "records/5/files/a.txt"


def test_a_file_listed_twice_differently_stops_the_record() -> None:
    body = copy.deepcopy(ROW)
    body["json"]["_files"] *= 2
    assert [(f.code, f.severity) for f in parse_record(body).findings] == [("file-listed-twice", "warning")]
    body["json"]["_files"] = [body["json"]["_files"][0], {**body["json"]["_files"][0], "size": 7}]
    assert [(f.code, f.severity) for f in parse_record(body).findings] == [("file-listed-twice", "error")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**ROW, "json": {**ROW["json"], "_deposit": {"status": "draft"}}}, "_deposit.status"),
        ({**record("5", "A title", {}), "state": "unsubmitted"}, "state"),
    ],
)
def test_a_draft_at_the_source_is_not_published_for_its_owner(body: dict[str, Any], field: str) -> None:
    errors = [finding for finding in parse_record(body).findings if finding.severity == "error"]
    assert [(finding.code, finding.field) for finding in errors] == [("draft-at-source", field)]


def test_a_deposit_without_a_number_has_a_recid_of_its_content() -> None:
    first, again = parse_record(DEPOSIT), parse_record(copy.deepcopy(DEPOSIT))
    other = parse_record({**DEPOSIT, "metadata": {**DEPOSIT["metadata"], "title": "Another talk"}})
    assert first.recid == again.recid != other.recid
    assert "recid-made" in {finding.code for finding in first.findings}
    assert parse_recid(first.recid) == first.recid


def test_what_moves_by_itself_does_not_move_the_record() -> None:
    moved = copy.deepcopy(ROW) | {"updated": "2024-01-01", "version_id": 9}
    moved["json"]["_oai"]["updated"] = "2024-01-01T00:00:00Z"
    moved["json"]["_buckets"] = {"record": "another"}
    assert content_hash(parse_record(moved).metadata) == content_hash(parse_record(ROW).metadata)
    assert parse_summary(moved).digest == content_hash(parse_record(ROW).metadata)


@pytest.mark.parametrize(
    ("removal", "why"),
    [
        ({"removal_reason": "Spam", "removed_by": 5}, "Spam, 5"),
        (["Spam", "by hand"], "Spam, by hand"),
        ("Spam", "Spam"),
        (None, None),
        ({}, None),
    ],
)
def test_a_tombstone_tells_its_reason_in_whatever_shape(removal: object, why: str | None) -> None:
    assert tombstone({"recid": "5", "title": "x", "removal_json": removal}) == why


@pytest.mark.parametrize("body", [None, [], "text", {}, {"recid": "x"}, {"json": {"recid": "../1", "title": "t"}}])
def test_what_is_no_record_is_refused(body: object) -> None:
    with pytest.raises(RecordInvalidError):
        parse_record(body)


@pytest.mark.parametrize("stated", [["a", "b", "a"], [{"id": "a"}, {"identifier": " b "}, {}, 5]])
def test_communities_are_read_in_the_spelling_of_each_form(stated: list[Any]) -> None:
    assert parse_record(record("7", "A photo", {}, communities=stated)).communities == ("a", "b")
