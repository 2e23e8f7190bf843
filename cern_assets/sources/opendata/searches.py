"""The portal's search: pages of a search that fits its window, and the slices of one that does not."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cern_assets.errors import ConfigurationError, PermanentError, RecordInvalidError, SourceUnavailableError
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan, Slice
from cern_assets.model.records import RecordSummary
from cern_assets.sources.json_text import read_json
from cern_assets.sources.opendata.config import FACETS
from cern_assets.sources.opendata.parse import parse_summary
from cern_assets.sources.portal_requests import PortalRequests

_LOG = logging.getLogger(__name__)
_PAGE_SIZE = 500
_YEARS = re.compile(r"\d{4}--\d{4}", re.ASCII)
_SPLIT_BY = ("experiment", "type")
"""Facets whose values the portal tells with an answer, in the order in which a search is split by them."""
_FIRST_YEAR = 1950
_YEARS_AHEAD = 1


@dataclass(frozen=True)
class _Page:
    total: int
    hits: tuple[object, ...]
    values: Mapping[str, tuple[str, ...]]
    """Values of facets that hits have, as the portal tells them."""


class Searches:
    """Searches of one portal, whose window has `window` hits.

    File lists are left out of the answers (`skip_files`), and records on tape are asked for (`ondemand`), which the
    portal silently leaves out otherwise.
    """

    def __init__(self, requests: PortalRequests, window: int) -> None:
        self._requests = requests
        self._window = window

    def count(self) -> int:
        """Number of all hits there are."""
        return self._page("", {}, number=1, size=1).total

    def plan(self, query: str, facets: Mapping[str, str]) -> SearchPlan:
        """Split a search until every slice fits the window; see `RecordSource.plan`."""
        _check_facets(facets)
        first = self._page(query, facets, number=1, size=1)
        return SearchPlan(total=first.total, slices=tuple(self._split(query, facets, first)))

    def search(self, query: str, facets: Mapping[str, str]) -> Hits:
        """All hits of a search that fits the window; see `RecordSource.search`."""
        _check_facets(facets)
        records: dict[Recid, RecordSummary] = {}
        others: dict[str, None] = {}
        reached, number = 0, 1
        while True:
            page = self._page(query, facets, number=number, size=min(_PAGE_SIZE, self._window))
            self._check_window(query, facets, page.total)
            for hit in page.hits:  # a record that is added while we read moves the last of a page to the next one
                summary = _read_hit(hit)
                if summary is None:
                    others[_id_of(hit)] = None
                else:
                    records.setdefault(summary.recid, summary)
            reached, number = reached + len(page.hits), number + 1
            if reached >= page.total:
                return Hits(records=tuple(records.values()), others=tuple(others))
            if not page.hits:
                raise SourceUnavailableError(
                    f"CERN Open Data promised {page.total} hits and showed {reached}.",
                    uri=f"{self._requests.base_url}/api/records/?q={query}",
                    remedy="Try again: its index may just have been rebuilt.",
                )

    def _split(self, query: str, facets: Mapping[str, str], page: _Page) -> Iterator[Slice]:
        if page.total <= self._window:
            if page.total:
                yield Slice(facets=dict(facets), total=page.total)
            return
        for narrower in self._narrower(query, facets, page):
            yield from self._split(query, narrower, self._page(query, narrower, number=1, size=1))

    def _narrower(self, query: str, facets: Mapping[str, str], page: _Page) -> Iterator[dict[str, str]]:
        by = next((name for name in _SPLIT_BY if name not in facets and page.values.get(name)), None)
        if by is not None:
            yield from ({**facets, by: value} for value in page.values[by])
            return
        latest = datetime.now(UTC).year + _YEARS_AHEAD
        first, last = map(int, facets.get("year", f"{_FIRST_YEAR}--{latest}").split("--"))
        if first >= last:
            self._check_window(query, facets, page.total)
        middle = (first + last) // 2
        yield {**facets, "year": f"{first}--{middle}"}
        yield {**facets, "year": f"{middle + 1}--{last}"}

    def _check_window(self, query: str, facets: Mapping[str, str], total: int) -> None:
        if total > self._window:
            raise ConfigurationError(
                f"{total} records match, and CERN Open Data shows no more than {self._window} of a search.",
                field="query",
                value=" ".join([query, *(f"{name}={value}" for name, value in facets.items())]).strip(),
                remedy="Split it, e.g. by experiment and year: experiment:DELPHI AND date_created:1994.",
            )

    def _page(self, query: str, facets: Mapping[str, str], *, number: int, size: int) -> _Page:
        params = {
            **facets,
            "page": str(number),
            "size": str(size),
            "sort": "mostrecent",
            "skip_files": "1",
            "ondemand": "true",
        }
        try:
            response = self._requests.get("/api/records/", params={**params, **({"q": query} if query else {})})
            return _read_page(read_json(response.content, uri=str(response.url)))
        except PermanentError as error:
            raise ConfigurationError(
                f"CERN Open Data did not answer the search: {error.message}",
                uri=error.uri,
                field="query",
                value=query,
                remedy="Check the query, and that this is the address of the portal.",
            ) from error


def _read_page(answer: object) -> _Page:
    """Read the answer to a search: the number of all hits, those of the page, and the values of facets."""
    hits = answer.get("hits") if isinstance(answer, dict) else None
    found = hits.get("hits") if isinstance(hits, dict) else None
    total = hits.get("total") if isinstance(hits, dict) else None
    if not isinstance(answer, dict) or not isinstance(total, int) or not isinstance(found, list):
        raise RecordInvalidError("There are no hits and no total in it.")
    told = answer.get("aggregations")
    values = {name: _values(told.get(name)) for name in _SPLIT_BY} if isinstance(told, dict) else {}
    return _Page(total=total, hits=tuple(found), values=values)


def _values(aggregation: object) -> tuple[str, ...]:
    buckets = aggregation.get("buckets") if isinstance(aggregation, dict) else None
    keys = [bucket.get("key") for bucket in buckets if isinstance(bucket, dict)] if isinstance(buckets, list) else []
    return tuple(key for key in keys if isinstance(key, str))


def _read_hit(hit: object) -> RecordSummary | None:
    """A hit that cannot be read is one record's fault, and must not hide all others."""
    try:
        return parse_summary(hit)
    except RecordInvalidError as error:
        _LOG.warning("A hit of the search is passed over: %s", error)
        return None


def _id_of(hit: object) -> str:
    return str(hit.get("id", ""))[:100] if isinstance(hit, dict) else str(hit)[:100]


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
