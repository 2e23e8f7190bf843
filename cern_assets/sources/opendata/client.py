"""CERN Open Data's API as a source: single records, searches, and file indexes.

Endpoints and limits: https://opendata.cern.ch is a legacy Invenio (invenio-records-rest), not InvenioRDM. It allows 60
requests a minute from one address.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from cern_assets.errors import (
    ConfigurationError,
    PermanentError,
    RecordInvalidError,
    RecordNotFoundError,
    SourceUnavailableError,
)
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import (
    Answer,
    AnswerBody,
    FetchedRecord,
    RecordSummary,
    SourceRecord,
    answer_body,
)
from cern_assets.ports import EVERYTHING
from cern_assets.sources.json_text import read_json
from cern_assets.sources.opendata.config import FACETS, NAME, SEARCH_WINDOW
from cern_assets.sources.opendata.parse import parse_summary, read_answer, reading_rules, stated_indexes
from cern_assets.sources.opendata.portal_requests import PortalRequests, usable_etag
from cern_assets.sources.politeness import RequestLimit

_PAGE_SIZE = 200
_YEARS = re.compile(r"\d{4}--\d{4}", re.ASCII)
_UNCHANGED = 304
_MOST_INDEXES = 1000
_MOST_INDEX_BYTES = 128 * 1024**2
"""Of indexes that the portal does not list in the record's own answer; the longest known answer has 16 MB in all."""


class OpenDataSource:
    """A `RecordSource` (see `cern_assets.ports`) over the API of one portal. All methods may be called from threads."""

    def __init__(
        self,
        api_url: str,
        *,
        requests_per_minute: int,
        attempts: int,
        timeout_seconds: float,
        pace: Path | None = None,
        wait: Callable[[float], None] = time.sleep,
        redirect_hosts: Collection[str] = (),
    ) -> None:
        """Read from the portal at `api_url`; 0 requests per minute set no limit. `wait` sleeps between attempts.

        In the folder `pace`, processes that ask the same portal share its limit. `redirect_hosts` are other hosts that
        it may send us to.

        Raises:
            ConfigurationError: the URL is none.
        """
        self._requests = PortalRequests(
            api_url,
            limit=RequestLimit(requests_per_minute, file=_pace_file(pace, api_url), wait=wait),
            attempts=attempts,
            timeout_seconds=timeout_seconds,
            wait=wait,
            redirect_hosts=redirect_hosts,
        )

    @property
    def name(self) -> str:
        """`opendata`."""
        return NAME

    def close(self) -> None:
        """Close the connections; the source must not be used after."""
        self._requests.close()

    def ping(self) -> str:
        """Ask for the number of records."""
        total, _ = self._hits("", EVERYTHING, page=1, size=1)
        return f"CERN Open Data at {self._requests.base_url} answers and has {total} records"

    def page(self, recid: Recid) -> str:
        """`/record/<recid>` of the portal that is asked."""
        return f"{self._requests.base_url}/record/{recid}"

    def fetch(self, recid: Recid, *, etag: str | None = None) -> FetchedRecord:
        """Read one record; see `RecordSource.fetch`.

        The recid may be an alias (`atlas-80000`); the record has the canonical one. A record with file indexes can be
        large: the longest known answer has 16 MB.
        """
        path = f"/api/records/{quote(recid, safe='')}"
        response = self._requests.get(path, headers={"If-None-Match": etag} if etag else None)
        if response.status_code == _UNCHANGED:
            return FetchedRecord(record=None, etag=etag)
        own = answer_body(response.content, str(response.url))
        answer = Answer(bodies=(own, *self._missing_indexes(recid, read_json(own.content, uri=own.uri))))
        return FetchedRecord(record=self.read(answer), etag=usable_etag(response.headers.get("etag")), answer=answer)

    @property
    def rules(self) -> str:
        """The version of what reads an answer."""
        return reading_rules()

    def read(self, answer: Answer) -> SourceRecord:
        """Read an answer that was kept."""
        return read_answer(answer)

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Iterator[RecordSummary]:
        """All records that match a query in the portal's own syntax, the latest first; see `RecordSource.search`.

        Facets are `experiment`, `type` (`Dataset::Collision`) and `year` (`1994--1995`); their values are exact.

        File lists are left out of the answers (`skip_files`), and records on tape are asked for (`ondemand`), which
        the portal silently leaves out otherwise. Hits that are no records (documentation pages) are passed over.
        """
        _check_facets(facets)
        seen: set[Recid] = set()
        reached, page = 0, 1
        while True:
            total, hits = self._hits(query, facets, page=page, size=_PAGE_SIZE)
            _check_window(query, total)
            for summary in filter(None, map(parse_summary, hits)):
                # A record that is added while we read moves the last of a page to the next one.
                if summary.recid not in seen:
                    seen.add(summary.recid)
                    yield summary
            reached, page = reached + len(hits), page + 1
            if reached >= total:
                return
            if not hits:
                raise SourceUnavailableError(
                    f"CERN Open Data promised {total} hits and showed {reached}.",
                    uri=f"{self._requests.base_url}/api/records/?q={query}",
                    remedy="Try again: its index may just have been rebuilt.",
                )

    def _file_index(self, recid: Recid, index_key: str) -> AnswerBody:
        response = self._requests.get(f"/record/{quote(recid, safe='')}/file_index/{quote(index_key, safe='')}")
        body = answer_body(response.content, str(response.url), index_key)
        if not isinstance(read_json(body.content, uri=body.uri), dict):
            raise RecordInvalidError("A file index is no JSON object.", recid=recid, uri=body.uri)
        return body

    def _missing_indexes(self, recid: Recid, body: object) -> Iterator[AnswerBody]:
        """Ask for file indexes that came without all of their members; what stays incomplete becomes a finding."""
        lacking = [str(index["key"]) for index in stated_indexes(body) if _lacks_members(index)]
        room_bytes = _MOST_INDEX_BYTES
        for number, key in enumerate(lacking):
            if number == _MOST_INDEXES or room_bytes < 0:
                raise RecordInvalidError(
                    f"The record has {len(lacking)} file indexes to ask for; at most {_MOST_INDEXES} are, and "
                    f"{_MOST_INDEX_BYTES:,} bytes of them.",
                    recid=recid,
                    field="_file_indices",
                    remedy="See whether the portal lists their members itself by now; if not, ask its operators.",
                )
            with suppress(RecordNotFoundError):
                index = self._file_index(recid, key)
                room_bytes -= len(index.content)
                yield index

    def _hits(self, query: str, facets: Mapping[str, str], *, page: int, size: int) -> tuple[int, list[object]]:
        params = {
            **facets,
            "page": str(page),
            "size": str(size),
            "sort": "mostrecent",
            "skip_files": "1",
            "ondemand": "true",
        }
        try:
            response = self._requests.get("/api/records/", params={**params, **({"q": query} if query else {})})
            return _read_hits(read_json(response.content, uri=str(response.url)))
        except PermanentError as error:
            raise ConfigurationError(
                f"CERN Open Data did not answer the search: {error.message}",
                uri=error.uri,
                field="query",
                value=query,
                remedy="Check the query, and that this is the address of the portal.",
            ) from error


def _pace_file(folder: Path | None, api_url: str) -> Path | None:
    """The file of a host; the port belongs to it, as test servers differ in that."""
    parts = urlsplit(api_url)
    return folder / quote(parts.netloc.rpartition("@")[2] or "unknown", safe="") if folder else None


def _read_hits(answer: object) -> tuple[int, list[object]]:
    """Read the answer to a search: the number of all hits, and those of the page."""
    hits = answer.get("hits") if isinstance(answer, dict) else None
    found = hits.get("hits") if isinstance(hits, dict) else None
    total = hits.get("total") if isinstance(hits, dict) else None
    if not isinstance(total, int) or not isinstance(found, list):
        raise RecordInvalidError("There are no hits and no total in it.")
    return total, found


def _check_facets(facets: Mapping[str, str]) -> None:
    """A facet that the portal does not know would select everything; a single year is refused by it."""
    for name, value in facets.items():
        if name not in FACETS:
            raise ConfigurationError(
                f"CERN Open Data has no facet {name!r}.",
                field=f"facets.{name}",
                value=value,
                remedy=f"Choose among {', '.join(sorted(FACETS))}, or say it in the query, e.g. {name}:{value}.",
            )
    if "year" in facets and not _YEARS.fullmatch(facets["year"]):
        raise ConfigurationError(
            "A year is no range of years.", field="facets.year", value=facets["year"], remedy="Write it as 1994--1995."
        )


def _check_window(query: str, total: int) -> None:
    if total > SEARCH_WINDOW:
        raise ConfigurationError(
            f"{total} records match, and CERN Open Data shows no more than {SEARCH_WINDOW} of a search.",
            field="query",
            value=query,
            remedy="Split it, e.g. by experiment and year: experiment:DELPHI AND date_created:1994.",
        )


def _lacks_members(index: dict[str, object]) -> bool:
    members, stated = index.get("files"), index.get("number_files")
    listed = len(members) if isinstance(members, list) else 0
    return isinstance(index.get("key"), str) and isinstance(stated, int) and stated > listed
