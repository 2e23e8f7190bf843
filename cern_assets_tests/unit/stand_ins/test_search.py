"""Guards the sample portal's search: what matches, in which order, and which pages there are."""

from typing import Any

import pytest

from cern_assets.stand_ins.portal.search import Page, PaginationError, find, read_page

RECORDS: list[dict[str, Any]] = [
    {
        "recid": "1",
        "title": "Dimuon events",
        "experiment": ["CMS"],
        "date_published": "2024",
        "doi": "10.1/A.B",
        "type": {"primary": "Dataset", "secondary": ["Derived"]},
    },
    {"recid": "20", "title": "Raw data", "experiment": ["CMS", "TOTEM"], "date_published": "2025", "type": {}},
    {
        "recid": "3",
        "title": "Another dimuon sample",
        "experiment": ["DELPHI"],
        "date_published": "2025",
        "distribution": {"availability": "ondemand"},
        "type": {"primary": "Software"},
    },
]


def found(**params: str) -> list[str]:
    return [str(record["recid"]) for record in find(RECORDS, {"ondemand": "true", **params})]


def test_the_latest_come_first_and_recids_sort_as_texts() -> None:
    assert found() == ["3", "20", "1"]


def test_records_on_tape_are_left_out_unless_asked_for() -> None:
    assert [record["recid"] for record in find(RECORDS, {})] == ["20", "1"]


@pytest.mark.parametrize(
    ("query", "recids"),
    [
        ("recid:20", ["20"]),
        ("experiment:CMS", ["20", "1"]),
        ('doi:"10.1/A.B"', ["1"]),
        ("dimuon", ["3", "1"]),
        ("dimuon events", ["1"]),
        ("experiment:DELPHI AND dimuon", ["3"]),
        ("type.secondary:Derived", ["1"]),
        ("nothing", []),
        ("type:x", []),
    ],
)
def test_a_query_finds_the_records_it_describes(query: str, recids: list[str]) -> None:
    assert found(q=query) == recids


def test_a_facet_takes_whole_values_only() -> None:
    assert found(experiment="TOTEM") == ["20"]
    assert found(experiment="totem") == []
    assert found(type="Dataset") == ["1"]
    assert found(type="Dataset::Derived") == ["1"]
    assert found(type="Dataset::Simulated") == []


def test_hits_sort_by_title_when_asked() -> None:
    assert found(sort="title") == ["3", "1", "20"]
    assert found(sort="title_desc") == ["20", "1", "3"]


@pytest.mark.parametrize(
    ("params", "page"),
    [
        ({}, Page(1, 10, 0)),
        ({"page": "3", "size": "200"}, Page(3, 200, 400)),
        ({"from": "1", "size": "5"}, Page(1, 5, 0)),
        ({"page": "1", "size": "10000"}, Page(1, 10_000, 0)),
    ],
)
def test_the_page_asked_for_is_read(params: dict[str, str], page: Page) -> None:
    assert read_page(params) == page


@pytest.mark.parametrize(
    "params", [{"size": "0"}, {"page": "0"}, {"size": "-1"}, {"size": "ten"}, {"from": "0"}, {"page": ""}]
)
def test_pages_that_are_none_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(PaginationError, match=r"Invalid pagination parameters\."):
        read_page(params)


@pytest.mark.parametrize("params", [{"size": "10001"}, {"page": "1001"}, {"from": "9992"}])
def test_pages_beyond_the_window_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(PaginationError, match=r"Maximum number of 10000 results have been reached\."):
        read_page(params)
