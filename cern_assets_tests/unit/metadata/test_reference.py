"""Guards that the reference page of a crosswalk says what its rows say."""

import json
from pathlib import Path
from typing import Any

import pytest

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.reference import main, render
from cern_assets.wiring import SOURCES, source_parts

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"

pytestmark = pytest.mark.parametrize("source", sorted(SOURCES))


def _crosswalk(source: str) -> Crosswalk:
    return source_parts(source).crosswalks["plain"]


def _coverage(source: str) -> Path:
    return REFERENCE / f"coverage-{source}.json"


def _counted(source: str) -> dict[str, Any]:
    counted: dict[str, Any] = json.loads(_coverage(source).read_text(encoding="utf-8"))
    return counted


def test_the_page_in_the_documentation_is_the_one_that_the_rows_give(source: str) -> None:
    page = (REFERENCE / f"crosswalk-{source}.md").read_text(encoding="utf-8")
    assert page == render(_crosswalk(source), _counted(source)), "The crosswalk has changed: make reference"


def test_every_row_stands_in_the_page(source: str) -> None:
    page = render(_crosswalk(source), _counted(source))
    assert all(f"`{pattern}`" in page for row in _crosswalk(source).rows for pattern in row.reads)


def test_the_command_writes_the_page(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(source, str(_coverage(source)))
    assert capsys.readouterr().out == render(_crosswalk(source), _counted(source))


def test_no_field_of_the_counted_records_is_unmapped(source: str) -> None:
    counted = _counted(source)
    assert counted["records"] >= {"opendata": 4_000}.get(source, 40)
    assert [path for path, field in counted["fields"].items() if "unmapped" in field] == []
