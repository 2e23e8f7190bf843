"""Guards the reading of real records: all of them parse, and the findings are those that a naive count expects."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cern_assets.model.records import SourceRecord
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.sources.record_files import read_records

CORPUS = 4193
ANSWERS = 76


@pytest.fixture(scope="module")
def corpus(opendata_folder: Path) -> list[dict[str, Any]]:
    return [dict(record) for record in read_records(opendata_folder / "records.jsonl.gz")]


@pytest.fixture(scope="module")
def parsed(corpus: list[dict[str, Any]]) -> list[SourceRecord]:
    return [parse_record(record) for record in corpus]


@pytest.fixture(scope="module")
def pairs(opendata_folder: Path) -> list[tuple[SourceRecord, SourceRecord]]:
    """Each record as the API answers it, and as its fixture."""
    folder = opendata_folder / "records"
    return [
        (parse_record(json.loads(answer.read_bytes())), parse_record(json.loads((folder / answer.name).read_bytes())))
        for answer in sorted((opendata_folder / "api").glob("*.json"))
    ]


def counted(records: list[SourceRecord]) -> Counter[str]:
    found: Counter[str] = Counter()
    for record in records:
        for finding in record.findings:
            found[finding.code] += finding.count
    return found


def test_every_record_of_the_corpus_can_be_carried(parsed: list[SourceRecord]) -> None:
    assert len(parsed) == CORPUS
    assert [record.recid for record in parsed if any(item.severity == "error" for item in record.findings)] == []


def test_every_chosen_record_can_be_read(opendata_folder: Path) -> None:
    paths = sorted((opendata_folder / "records").glob("*.json"))
    assert {parse_record(json.loads(path.read_bytes())).recid for path in paths} == {path.stem for path in paths}


def test_every_listed_file_has_a_key_a_size_and_a_checksum(
    corpus: list[dict[str, Any]], parsed: list[SourceRecord]
) -> None:
    for body, record in zip(corpus, parsed, strict=True):
        assert len(record.files) == len(body.get("files", []))
        assert len({file.key for file in record.files}) == len(record.files)
        assert all(file.checksum and file.size_bytes for file in record.files)


def test_checksums_that_are_not_padded_are_found_exactly(
    corpus: list[dict[str, Any]], parsed: list[SourceRecord]
) -> None:
    sums = [file["checksum"] for body in corpus for file in body.get("files", [])]
    short = sum(bool(re.fullmatch("adler32:[0-9a-f]{1,7}", text)) for text in sums)
    misspelt = sum(text.startswith("alder32") for text in sums)
    assert short > 0
    assert counted(parsed)["checksum-not-padded"] == short
    assert counted(parsed)["checksum-algorithm-misspelt"] == misspelt == 1


def test_totals_that_differ_are_found_exactly(corpus: list[dict[str, Any]], parsed: list[SourceRecord]) -> None:
    plain = [
        (body["distribution"], body["files"])
        for body in corpus
        if body.get("files") and "distribution" in body and not any("type" in file for file in body["files"])
    ]
    sizes = sum(stated.get("size", total) != total for stated, files in plain for total in [_total(files)])
    numbers = sum(stated.get("number_files", len(files)) != len(files) for stated, files in plain)
    assert counted(parsed)["size-differs"] == sizes > 0
    assert counted(parsed)["number-of-files-differs"] == numbers > 0


def test_records_whose_stated_files_are_not_listed_are_umbrellas_or_told(
    parsed: list[SourceRecord], corpus: list[dict[str, Any]]
) -> None:
    found: dict[str, set[str]] = {"umbrella-record": set(), "files-nowhere": set()}
    for record in parsed:
        for code in found.keys() & {item.code for item in record.findings}:
            found[code].add(record.recid)
    unlisted = [body for body in corpus if body.get("distribution", {}).get("number_files") and not body.get("files")]
    parents = {
        body["recid"] for body in unlisted if any(each["type"] == "isParentOf" for each in body.get("relations", []))
    }
    assert found == {"umbrella-record": parents, "files-nowhere": {body["recid"] for body in unlisted} - parents}
    assert all(found.values())


def test_an_answer_and_its_fixture_have_the_same_metadata(pairs: list[tuple[SourceRecord, SourceRecord]]) -> None:
    assert len(pairs) == ANSWERS
    assert [answer.recid for answer, fixture in pairs if answer.metadata != fixture.metadata] == []


def test_an_answer_without_indexes_is_its_fixture(pairs: list[tuple[SourceRecord, SourceRecord]]) -> None:
    plain = [pair for pair in pairs if not any(file.index for file in pair[0].files)]
    assert len(plain) > 60
    assert [answer.recid for answer, fixture in plain if answer != fixture] == []


def test_members_of_real_indexes_are_listed(
    opendata_folder: Path, pairs: list[tuple[SourceRecord, SourceRecord]]
) -> None:
    indexed = {answer.recid: answer for answer, _ in pairs if any(file.index for file in answer.files)}
    assert len(indexed) >= 4
    for recid, record in indexed.items():
        body = json.loads((opendata_folder / "api" / f"{recid}.json").read_bytes())["metadata"]
        members = [member for index in body["_file_indices"] for member in index["files"]]
        assert sorted(file.uri for file in record.files if file.index) == sorted(member["uri"] for member in members)


def test_a_record_whose_index_lists_other_totals_is_noted(pairs: list[tuple[SourceRecord, SourceRecord]]) -> None:
    record = next(answer for answer, _ in pairs if answer.recid == "24646")
    assert "The record states 105 files and lists 89." in {finding.message for finding in record.findings}


def _total(files: list[dict[str, Any]]) -> int:
    return sum(file["size"] for file in files)
