"""CERN Open Data's API as a source: single records, searches, and file indexes.

Endpoints and limits: https://opendata.cern.ch is a legacy Invenio (invenio-records-rest), not InvenioRDM. It allows 60
requests a minute from one address.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from cern_assets.errors import RecordInvalidError, RecordNotFoundError
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan
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
from cern_assets.sources.oai import touched
from cern_assets.sources.opendata.config import NAME, OAI_PREFIX, SEARCH_WINDOW, SITE_URL
from cern_assets.sources.opendata.parse import read_answer, reading_rules, stated_indexes
from cern_assets.sources.opendata.recids import parse_recid
from cern_assets.sources.opendata.searches import Searches
from cern_assets.sources.politeness import RequestLimit, pace_file
from cern_assets.sources.portal_requests import Portal, PortalRequests, usable_etag

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
        window: int = SEARCH_WINDOW,
    ) -> None:
        """Read from the portal at `api_url`; 0 requests per minute set no limit. `wait` sleeps between attempts.

        In the folder `pace`, processes that ask the same portal share its limit. `redirect_hosts` are other hosts that
        it may send us to. `window` is the number of hits that its search pages through.

        Raises:
            ConfigurationError: the URL is none.
        """
        self._requests = PortalRequests(
            Portal(NAME, "CERN Open Data", SITE_URL),
            api_url,
            limit=RequestLimit(requests_per_minute, file=pace_file(pace, api_url), wait=wait),
            attempts=attempts,
            timeout_seconds=timeout_seconds,
            wait=wait,
            redirect_hosts=redirect_hosts,
        )
        self._searches = Searches(self._requests, window)

    @property
    def name(self) -> str:
        """`opendata`."""
        return NAME

    def close(self) -> None:
        """Close the connections; the source must not be used after."""
        self._requests.close()

    def ping(self) -> str:
        """Ask for the number of records."""
        return f"CERN Open Data at {self._requests.base_url} answers and has {self._searches.count()} records"

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

    def plan(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> SearchPlan:
        """A search as slices that fit the portal's window, by experiment, type and year; see `RecordSource.plan`."""
        return self._searches.plan(query, facets)

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Hits:
        """All hits of a query in the portal's own syntax, the latest first; see `RecordSource.search`.

        Facets are `experiment`, `type` (`Dataset::Collision`) and `year` (`1994--1995`); their values are exact.
        """
        return self._searches.search(query, facets)

    def stage(self, recid: Recid) -> str | None:
        """Ask the portal as any visitor may; it gives no number, so that the address stands for the request."""
        path = f"/record/{quote(recid, safe='')}/stage"
        return f"{self._requests.base_url}{path}" if self._requests.post(path) else None

    def touched(self, since: datetime | None = None) -> Iterator[RecordSummary]:
        """Records that OAI-PMH tells; see `RecordSource.touched`."""
        return touched(self._requests, since, OAI_PREFIX, parse_recid)

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


def _lacks_members(index: dict[str, object]) -> bool:
    members, stated = index.get("files"), index.get("number_files")
    listed = len(members) if isinstance(members, list) else 0
    return isinstance(index.get("key"), str) and isinstance(stated, int) and stated > listed
