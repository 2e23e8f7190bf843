"""Guards the check digits and shapes of identifiers."""

import pytest

from cern_assets.metadata.identifiers import bare_doi, bare_orcid, is_doi, is_orcid, is_ror, is_url


@pytest.mark.parametrize("orcid", ["0000-0001-5610-1060", "0000-0002-1825-0097", "0000-0003-1645-822X"])
def test_a_right_orcid_is_taken(orcid: str) -> None:
    assert is_orcid(orcid)


@pytest.mark.parametrize(
    "orcid", ["0000-0001-5610-1061", "0000-0003-1645-8220", "0000000156101060", "0000-0001-5610-106", "", "x"]
)
def test_a_wrong_orcid_is_refused(orcid: str) -> None:
    assert not is_orcid(orcid)


@pytest.mark.parametrize(
    "text", ["https://orcid.org/0000-0003-1645-822x", "orcid.org/0000-0003-1645-822X", "ORCID: 0000-0003-1645-822X"]
)
def test_what_people_write_before_an_orcid_is_taken_off(text: str) -> None:
    assert bare_orcid(text) == "0000-0003-1645-822X"


@pytest.mark.parametrize("ror", ["01x2x1522", "046w3ze59", "03fd77x13", "028rypz17", "047h64h89", "01ggx4157"])
def test_a_right_ror_is_taken(ror: str) -> None:
    assert is_ror(ror)


@pytest.mark.parametrize("ror", ["01x2x1523", "01x2x1", "11x2x1522", "01l2x1522", ""])
def test_a_wrong_ror_is_refused(ror: str) -> None:
    assert not is_ror(ror)


@pytest.mark.parametrize("doi", ["10.7483/OPENDATA.CMS.CHC3.5KPG", "10.1000.10/a(b)<c>;1", "10.7483/OPENDATA.54B9.2"])
def test_a_doi_is_taken(doi: str) -> None:
    assert is_doi(doi)


@pytest.mark.parametrize("doi", ["", "10.7483", "10.7483/", "doi:10.7483/A", "10.7483/A B", "11.7483/A"])
def test_what_is_no_bare_doi_is_refused(doi: str) -> None:
    assert not is_doi(doi)


@pytest.mark.parametrize("text", ["https://doi.org/10.1/Ab", "doi:10.1/Ab", "http://dx.doi.org/10.1/Ab", " 10.1/Ab"])
def test_what_people_write_before_a_doi_is_taken_off_and_its_capitals_stay(text: str) -> None:
    assert bare_doi(text) == "10.1/Ab"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://cern.ch/a", True),
        ("/a", False),
        ("root://h//a", False),
        ("http://[", False),
        ("https://", False),
        ("https://a b", False),
    ],
)
def test_only_whole_web_addresses_are_addresses(text: str, expected: bool) -> None:
    assert is_url(text) is expected
