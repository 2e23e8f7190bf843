"""Single values that the embedded repository checks as InvenioRDM does."""

import pytest

from cern_assets.stand_ins.repository.formats import is_doi, is_edtf, is_orcid, is_url


@pytest.mark.parametrize(
    "text", ["2016", "2016-04", "2016-04-30", "2016/2017", "2016-05/2016", "2016-04-01/2016-04-01", "2016/"]
)
def test_dates_and_intervals_are_edtf(text: str) -> None:
    assert is_edtf(text)


@pytest.mark.parametrize(
    "text",
    ["", "16", "2016-13", "2015-02-29", "2017/2016", "2016/..", "../2016", "1/2/3", "2016-04-01T10:00:00"],
)
def test_what_is_no_date_is_not_edtf(text: str) -> None:
    assert not is_edtf(text)


def test_a_time_of_the_day_is_taken_where_it_may_stand() -> None:
    assert is_edtf("2016-04-01T10:00:00Z", with_time=True)
    assert not is_edtf("2016-04-01T10", with_time=True)


def test_an_orcid_needs_its_check_digit() -> None:
    assert is_orcid("0000-0002-1825-0097")
    assert is_orcid("https://orcid.org/0000-0002-1694-233X")
    assert not is_orcid("0000-0002-1825-0098")
    assert not is_orcid("0000-0002-1825")


def test_urls_and_dois_are_told_from_other_texts() -> None:
    assert is_url("https://opendata.cern.ch/record/1")
    assert is_url("http://localhost:5000/record/1")
    assert not is_url("opendata.cern.ch")
    assert not is_url("javascript:alert(1)")
    assert is_doi("10.7483/OPENDATA.CMS.1")
    assert not is_doi("opendata")
