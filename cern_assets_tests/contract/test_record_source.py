"""The contract of `ports.RecordSource`, over every implementation.

An implementation joins by a row in `CASES`: a fixture that gives an open source, and what is known of its records.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from cern_assets.errors import ConfigurationError, RecordNotFoundError
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import content_hash
from cern_assets.ports import RecordSource
from cern_assets.sources.cds.parts import FORM as CDS_FORM
from cern_assets.sources.dumps.source import DumpSource
from cern_assets.sources.opendata.client import OpenDataSource
from cern_assets.sources.zenodo.client import ZenodoSource
from cern_assets.sources.zenodo.parts import FORM as ZENODO_FORM
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.local import LocalStore
from cern_assets_tests.fakes.zenodo import FakeZenodo


@dataclass(frozen=True)
class Case:
    """A source, and what a test may rely on."""

    source: RecordSource
    known: Recid
    """A record with files."""
    alias: Recid
    """Another name for the known record."""
    missing: Recid
    query: str
    matching: int
    """How many records match the query."""
    all_records: int | None
    """How many records there are; None where they are more than can be paged through."""
    has_pages: bool = True
    """Whether its pages are there to be opened."""


def _opendata(url: str) -> OpenDataSource:
    return OpenDataSource(url, requests_per_minute=0, attempts=2, timeout_seconds=30)


@pytest.fixture(scope="module")
def sample(sample_portal_url: str) -> Iterator[Case]:
    with closing(_opendata(sample_portal_url)) as source:
        yield Case(
            source=source,
            known=Recid("900005"),
            alias=Recid("alice-900005"),
            missing=Recid("1"),
            query="experiment:DELPHI",
            matching=5,
            all_records=16,
        )


@pytest.fixture(scope="module")
def real(opendata_portal_url: str) -> Iterator[Case]:
    with closing(_opendata(opendata_portal_url)) as source:
        yield Case(
            source=source,
            known=Recid("133"),
            alias=Recid("cms-133"),
            missing=Recid("999999999"),
            query="recid:133",
            matching=1,
            all_records=None,
        )


ZENODO = FakeZenodo()
for _number in range(1, 8):
    ZENODO.put(str(1000 + _number), f"Dataset {_number}", {f"{_number}.csv": b"1,2"})
ZENODO.put("2000", "A poster", {"poster.pdf": b"%PDF"})


def _zenodo(url: str) -> ZenodoSource:
    return ZenodoSource(url, requests_per_minute=0, attempts=2, timeout_seconds=30)


@pytest.fixture(scope="module")
def zenodo() -> Iterator[Case]:
    with serve_in_thread(ZENODO.app()) as url, closing(_zenodo(url)) as source:
        yield _zenodo_case(source)


@pytest.fixture(scope="module")
def zenodo_dump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("dump")
    first, *others = map(json.dumps, ZENODO.records.values())
    (folder / "first.json").write_text(first)
    (folder / "others.jsonl.gz").write_bytes(gzip.compress("\n".join(others).encode()))
    with closing(DumpSource(ZENODO_FORM, str(folder), LocalStore(folder), folder.parent / "notes")) as source:
        yield replace(_zenodo_case(source), has_pages=False)


@pytest.fixture(scope="module")
def cds_dump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("cds")
    fields = "001__ {0}\n245__ $$a{1} {0}\n963__ $$aPUBLIC\n8564_ $$s3$$uhttp://cds.cern.ch/record/{0}/files/a.pdf\n\n"
    records = [fields.format(number, "A note" if number < 8 else "A thesis") for number in range(1, 11)]
    (folder / "all.marc").write_text("".join(records))
    with closing(DumpSource(CDS_FORM, str(folder), LocalStore(folder), folder.parent / "cds-notes")) as source:
        yield Case(
            source=source,
            known=Recid("3"),
            alias=Recid("https://cds.cern.ch/record/3"),
            missing=Recid("99"),
            query="note",
            matching=7,
            all_records=10,
            has_pages=False,
        )


def _zenodo_case(source: RecordSource) -> Case:
    return Case(
        source=source,
        known=Recid("1003"),
        alias=Recid("10.5281/zenodo.1003"),
        missing=Recid("1"),
        query="Dataset",
        matching=7,
        all_records=8,
    )


def _title(record: SourceRecord) -> object:
    """The title in a source's own words: a field of that name, or MARC's 245."""
    marc: Any = record.metadata.get("245__")
    return marc[0]["a"][0] if marc else record.metadata["title"]


CASES = ["sample", "real", "zenodo", "zenodo_dump", "cds_dump"]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Case)
    return found


def test_a_source_says_what_answers(case: Case) -> None:
    line = case.source.ping()
    assert line
    assert "\n" not in line


def test_a_known_record_is_read(case: Case) -> None:
    record = case.source.fetch(case.known).record
    assert record is not None
    assert record.recid == case.known
    assert record.source == case.source.name
    assert record.files
    assert _title(record)
    assert record.url.startswith("http")


def test_a_record_has_a_page(case: Case) -> None:
    assert case.source.page(case.known).startswith("http")
    if not case.has_pages:
        return
    page = httpx.get(case.source.page(case.known))
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_a_record_read_twice_is_the_same(case: Case) -> None:
    first, second = (case.source.fetch(case.known) for _ in range(2))
    assert content_hash(first.record) == content_hash(second.record)
    assert first.etag == second.etag


def test_an_etag_that_still_holds_saves_the_reading(case: Case) -> None:
    first = case.source.fetch(case.known)
    again = case.source.fetch(case.known, etag=first.etag)
    assert again.record is None
    assert again.etag == first.etag


def test_an_etag_that_does_not_hold_gives_the_record(case: Case) -> None:
    assert case.source.fetch(case.known, etag='"of another time"').record is not None


def test_an_alias_gives_the_record_with_its_canonical_recid(case: Case) -> None:
    assert case.source.fetch(case.alias).record == case.source.fetch(case.known).record


def test_an_unknown_recid_is_not_found(case: Case) -> None:
    with pytest.raises(RecordNotFoundError):
        case.source.fetch(case.missing)


def test_a_search_gives_what_matches(case: Case) -> None:
    found = case.source.search(case.query).records
    assert len(found) == case.matching
    for summary in found:
        record = case.source.fetch(summary.recid).record
        assert record is not None
        assert (record.recid, _title(record)) == (summary.recid, summary.title)
        assert summary.digest == content_hash(record.metadata), "a list tells whether the record has changed"


def test_a_search_for_nothing_in_particular_gives_every_record_once(case: Case) -> None:
    recids = [summary.recid for summary in case.source.search().records]
    assert len(set(recids)) == len(recids)
    assert len(recids) == case.all_records if case.all_records else len(recids) >= 4193


def test_a_search_that_matches_nothing_is_empty(case: Case) -> None:
    assert case.source.search("recid:no-such-recid").records == ()


def test_asking_for_files_from_tape_gives_a_name_of_the_request_or_none(case: Case) -> None:
    ticket = case.source.stage(case.known)
    assert ticket is None or str(case.known) in ticket
    assert case.source.stage(case.missing) is None


def test_a_source_can_be_asked_by_many_threads(case: Case) -> None:
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda _: case.source.fetch(case.known).record, range(24)))
    assert all(record == records[0] and record is not None for record in records)


@pytest.mark.parametrize("source", [_opendata, _zenodo])
def test_an_address_that_is_no_source_is_a_matter_of_configuration(source: Callable[[str], RecordSource]) -> None:
    with pytest.raises(ConfigurationError):
        source("no address")


def test_a_facet_that_a_source_does_not_have_is_refused(case: Case) -> None:
    with pytest.raises(ConfigurationError, match="facet"):
        case.source.search(facets={"colour": "red"})


def test_a_plan_covers_what_the_search_finds(case: Case) -> None:
    plan = case.source.plan(case.query)
    assert plan.total == sum(part.total for part in plan.slices) == case.matching
