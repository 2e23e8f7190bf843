"""Guards what the client makes of a portal that misbehaves: patience where it helps, and the right error where not."""

import gzip
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cern_assets.errors import (
    CernAssetsError,
    ConfigurationError,
    RecordInvalidError,
    RecordNotFoundError,
    RecordRestrictedError,
    RecordWithdrawnError,
    SourceUnavailableError,
)
from cern_assets.model.identifiers import Recid
from cern_assets.sources.opendata.client import OpenDataSource
from cern_assets.sources.portal_requests import MOST_ANSWER_BYTES
from cern_assets_tests.services.needs import free_port
from cern_assets_tests.unit.sources.opendata.misbehaving import ScriptedPortal, answer, page, scripted

RECID = Recid("133")
METADATA: dict[str, Any] = {"recid": "133", "title": "A title", "type": {"primary": "Dataset"}}
RECORD: dict[str, Any] = {"id": "133", "updated": "2026-01-01", "metadata": METADATA}
MEMBERS = [
    {"uri": f"root://eospublic.cern.ch//eos/opendata/{n}/AO2D.root", "size": n, "checksum": "adler32:024d0127"}
    for n in (1, 2)
]


@contextmanager
def client(
    url: str, *, attempts: int = 4, timeout_seconds: float = 10, waits: list[float] | None = None
) -> Iterator[OpenDataSource]:
    """A client whose pauses are noted instead of made."""
    source = OpenDataSource(
        url,
        requests_per_minute=0,
        attempts=attempts,
        timeout_seconds=timeout_seconds,
        wait=([] if waits is None else waits).append,
    )
    try:
        yield source
    finally:
        source.close()


@pytest.mark.parametrize("first", [answer({}, 503), answer({}, 500), answer({}, 429), page(502), page(200), page(404)])
def test_an_answer_that_may_pass_is_asked_for_again(first: Response) -> None:
    with scripted(first, answer(RECORD, ETag='"1"')) as portal, client(portal.url) as source:
        fetched = source.fetch(RECID)
    assert fetched.record is not None
    assert fetched.etag == '"1"'
    assert len(portal.requests) == 2


def test_attempts_end_and_the_error_names_address_and_reason() -> None:
    waits: list[float] = []
    with scripted(answer({}, 503)) as portal, client(portal.url, attempts=3, waits=waits) as source:
        with pytest.raises(SourceUnavailableError, match="3 attempts: status 503") as caught:
            source.fetch(RECID)
        assert caught.value.uri == f"{portal.url}/api/records/133"
    assert len(portal.requests) == 3
    assert len(waits) == 2


def test_pauses_between_attempts_are_made() -> None:
    waits: list[float] = []
    with (
        scripted(answer({}, 503)) as portal,
        client(portal.url, attempts=6, waits=waits) as source,
        pytest.raises(SourceUnavailableError),
    ):
        source.fetch(RECID)
    assert len(waits) == 5
    assert all(0 <= wait <= 30 for wait in waits)


def test_a_portal_that_asks_for_seconds_gets_them() -> None:
    waits: list[float] = []
    busy = answer({}, 429, Retry_After="42")
    with scripted(busy, answer(RECORD)) as portal, client(portal.url, waits=waits) as source:
        source.fetch(RECID)
    assert 41 < max(waits) <= 42


def test_a_portal_that_names_a_time_is_left_alone_until_then() -> None:
    waits: list[float] = []
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    busy = answer({}, 503, Retry_After=later)
    with scripted(busy, answer(RECORD)) as portal, client(portal.url, waits=waits) as source:
        source.fetch(RECID)
    assert 60 < max(waits) <= 90


@pytest.mark.parametrize("nonsense", ["soon", "-5", "1e9", "Mon, 99 Foo 2026", "", "²"])
def test_a_pause_that_cannot_be_read_is_no_pause(nonsense: str) -> None:
    waits: list[float] = []
    busy = answer({}, 429)
    busy.raw_headers.append((b"retry-after", nonsense.encode()))
    with scripted(busy, answer(RECORD)) as portal, client(portal.url, waits=waits) as source:
        source.fetch(RECID)
    assert max(waits) <= 30


def test_a_pause_beyond_reason_is_cut_short() -> None:
    waits: list[float] = []
    busy = answer({}, 429, Retry_After="99999999")
    with scripted(busy, answer(RECORD)) as portal, client(portal.url, waits=waits) as source:
        source.fetch(RECID)
    assert 290 < max(waits) <= 300


def test_the_header_that_comes_with_every_answer_is_no_request_to_wait() -> None:
    waits: list[float] = []
    usual = answer(RECORD, Retry_After="60", X_RateLimit_Remaining="59")
    with scripted(usual) as portal, client(portal.url, waits=waits) as source:
        source.fetch(RECID)
        source.fetch(RECID)
    assert waits == []


def test_the_last_request_of_a_minute_is_followed_by_a_pause() -> None:
    waits: list[float] = []
    reset = str(int((datetime.now(UTC) + timedelta(seconds=30)).timestamp()))
    last = answer(RECORD, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)
    with scripted(last, answer(RECORD)) as portal, client(portal.url, waits=waits) as source:
        source.fetch(RECID)
        source.fetch(RECID)
    assert len(waits) == 1
    assert 10 < waits[0] <= 30


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, RecordNotFoundError),
        (410, RecordWithdrawnError),
        (401, RecordRestrictedError),
        (403, RecordRestrictedError),
        (400, RecordInvalidError),
    ],
)
def test_what_the_portal_says_of_a_record_is_believed_at_once(status: int, error: type[CernAssetsError]) -> None:
    with (
        scripted(answer({"status": status, "message": "No."}, status)) as portal,
        client(portal.url) as source,
        pytest.raises(error),
    ):
        source.fetch(RECID)
    assert len(portal.requests) == 1


def test_a_web_page_that_says_404_is_not_the_portal_s_word_on_a_record() -> None:
    with (
        scripted(page(404)) as portal,
        client(portal.url) as source,
        pytest.raises(SourceUnavailableError, match="web page"),
    ):
        source.fetch(RECID)


@pytest.mark.parametrize("body", [b"{oops", b"", b"[]", b'"text"', b'{"metadata": {}}'])
def test_an_answer_that_is_no_record_is_invalid(body: bytes) -> None:
    with (
        scripted(Response(body, media_type="application/json")) as portal,
        client(portal.url) as source,
        pytest.raises(RecordInvalidError),
    ):
        source.fetch(RECID)


def test_an_answer_cut_short_is_asked_for_again() -> None:
    cut = Response(b'{"id"', media_type="application/json", headers={"Content-Length": "5000"})
    with scripted(cut, answer(RECORD)) as portal, client(portal.url) as source:
        assert source.fetch(RECID).record is not None


def test_a_silent_portal_is_waited_for_and_then_given_up() -> None:
    release = threading.Event()

    def silent(request: Request) -> Response:
        release.wait(30)
        return answer({})

    with scripted(silent) as portal, client(portal.url, attempts=2, timeout_seconds=0.2) as source:
        try:
            with pytest.raises(SourceUnavailableError, match="ReadTimeout"):
                source.fetch(RECID)
        finally:
            release.set()
    assert len(portal.requests) == 2


def test_nobody_there_is_a_source_that_is_unavailable() -> None:
    with client(f"http://127.0.0.1:{free_port()}") as source, pytest.raises(SourceUnavailableError, match="Connect"):
        source.ping()


def test_an_unchanged_record_is_not_read_again() -> None:
    with scripted(Response(status_code=304)) as portal, client(portal.url) as source:
        fetched = source.fetch(RECID, etag='"7"')
    assert fetched.record is None
    assert fetched.etag == '"7"'
    assert portal.requests[0].headers["if-none-match"] == '"7"'


@pytest.mark.parametrize("packed", ["br", "deflate", "gzip, gzip"])
def test_an_answer_packed_in_a_way_that_knows_no_bound_is_not_unpacked(packed: str) -> None:
    with scripted(answer(RECORD, Content_Encoding=packed)) as portal, client(portal.url) as source:
        with pytest.raises(SourceUnavailableError, match=f"packed as '{packed}'"):
            source.fetch(RECID)
        assert portal.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("etag", ["1", '"unfinished', '"' + "x" * 300 + '"', '"a\tb"', "*", '"\u00e9"', '"a", "b"', ""])
def test_an_etag_that_cannot_be_sent_back_is_not_kept(etag: str) -> None:
    with scripted(answer(RECORD, ETag=etag)) as portal, client(portal.url) as source:
        assert source.fetch(RECID).etag is None


@pytest.mark.parametrize("etag", ['"1"', 'W/"a-b"', '""'])
def test_an_etag_is_kept_as_it_came(etag: str) -> None:
    with scripted(answer(RECORD, ETag=etag)) as portal, client(portal.url) as source:
        assert source.fetch(RECID).etag == etag


def test_not_modified_without_an_etag_sent_is_no_answer() -> None:
    with (
        scripted(Response(status_code=304)) as portal,
        client(portal.url) as source,
        pytest.raises(SourceUnavailableError, match="status 304"),
    ):
        source.fetch(RECID)


def test_the_client_says_who_asks() -> None:
    with scripted(answer(RECORD)) as portal, client(portal.url) as source:
        source.fetch(RECID)
    assert portal.requests[0].headers["user-agent"].startswith("cern-assets")


def test_a_redirect_is_followed() -> None:
    moved = Response(status_code=301, headers={"Location": "/api/records/133"})
    with scripted(moved, answer(RECORD)) as portal, client(portal.url) as source:
        assert source.fetch(RECID).record is not None


def test_a_redirect_to_another_server_is_not_followed_unless_it_is_named() -> None:
    with scripted(answer(RECORD)) as other:
        elsewhere = Response(status_code=302, headers={"Location": f"{other.url}/api/records/133"})
        with scripted(elsewhere, elsewhere) as portal:
            with client(portal.url) as source, pytest.raises(SourceUnavailableError, match="is not followed"):
                source.fetch(RECID)
            assert other.requests == []
            named = (urlsplit(other.url).netloc,)
            allowing = OpenDataSource(
                portal.url, requests_per_minute=0, attempts=1, timeout_seconds=10, redirect_hosts=named
            )
            with closing(allowing) as source:
                assert source.fetch(RECID).record is not None


def test_an_answer_that_grows_when_it_is_unpacked_is_let_go() -> None:
    packed = gzip.compress(bytes(MOST_ANSWER_BYTES + 1))
    bomb = Response(packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    with scripted(bomb) as portal, client(portal.url) as source, pytest.raises(RecordInvalidError, match="longer than"):
        source.fetch(RECID)
    assert len(packed) < MOST_ANSWER_BYTES / 500


@pytest.mark.parametrize("url", ["", "opendata.cern.ch", "ftp://opendata.cern.ch", "http://", "http://x:port"])
def test_an_address_that_is_none_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no URL"):
        OpenDataSource(url, requests_per_minute=0, attempts=1, timeout_seconds=1)


def test_an_index_without_its_members_is_asked_for() -> None:
    index = {"key": "a b_file_index.json", "number_files": 2}
    record = {**RECORD, "metadata": {**METADATA, "_file_indices": [{**index, "files": []}]}}
    with scripted(answer(record), answer({**index, "files": MEMBERS})) as portal, client(portal.url) as source:
        fetched = source.fetch(RECID)
    assert fetched.record is not None
    assert [file.key for file in fetched.record.files] == ["1/AO2D.root", "2/AO2D.root"]
    assert fetched.record.findings == ()
    assert portal.requests[1].url.path == "/record/133/file_index/a b_file_index.json"


def test_an_index_whose_members_cannot_be_had_stops_the_record() -> None:
    index = {"key": "i.json", "number_files": 2, "files": MEMBERS[:1]}
    record = {**RECORD, "metadata": {**METADATA, "_file_indices": [index]}}
    with scripted(answer(record), page(404)) as portal, client(portal.url) as source:
        fetched = source.fetch(RECID)
    assert fetched.record is not None
    assert [(finding.code, finding.severity) for finding in fetched.record.findings] == [("index-differs", "error")]


def hits(total: int, *recids: str) -> Response:
    found = [{"id": recid, "metadata": {"recid": recid, "title": recid}} for recid in recids]
    return answer({"hits": {"total": total, "hits": found}})


def searched(portal: ScriptedPortal, query: str = "") -> list[str]:
    with client(portal.url) as source:
        return [summary.recid for summary in source.search(query).records]


def test_a_record_with_more_indexes_to_ask_for_than_any_has_is_refused_after_the_first_thousand() -> None:
    lacking = [{"key": f"{number}.json", "number_files": 1, "files": []} for number in range(5_000)]
    record = {**RECORD, "metadata": {**METADATA, "_file_indices": lacking}}
    indexes = (answer({"files": []}) for _ in range(1_001))
    with scripted(answer(record), *indexes) as portal, client(portal.url) as source:
        with pytest.raises(RecordInvalidError, match="5000 file indexes"):
            source.fetch(RECID)
        assert len(portal.requests) == 1_001


def test_pages_are_read_until_all_hits_are_seen() -> None:
    with scripted(hits(3, "3", "2"), hits(3, "1")) as portal:
        assert searched(portal) == ["3", "2", "1"]
    asked = [request.query_params for request in portal.requests]
    assert [params["page"] for params in asked] == ["1", "2"]
    assert all(params["ondemand"] == "true" and params["skip_files"] for params in asked)
    assert all(params["sort"] == "mostrecent" and "q" not in params for params in asked)


def test_the_query_is_passed_on_as_it_is() -> None:
    with scripted(hits(0)) as portal:
        assert searched(portal, 'experiment:DELPHI AND doi:"10.1/X&Y"') == []
    assert portal.requests[0].query_params["q"] == 'experiment:DELPHI AND doi:"10.1/X&Y"'


def test_a_record_that_moved_to_the_next_page_is_given_once() -> None:
    with scripted(hits(4, "3", "2"), hits(4, "2", "1")) as portal:
        assert searched(portal) == ["3", "2", "1"]


def test_hits_that_are_no_records_are_passed_over() -> None:
    guide = {"id": "x", "metadata": {"slug": "cms-guide"}}
    found = {"hits": {"total": 2, "hits": [guide, {"metadata": {"recid": 1}}]}}
    with scripted(answer(found)) as portal:
        assert searched(portal) == ["1"]


def test_fewer_hits_than_promised_are_not_the_whole_answer() -> None:
    with scripted(hits(3, "3", "2"), hits(3)) as portal, pytest.raises(SourceUnavailableError, match="promised 3"):
        searched(portal)


def test_more_hits_than_can_be_paged_through_are_refused_before_the_first() -> None:
    with (
        scripted(hits(10_001, "3")) as portal,
        client(portal.url) as source,
        pytest.raises(ConfigurationError, match="10001 records match") as caught,
    ):
        source.search("experiment:CMS")
    assert caught.value.value == "experiment:CMS"
    assert "year" in caught.value.remedy


@pytest.mark.parametrize(
    "first",
    [answer({"message": "The syntax of the search query is invalid."}, 400), answer({}, 404), answer({"hits": []})],
)
def test_a_search_that_is_refused_is_a_matter_of_the_query_or_the_address(first: Response) -> None:
    with scripted(first) as portal, pytest.raises(ConfigurationError, match="did not answer the search"):
        searched(portal, "((")


def test_requests_are_counted_with_their_repetitions() -> None:
    waits: list[float] = []
    with scripted(answer({}, 503), answer({}, 503), answer(RECORD)) as portal:
        source = OpenDataSource(portal.url, requests_per_minute=2, attempts=4, timeout_seconds=10, wait=waits.append)
        source.fetch(RECID)
        source.close()
    assert 50 < max(waits) <= 60


@pytest.mark.parametrize(
    ("facets", "said"),
    [({"colour": "red"}, "has no facet 'colour'"), ({"year": "1994"}, "Write it as 1994--1995")],
)
def test_a_facet_that_the_portal_would_pass_over_or_refuse_is_told_before_it_is_asked(
    facets: dict[str, str], said: str
) -> None:
    source = OpenDataSource("http://127.0.0.1:9", requests_per_minute=0, attempts=1, timeout_seconds=1)
    with closing(source), pytest.raises(ConfigurationError, match=said):
        source.search("", facets)


def test_facets_narrow_what_a_search_finds(sample_portal_url: str) -> None:
    with closing(OpenDataSource(sample_portal_url, requests_per_minute=0, attempts=1, timeout_seconds=9)) as source:
        everything = {summary.recid for summary in source.search().records}
        datasets = {summary.recid for summary in source.search("", {"type": "Dataset"}).records}
        assert set() < datasets < everything
        assert {
            summary.recid for summary in source.search("", {"type": "Dataset", "year": "1800--1801"}).records
        } == set()
        assert {summary.recid for summary in source.search("", {"year": "1800--2100"}).records} <= everything


def test_files_are_asked_back_from_tape_by_one_request_whose_address_is_its_name() -> None:
    with scripted(answer({}, 200)) as portal, client(portal.url) as source:
        assert source.stage(RECID) == f"{portal.url}/record/133/stage"
    (request,) = portal.requests
    assert (request.method, request.url.path) == ("POST", "/record/133/stage")


@pytest.mark.parametrize("status", [303, 403, 404, 405])
def test_a_portal_that_takes_no_request_for_tape_says_so(status: int) -> None:
    with scripted(answer({}, status, Location="/login")) as portal, client(portal.url) as source:
        assert source.stage(RECID) is None
    assert len(portal.requests) == 1


def test_of_the_answer_to_a_request_for_tape_nothing_is_read() -> None:
    asked = threading.Event()

    async def endless() -> AsyncIterator[bytes]:
        while not asked.is_set():
            yield bytes(1024)

    with scripted(StreamingResponse(endless())) as portal, client(portal.url) as source:
        assert source.stage(RECID)
        asked.set()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_request_for_tape_without_a_usable_answer_is_not_repeated(status: int) -> None:
    with (
        scripted(answer({}, status)) as portal,
        client(portal.url) as source,
        pytest.raises(SourceUnavailableError, match=f"status {status}"),
    ):
        source.stage(RECID)
    assert len(portal.requests) == 1
