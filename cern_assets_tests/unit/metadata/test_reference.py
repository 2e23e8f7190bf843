"""Guards that the reference page of a crosswalk says what its rows say."""

from pathlib import Path

import pytest

from cern_assets.metadata.reference import main, render
from cern_assets.sources.opendata.crosswalk import CROSSWALK

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "crosswalk-opendata.md"


def test_the_page_in_the_documentation_is_the_one_that_the_rows_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(CROSSWALK), (
        "The crosswalk has changed: python -m cern_assets.metadata.reference opendata > "
        "docs/reference/crosswalk-opendata.md"
    )


def test_every_row_stands_in_the_page() -> None:
    page = render(CROSSWALK)
    assert all(f"`{pattern}`" in page for row in CROSSWALK.rows for pattern in row.reads)


def test_the_command_writes_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    main("opendata")
    assert capsys.readouterr().out == render(CROSSWALK)
