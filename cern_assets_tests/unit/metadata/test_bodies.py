"""One spelling a body."""

import datetime as dt

import pytest
import yaml

from cern_assets.metadata.bodies import bodies_text, preferred


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
