"""What is measured of the pairs that are here, and what of it is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cern_assets_tests.ground_truth import zenodo
from cern_assets_tests.ground_truth.losses import missing
from cern_assets_tests.ground_truth.pairs import pairs_of
from cern_assets_tests.ground_truth.scores import Score, scored

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ground-truth.md"
FLOORS: Mapping[str, float] = {
    **dict.fromkeys(
        ("title", "publication_date", "publisher", "description", "rights", "doi", "languages", "dates"), 1
    ),
    **dict.fromkeys(("sizes", "formats", "affiliations"), 1),
    "creators": 0.983,
    "contributors": 0,
    "resource_type": 0.651,
    "subjects": 0.991,
    "related_identifiers": 0.9,
    "additional_descriptions": 0.966,
}
"""What each field was found again to when it was last looked at by people; no score may fall below."""


class Truth(NamedTuple):
    """Scores by field over so many records, and the folder of the records of Zenodo."""

    scores: Mapping[str, Score]
    records: int
    zenodo: Path


def measured(folder: Path) -> Truth | None:
    """Measure the pairs below a folder of data; None where there are none."""
    pairs = list(pairs_of(folder / "cod-marc-json-pairs" / "records"))
    ours = folder / "zenodo-legacy-internal" / "records"
    return Truth(scored(pairs), len(pairs), ours) if pairs and ours.is_dir() else None


def wrong_with(truth: Truth) -> list[str]:
    """Differences that no class explains, scores that fell, losses that no test proves."""
    wrong = [
        f"{each.recid}: only the deposit of {each.side} has in {each.field}: {each.fact}"
        for score in truth.scores.values()
        for each in score.unexplained
    ]
    wrong += [
        f"{name}: {truth.scores[name].found_again:.1%} found again, and it was {floor:.1%}"
        for name, floor in FLOORS.items()
        if truth.scores[name].found_again < floor
    ]
    for name, found in zenodo.compared(truth.zenodo).items():
        wrong += [f"{name}: {each.place} is not {each.value!r}" for each in found if each.otherwise is None]
    return wrong + [f"no such test: {each}" for each in missing()]
