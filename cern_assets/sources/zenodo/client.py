"""The legacy REST API of Zenodo as a source: single records, searches by publication year, and what was touched.

It is a legacy Invenio (invenio-records-rest): `GET /api/records/<recid>`, `GET /api/records/?q=...&page=...&size=...`,
OAI-PMH at `/oai2d`.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from cern_assets.errors import ConfigurationError, PermanentError, RecordInvalidError, SourceUnavailableError
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan, Slice
from cern_assets.model.records import Answer, FetchedRecord, RecordSummary, SourceRecord, answer_body
from cern_assets.ports import EVERYTHING
from cern_assets.sources.json_text import read_json
from cern_assets.sources.oai import touched
from cern_assets.sources.politeness import RequestLimit, pace_file
from cern_assets.sources.portal_requests import Portal, PortalRequests, usable_etag
from cern_assets.sources.zenodo.config import NAME, OAI_PREFIX, PAGE_SIZE, SEARCH_WINDOW, SITE_URL
from cern_assets.sources.zenodo.parse import parse_summary, read_answer, reading_rules
from cern_assets.sources.zenodo.recids import parse_recid

_UNCHANGED = 304
_FACET = "year"
_FIRST_YEAR = 1500
"""Before this, nothing that Zenodo has was published; earlier years are in the first slice."""


class ZenodoSource:
    """A `RecordSource` (see `cern_assets.ports`) over the legacy API. All methods may be called from threads."""

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
        """Read from the Zenodo at `api_url`; 0 requests per minute set no limit. `wait` sleeps between attempts.

        Raises:
            ConfigurationError: the URL is none.
        """
        self._requests = PortalRequests(
            Portal(NAME, "Zenodo", SITE_URL),
            api_url,
            limit=RequestLimit(requests_per_minute, file=pace_file(pace, api_url), wait=wait),
            attempts=attempts,
            timeout_seconds=timeout_seconds,
            wait=wait,
            redirect_hosts=redirect_hosts,
        )
        self._window = window

    @property
    def name(self) -> str:
        """`zenodo`."""
        return NAME

    def close(self) -> None:
        """Close the connections; the source must not be used after."""
        self._requests.close()

    def ping(self) -> str:
        """Ask for the number of records."""
        return f"Zenodo at {self._requests.base_url} answers and has {self._page('', 1, 1)[0]} records"

    def page(self, recid: Recid) -> str:
        """`/records/<recid>` of the Zenodo that is asked."""
        return f"{self._requests.base_url}/records/{parse_recid(recid)}"

    def fetch(self, recid: Recid, *, etag: str | None = None) -> FetchedRecord:
        """Read one record; see `RecordSource.fetch`. The recid may be a DOI of Zenodo."""
        path = f"/api/records/{quote(parse_recid(recid), safe='')}"
        response = self._requests.get(path, headers={"If-None-Match": etag} if etag else None)
        if response.status_code == _UNCHANGED:
            return FetchedRecord(record=None, etag=etag)
        answer = Answer(bodies=(answer_body(response.content, str(response.url)),))
        return FetchedRecord(record=self.read(answer), etag=usable_etag(response.headers.get("etag")), answer=answer)

    @property
    def rules(self) -> str:
        """The version of what reads an answer."""
        return reading_rules()

    def read(self, answer: Answer) -> SourceRecord:
        """Read an answer that was kept."""
        return read_answer(answer)

    def plan(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> SearchPlan:
        """A search as slices of publication years that fit the search's window; see `RecordSource.plan`."""
        total = self._page(_worded(query, facets), 1, 1)[0]
        return SearchPlan(total=total, slices=tuple(self._split(query, facets, total)))

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Hits:
        """All hits of a query in Zenodo's own syntax, of every version; the only facet is `year` (`1994--1995`)."""
        found: dict[Recid, RecordSummary] = {}
        others: dict[str, None] = {}
        worded, reached, number = _worded(query, facets), 0, 1
        while True:
            total, hits = self._page(worded, number, min(PAGE_SIZE, self._window))
            if total > self._window:
                raise _too_many(query, total, self._window)
            for hit in hits:
                try:
                    summary = parse_summary(hit)
                    found.setdefault(summary.recid, summary)
                except RecordInvalidError:
                    others[str(hit.get("id", ""))[:100] if isinstance(hit, dict) else str(hit)[:100]] = None
            reached, number = reached + len(hits), number + 1
            if reached >= total:
                return Hits(records=tuple(found.values()), others=tuple(others))
            if not hits:
                raise SourceUnavailableError(
                    f"Zenodo promised {total} hits and showed {reached}.",
                    uri=f"{self._requests.base_url}/api/records/?q={worded}",
                    remedy="Try again: its index may just have been rebuilt.",
                )

    def stage(self, recid: Recid) -> str | None:  # noqa: ARG002  the port's signature
        """None: it takes no such request."""
        return None

    def touched(self, since: datetime | None = None) -> Iterator[RecordSummary]:
        """Records that OAI-PMH tells; see `RecordSource.touched`."""
        return touched(self._requests, since, OAI_PREFIX, parse_recid)

    def _split(self, query: str, facets: Mapping[str, str], total: int) -> Iterator[Slice]:
        if total <= self._window:
            if total:
                yield Slice(facets=dict(facets), total=total)
            return
        latest = datetime.now(UTC).year + 10
        first, last = map(int, facets.get(_FACET, f"{_FIRST_YEAR}--{latest}").split("--"))
        if first >= last:
            raise _too_many(query, total, self._window)
        middle = (first + last) // 2
        for years in (f"{first}--{middle}", f"{middle + 1}--{last}"):
            narrower = {**facets, _FACET: years}
            yield from self._split(query, narrower, self._page(_worded(query, narrower), 1, 1)[0])

    def _page(self, query: str, number: int, size: int) -> tuple[int, list[object]]:
        """How many hits a search has, and those of one page."""
        params = {"page": str(number), "size": str(size), "sort": "mostrecent", "all_versions": "true"}
        try:
            response = self._requests.get("/api/records/", params={**params, **({"q": query} if query else {})})
        except PermanentError as error:
            raise ConfigurationError(
                f"Zenodo did not answer the search: {error.message}",
                uri=error.uri,
                field="query",
                value=query,
                remedy="Check the query, and that this is the address of Zenodo.",
            ) from error
        answer = read_json(response.content, uri=str(response.url))
        hits = answer.get("hits") if isinstance(answer, dict) else None
        found = hits.get("hits") if isinstance(hits, dict) else None
        total = hits.get("total") if isinstance(hits, dict) else None
        if not isinstance(total, int) or not isinstance(found, list):
            raise SourceUnavailableError(
                "The answer to the search has no hits and no total.",
                uri=str(response.url),
                remedy="Check that CERN_ASSETS_ZENODO_API_URL is the address of a Zenodo.",
            )
        return total, found


def _worded(query: str, facets: Mapping[str, str]) -> str:
    """Query and facets in the search's own words.

    Raises:
        ConfigurationError: the source has no such facet, or its value is no range of years.
    """
    for name, value in facets.items():
        years = value.split("--")
        if name != _FACET or len(years) != 2 or not all(year.isascii() and year.isdigit() for year in years):
            raise ConfigurationError(
                "The only facet of Zenodo is `year`, with a range of years.",
                field=f"facets.{name}",
                value=value,
                remedy="Write it as year: 1994--1995, or say it in the query.",
            )
    said = [f"({query})"] if query and facets else [query] if query else []
    for value in facets.values():
        first, _, last = value.partition("--")
        said.append(f"publication_date:[{first.zfill(4)}-01-01 TO {last.zfill(4)}-12-31]")
    return " AND ".join(said)


def _too_many(query: str, total: int, window: int) -> ConfigurationError:
    return ConfigurationError(
        f"{total} records match, and Zenodo shows no more than {window} of a search.",
        field="query",
        value=query,
        remedy="Split it, e.g. by community or type: communities:cern-openlab.",
    )
