"""The contract of `ports.RecordSource`, over every implementation.

An implementation joins by a row in `CASES`: a fixture that gives an open source, and what is known of its records.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest

from cern_assets.errors import ConfigurationError, RecordNotFoundError
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import content_hash
from cern_assets.ports import RecordSource
from cern_assets.sources.opendata.client import OpenDataSource


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


CASES = ["sample", "real"]


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
    assert record.metadata["title"]
    assert record.url.startswith("http")


def test_a_record_has_a_page(case: Case) -> None:
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
        assert (record.recid, record.metadata["title"]) == (summary.recid, summary.title)
        assert summary.digest == content_hash(record.metadata), "a list tells whether the record has changed"


def test_a_search_for_nothing_in_particular_gives_every_record_once(case: Case) -> None:
    recids = [summary.recid for summary in case.source.search().records]
    assert len(set(recids)) == len(recids)
    assert len(recids) == case.all_records if case.all_records else len(recids) >= 4193


def test_a_search_that_matches_nothing_is_empty(case: Case) -> None:
    assert case.source.search("recid:no-such-recid").records == ()


def test_a_source_can_be_asked_by_many_threads(case: Case) -> None:
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda _: case.source.fetch(case.known).record, range(24)))
    assert all(record == records[0] and record is not None for record in records)


def test_an_address_that_is_no_source_is_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigurationError):
        _opendata("no address")
