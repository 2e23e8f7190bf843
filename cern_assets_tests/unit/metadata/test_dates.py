"""Guards which dates InvenioRDM takes: EDTF level 0, intervals closed and in order, days that exist."""

import pytest
from edtf import Date, Interval, parse_edtf
from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.metadata.dates import is_edtf_date, is_edtf_date_or_time


@pytest.mark.parametrize(
    "text", ["2024", "2024-02", "2024-02-29", "2011/2012", "2011-05/2012", "2012/2012-03-01", "2012-03-01/2012"]
)
def test_a_date_or_closed_interval_is_taken(text: str) -> None:
    assert is_edtf_date(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-01-01T00:00:00", "2011/2012/2013", "0000", "\u0662\u0660\u0662\u0664", "2024 "),
        *(
            "",
            "24",
            "2024-13",
            "2023-02-29",
            "2012/2011",
            "2012-06/2012-05",
            "2012/..",
            "/2012",
            "2012/",
            "2012?",
            "201X",
        ),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert not is_edtf_date(text)


@pytest.mark.parametrize("text", ["2024-01-01T10:00:00", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00+01:00", "2024"])
def test_a_moment_is_taken_where_moments_are(text: str) -> None:
    assert is_edtf_date_or_time(text)


@pytest.mark.parametrize("text", ["2024-01-01T25:00:00", "2024-02-30T10:00:00", "2024-01-01T10:00"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    assert not is_edtf_date_or_time(text)


@given(
    st.one_of(
        st.dates().map(str),
        st.dates().map(lambda day: str(day)[:7]),
        st.tuples(st.dates(), st.dates()).map(lambda days: f"{days[0]}/{days[1]}"),
        st.from_regex(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", fullmatch=True),
    )
)
@settings(max_examples=200, deadline=None)
def test_every_date_that_is_taken_is_one_for_the_library_that_inveniordm_asks(text: str) -> None:
    if is_edtf_date(text):
        assert isinstance(parse_edtf(text), Date | Interval)
