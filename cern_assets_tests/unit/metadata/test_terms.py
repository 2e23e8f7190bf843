"""Vocabularies: what is read as which term, and where the data are from."""

import csv
import subprocess
from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from cern_assets.metadata.identifiers import is_ror
from cern_assets.metadata.suggestions import suggestions
from cern_assets.metadata.terms import vocabularies, vocabulary
from cern_assets.metadata.validation import findings_of
from cern_assets_tests.services.needs import unavailable

CHECKOUT = Path(__file__).parents[3]
FOLDER = Path(str(files("cern_assets.metadata"))) / "vocabularies"


@pytest.mark.parametrize(
    ("name", "text", "term"),
    [
        ("languages", "en", "eng"),
        ("languages", "English", "eng"),
        ("languages", " FRE ", "fra"),
        ("languages", "ces", "ces"),
        ("languages", "Klingonese", None),
        ("licences", "CC-BY-4.0", "cc-by-4.0"),
        ("licences", "cc-zero", "cc0-1.0"),
        ("licences", "cc-by-9.9", None),
        ("funders", "10.13039/501100000780", "00k4n6c32"),
        ("funders", "European Commission", "00k4n6c32"),
        ("affiliations", "CERN", "01ggx4157"),
        ("affiliations", "European Organization for Nuclear Research", "01ggx4157"),
        ("affiliations", "CERN, Geneva", None),
        ("roles", "supervisor", "supervisor"),
        ("relation_types", "", None),
    ],
)
def test_a_text_stands_for_a_term_exactly_or_for_none(name: str, text: str, term: str | None) -> None:
    assert vocabulary(name).find(text) == term


def test_every_vocabulary_says_where_it_is_from_and_of_which_day() -> None:
    assert {each.name for each in vocabularies().values()} == {file.stem for file in FOLDER.glob("*.csv")}
    for each in vocabularies().values():
        assert each.titles, each.name
        assert all((each.what, each.source, each.version, each.licence, each.target)), each.name
        assert date.fromisoformat(each.date).year >= 2026, each.name


@pytest.mark.parametrize("name", sorted(vocabularies()))
def test_no_spelling_stands_for_two_terms_and_no_id_is_a_spelling_of_another(name: str) -> None:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["id"] == row["id"].casefold().strip() and row["title"] for row in rows)
    said = Counter(
        (spelling.casefold(), row["id"]) for row in rows for spelling in {*filter(None, row["also"].split("|"))}
    )
    meant = Counter(spelling for spelling, _ in said)
    assert [spelling for spelling, terms in meant.items() if terms > 1] == []
    ids = {row["id"] for row in rows}
    assert [pair for pair in said if pair[0] in ids and pair[0] != pair[1]] == []


@pytest.mark.parametrize("name", ["affiliations", "funders"])
def test_ids_of_bodies_are_ror_ids_with_the_right_check_digits(name: str) -> None:
    assert [term for term in vocabulary(name).titles if not is_ror(term)] == []


@pytest.mark.service
def test_ids_and_titles_are_those_of_the_pinned_inveniordm(tmp_path: Path) -> None:
    python = CHECKOUT / ".venv-invenio" / "bin" / "python"
    if not python.exists():
        unavailable("InvenioRDM is not installed here (make services)")
    subprocess.run([python, CHECKOUT / "scripts" / "vocabularies.py", "--out", tmp_path], check=True)
    made = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.glob("*.csv")}
    assert made == {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.csv")}


def _affiliated(*names: str) -> dict[str, object]:
    people = [{"person_or_org": {"name": "Somebody"}, "affiliations": [{"name": name} for name in names]}]
    return {"metadata": {"creators": people}}


def test_a_name_of_which_a_part_is_a_known_body_is_a_word_for_a_person_and_no_id() -> None:
    (told,) = suggestions(_affiliated("CERN, Geneva, Switzerland", "CERN, Geneva, Switzerland"))  # type: ignore[arg-type]
    assert (told.code, told.severity, told.value) == ("affiliation-suggested", "note", "CERN, Geneva, Switzerland")
    assert "https://ror.org/01ggx4157" in told.message


@pytest.mark.parametrize("name", ["CERN", "Nobody's Institute", "CERN, INFN", "CERN, Geneva; INFN, Pisa", ""])
def test_what_is_known_or_unknown_or_of_several_bodies_suggests_nothing(name: str) -> None:
    assert suggestions(_affiliated(name)) == ()  # type: ignore[arg-type]


def test_a_term_that_no_vocabulary_has_is_told_with_its_field() -> None:
    deposit = {
        "metadata": {
            "resource_type": {"id": "dataset"},
            "languages": [{"id": "eng"}, {"id": "xxq"}],
            "related_identifiers": [{"identifier": "1", "relation_type": {"id": "isfriendof"}}],
        }
    }
    told = [each for each in findings_of(deposit) if each.code == "term-unknown"]  # type: ignore[arg-type]
    assert [(each.field, each.value, each.severity) for each in told] == [
        ("metadata.languages[1].id", "xxq", "warning"),
        ("metadata.related_identifiers[0].relation_type.id", "isfriendof", "warning"),
    ]
