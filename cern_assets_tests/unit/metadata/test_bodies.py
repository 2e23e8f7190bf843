"""One spelling a body."""

import datetime as dt

import pytest
import yaml

from cern_assets.metadata.bodies import bodies_text, preferred, ror_of
from cern_assets.metadata.identifiers import is_ror
from cern_assets.metadata.people import body


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("CMS collaboration", "CMS Collaboration"),
        ("CMS", "CMS Collaboration"),
        ("DELPHI", "DELPHI Collaboration"),
        ("CERN Open Data portal", "CERN Open Data Portal"),
        ("CERN Document server", "CERN Document Server"),
        ("CERN LHC", "CERN-LHC"),
        ("Instituto de F\u00edsica de Cantabria", "Instituto de F\u00edsica de Cantabria"),
        ("", ""),
    ],
)
def test_a_body_has_one_spelling_and_what_is_not_known_stays(written: str, expected: str) -> None:
    assert preferred(written) == expected


def test_every_spelling_says_where_it_is_from_and_when_and_stands_once() -> None:
    bodies = yaml.safe_load(bodies_text())
    assert all(body["source"] and isinstance(body["date"], dt.date) for body in bodies)
    spellings = [spelling.casefold() for body in bodies for spelling in (body["name"], *body["also"])]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(
    ("written", "ror"),
    [
        ("RWTH Aachen University in Germany", "04xfq0f34"),
        ("Helsinki Inst. of Phys.", "01x2x1522"),
        ("CERN", "01ggx4157"),
        ("CMS Collaboration", None),
        ("Nobody's Institute", None),
    ],
)
def test_a_body_has_its_ror_id_by_any_of_its_spellings(written: str, ror: str | None) -> None:
    assert ror_of(written) == ror


def test_every_ror_id_is_one() -> None:
    found = [each["ror"] for each in yaml.safe_load(bodies_text()) if "ror" in each]
    assert found
    assert all(is_ror(ror) for ror in found)


def test_an_organisation_with_a_known_id_keeps_it() -> None:
    assert body("RWTH Aachen University in Germany") == {
        "type": "organizational",
        "name": "RWTH Aachen University",
        "identifiers": [{"scheme": "ror", "identifier": "04xfq0f34"}],
    }
    assert body("CMS") == {"type": "organizational", "name": "CMS Collaboration"}
