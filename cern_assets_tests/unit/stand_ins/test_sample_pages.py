"""Guards that the page of five records says what the crosswalk makes of them now."""

from pathlib import Path

from cern_assets.stand_ins.sample.pages import SHOWN, render

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "five-records.md"


def test_the_page_in_the_documentation_is_what_the_crosswalk_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "The crosswalk has changed: make reference"


def test_the_page_has_each_record_with_its_title_on_both_sides() -> None:
    page = render()
    assert all(f"## {recid}: " in page for recid in SHOWN)
    assert page.count("| `metadata.title` |") == len(SHOWN)
