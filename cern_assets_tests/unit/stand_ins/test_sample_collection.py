"""Guards the bundled collection: small, the same everywhere, valid for the portal, and wrong in one place only."""

import hashlib
import json
import zlib
from pathlib import Path

import jsonschema
import pytest

from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.stand_ins.sample.content import sample_bytes
from cern_assets.stand_ins.sample.records import SampleCollection, sample_collection

BAD = "900011"
LICENCES = {"CC0-1.0", "GPL-3.0-only", "MIT", "Apache-2.0", "BSD-3-Clause"}


@pytest.fixture(scope="module")
def collection() -> SampleCollection:
    return sample_collection()


@pytest.fixture(scope="module")
def records(collection: SampleCollection) -> dict[str, SourceRecord]:
    return {recid: parse_record(body) for recid, body in collection.records.items()}


def matches(collection: SampleCollection, file: SourceFile) -> bool:
    opened = collection.open(file.path)
    assert opened is not None
    content = opened.read()
    assert len(content) == file.size_bytes
    assert file.checksum is not None
    sums = {"adler32": f"{zlib.adler32(content):08x}", "sha1": hashlib.sha1(content).hexdigest()}
    return sums[file.checksum.algorithm] == file.checksum.value


def test_every_file_has_the_checksum_that_is_stated_but_one(
    collection: SampleCollection, records: dict[str, SourceRecord]
) -> None:
    wrong = [
        (recid, file.key) for recid, record in records.items() for file in record.files if not matches(collection, file)
    ]
    assert wrong == [(BAD, "R09002.sdst")]
    assert "on purpose" in str(records[BAD].metadata["title"])


def test_the_collection_is_small(collection: SampleCollection) -> None:
    assert len(collection.records) == 16
    assert sum(collection.sizes.values()) < 20 * 1024**2


def test_no_record_is_stopped_by_what_it_says(records: dict[str, SourceRecord]) -> None:
    found = {(recid, item.code) for recid, record in records.items() for item in record.findings}
    assert found == {("900003", "umbrella-record"), ("900007", "checksum-not-padded")}


def test_the_kinds_of_record_that_make_trouble_are_there(records: dict[str, SourceRecord]) -> None:
    files = {recid: record.files for recid, record in records.items()}
    assert any(len(listed) > 100 for listed in files.values())
    assert any(len({file.index for file in listed}) > 1 for listed in files.values())
    assert any("/" in file.key for listed in files.values() for file in listed)
    assert any(file.size_bytes == 0 for listed in files.values() for file in listed)
    assert {file.checksum.algorithm for listed in files.values() for file in listed if file.checksum} == {
        "adler32",
        "sha1",
    }
    assert not files["900010"]
    assert "doi" not in records["900009"].metadata
    assert "sample-1" in records


def test_relations_and_links_lead_to_records_of_the_collection(records: dict[str, SourceRecord]) -> None:
    text = json.dumps([dict(record.metadata) for record in records.values()])
    linked = {part.split('"')[0].rstrip("\\") for part in text.split("/record/")[1:]}
    related = {
        str(relation["recid"]) for record in records.values() for relation in _objects(record.metadata.get("relations"))
    }
    assert linked | related <= set(records)
    assert linked
    assert related


def test_records_say_that_they_are_made_up(records: dict[str, SourceRecord]) -> None:
    for record in records.values():
        assert "made-up record" in str(record.metadata["abstract"])
        assert str(record.metadata.get("doi", "10.5072/")).startswith("10.5072/")
        licence = record.metadata.get("license")
        assert licence is None or (isinstance(licence, dict) and licence["attribution"] in LICENCES)


def test_records_fulfil_the_portal_s_schema(collection: SampleCollection, opendata_folder: Path) -> None:
    schema = json.loads((opendata_folder / "schema" / "record-v1.0.0.json").read_bytes())
    for record in collection.records.values():
        jsonschema.validate(dict(record), schema)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.root", "a"])
@pytest.mark.parametrize("size", [0, 1, 27, 28, 29, 1000, 70_000])
def test_content_has_the_size_asked_for(name: str, size: int) -> None:
    assert len(sample_bytes(f"eos/opendata/{name}", size)) == size


def test_content_depends_on_the_path() -> None:
    assert sample_bytes("eos/a.root", 100) != sample_bytes("eos/b.root", 100)
    assert sample_bytes("eos/a.csv", 100) != sample_bytes("eos/b.csv", 100)


def test_a_file_that_nobody_lists_is_not_there(collection: SampleCollection) -> None:
    assert collection.open("eos/opendata/cms/other.root") is None


def _objects(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
