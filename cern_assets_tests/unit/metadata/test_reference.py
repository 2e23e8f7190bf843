"""Guards that the reference page of a crosswalk says what its rows say."""

import json
from pathlib import Path

import pytest

from cern_assets.metadata.reference import main, render
from cern_assets.sources.opendata.crosswalk import CROSSWALK

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "crosswalk-opendata.md"
COVERAGE = PAGE.with_name("coverage-opendata.json")
COUNTED = json.loads(COVERAGE.read_text(encoding="utf-8"))


def test_the_page_in_the_documentation_is_the_one_that_the_rows_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(CROSSWALK, COUNTED), "The crosswalk has changed: make reference"


def test_every_row_stands_in_the_page() -> None:
    page = render(CROSSWALK, COUNTED)
    assert all(f"`{pattern}`" in page for row in CROSSWALK.rows for pattern in row.reads)


def test_the_command_writes_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    main("opendata", str(COVERAGE))
    assert capsys.readouterr().out == render(CROSSWALK, COUNTED)


def test_no_field_of_the_counted_records_is_unmapped() -> None:
    assert COUNTED["records"] > 4000
    assert [path for path, field in COUNTED["fields"].items() if "unmapped" in field] == []
