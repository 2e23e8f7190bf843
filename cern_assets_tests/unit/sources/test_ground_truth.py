"""Guards what the crosswalks are known to get right, on records that others have migrated: `make ground-truth`."""

from pathlib import Path

import pytest

from cern_assets_tests.ground_truth import marc
from cern_assets_tests.ground_truth.__main__ import main
from cern_assets_tests.ground_truth.facts import FIELDS, Facts
from cern_assets_tests.ground_truth.losses import missing
from cern_assets_tests.ground_truth.page import page_of
from cern_assets_tests.ground_truth.pairs import record_of_2017
from cern_assets_tests.ground_truth.scores import Pair, Side, scored
from cern_assets_tests.ground_truth.truth import PAGE, Truth, measured, wrong_with
from cern_assets_tests.services.needs import SHARED_DATA, unavailable


@pytest.fixture(scope="module")
def truth() -> Truth:
    found = measured(SHARED_DATA)
    if found is None:
        unavailable("pairs of records are not here (../shared/data/cod-marc-json-pairs)")
    return found


def test_every_difference_is_explained_and_no_score_falls(truth: Truth) -> None:
    assert wrong_with(truth) == []


def test_the_page_is_what_the_command_writes(truth: Truth) -> None:
    written = page_of(truth.scores, truth.records, truth.zenodo)
    assert PAGE.read_text(encoding="utf-8") == written, "the ground truth has changed: make ground-truth"


def test_the_crosswalk_of_2017_reads_every_leaf(truth: Truth) -> None:
    paths = sorted((SHARED_DATA / "cod-marc-json-pairs" / "records").glob("*.xml"))
    assert len(paths) == truth.records
    assert {pattern for path in paths for pattern in marc.unmapped(record_of_2017(path).metadata)} == set()


def test_a_fact_that_a_crosswalk_loses_is_unexplained() -> None:
    facts: dict[Side, Facts] = {"2017": {"subjects": frozenset({"cms"})}, "today": {"title": frozenset({"a"})}}
    said = dict.fromkeys(FIELDS, frozenset({"cms", "a"}))
    lost = scored([Pair("1", facts, {"2017": said, "today": said})])["subjects"]
    assert [(each.side, each.fact) for each in lost.unexplained] == [("2017", "cms")]
    assert lost.found_again == 0
    changed = scored([Pair("1", facts, {"2017": said, "today": {**said, "subjects": frozenset()}})])["subjects"]
    assert changed.unexplained == []


def test_each_loss_of_other_migrators_has_its_test() -> None:
    assert missing() == []


def test_without_records_the_command_says_so_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(tmp_path, tmp_path / "page.md") == 1
    assert "No pairs" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()
