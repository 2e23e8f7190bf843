"""The part of the portal's search that its users and our client use."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cern_assets.model.values import JsonObject

WINDOW = 10_000
_FACETS = {"experiment": "experiment", "type": "type.primary", "year": "date_created"}
_TERM = re.compile(r'(?:(?P<field>[a-z_.]+):)?(?P<value>"[^"]*"|\S+)')


class PaginationError(Exception):
    """The page asked for is none; the message is the portal's."""


@dataclass(frozen=True)
class Page:
    """Which of the hits to show: `size` of them, from the one numbered `first` (0 is the first of all)."""

    number: int
    size: int
    first: int


def read_page(params: Mapping[str, str], window: int = WINDOW) -> Page:
    """Read `page` and `size`, or `from` (which counts from 1) and `size`.

    Raises:
        PaginationError: a number is none or below 1, or the page reaches beyond the window of the search.
    """
    try:
        size, number = int(params.get("size", "10")), int(params.get("page", "1"))
        first = int(params["from"]) - 1 if "from" in params else (number - 1) * size
    except ValueError as error:
        raise PaginationError("Invalid pagination parameters.") from error
    if size < 1 or number < 1 or first < 0:
        raise PaginationError("Invalid pagination parameters.")
    if first + size > window:
        raise PaginationError(f"Maximum number of {window} results have been reached.")
    return Page(number=number, size=size, first=first)


def read_years(text: str) -> tuple[int, int]:
    """Read `1994--1995`.

    Raises:
        PaginationError: it is no range; the portal answers 400, as to a wrong page.
    """
    first, dashes, last = text.partition("--")
    if not dashes or not first.isdecimal() or not last.isdecimal():
        raise PaginationError("Invalid range of years.")
    return int(first), int(last)


def find(records: Iterable[JsonObject], params: Mapping[str, str]) -> list[JsonObject]:
    """All records that match `q`, `experiment`, `type` and `year`, sorted as `sort` says; others are passed over.

    Records whose distribution is `ondemand` are left out unless `ondemand=true`, as on the portal. A query is made of
    words of the title, and of `field:value` for any field (`doi:"..."`, `type.primary:Dataset`); all have to match.
    """
    tests = list(_tests(params))
    found = [record for record in records if all(test(record) for test in tests)]
    if params.get("sort") in ("title", "title_desc"):
        return sorted(found, key=lambda record: str(record.get("title")), reverse=params["sort"] == "title_desc")
    return sorted(found, key=lambda record: (str(record.get("date_published")), str(record.get("recid"))), reverse=True)


def aggregations(records: Iterable[JsonObject]) -> dict[str, object]:
    """How many of the records found have which value of a facet, as the portal tells it with each answer."""
    counted: dict[str, Counter[str]] = {name: Counter() for name in _FACETS}
    for record in records:
        for name, field in _FACETS.items():
            counted[name].update(set(_values(record, field)))
    return {
        name: {"buckets": [{"key": key, "doc_count": count} for key, count in values.most_common()]}
        for name, values in counted.items()
    }


def _tests(params: Mapping[str, str]) -> Iterator[Callable[[JsonObject], bool]]:
    if params.get("ondemand") != "true":
        yield lambda record: "ondemand" not in _values(record, "distribution.availability")
    if "experiment" in params:
        yield lambda record: params["experiment"] in _values(record, "experiment")
    if "type" in params:
        primary, _, secondary = params["type"].partition("::")
        yield lambda record: primary in _values(record, "type.primary")
        yield lambda record: not secondary or secondary in _values(record, "type.secondary")
    if "year" in params:
        first, last = read_years(params["year"])
        yield lambda record: any(first <= int(year) <= last for year in _values(record, "date_created"))
    for term in _TERM.finditer(params.get("q", "")):
        if term["value"] != "AND":
            yield _term_test(term["field"], term["value"].strip('"').casefold())


def _term_test(field: str | None, value: str) -> Callable[[JsonObject], bool]:
    if field is None:
        return lambda record: value in str(record.get("title")).casefold()
    return lambda record: value in (found.casefold() for found in _values(record, field))


def _values(value: object, field: str) -> list[str]:
    """All values of a dotted field, through lists, as texts."""
    if isinstance(value, list):
        return [found for item in value for found in _values(item, field)]
    if not field:
        return [] if value is None or isinstance(value, dict) else [str(value)]
    name, _, rest = field.partition(".")
    return _values(value.get(name), rest) if isinstance(value, Mapping) else []
