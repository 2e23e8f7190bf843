"""Names from records: what could leave its folder, or shows as something else, is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.errors import RecordNotFoundError, UnsafeNameError
from cern_assets.model.names import safe_key
from cern_assets.sources.opendata.recids import parse_recid


@pytest.mark.parametrize(
    "name", ["a.root", "sub/a.root", "FilesToProcess.txt~", "with space #1?.txt", "Žluť.dat", "..a"]
)
def test_ordinary_and_awkward_names_are_kept_unchanged(name: str) -> None:
    assert safe_key(name) == name


@pytest.mark.parametrize(
    "name",
    ["", " ", "/etc/passwd", "../a", "a/../b", "a//b", "./a", "a/", "a\\b", "a\0b", "a\nb", "a\u202egpj.exe", "\udc80"],
)
def test_dangerous_names_are_refused_and_shown_escaped(name: str) -> None:
    with pytest.raises(UnsafeNameError) as refused:
        safe_key(name)
    assert str(refused.value).isprintable()


@given(st.text(max_size=40))
def test_a_name_that_passes_stays_below_its_folder(name: str) -> None:
    try:
        key = safe_key(name)
    except UnsafeNameError:
        return
    assert not key.startswith("/")
    assert ".." not in key.split("/")


@pytest.mark.parametrize(("text", "recid"), [("133", "133"), (" ATLAS-160006 ", "atlas-160006"), ("0133", "0133")])
def test_recids_are_read_as_people_type_them(text: str, recid: str) -> None:
    assert parse_recid(text) == recid


@pytest.mark.parametrize("text", ["", "abc", "1.5", "-1", "../1", "1 2", "a-b", "١٣٣", "9" * 65])
def test_what_can_be_no_recid_is_refused(text: str) -> None:
    with pytest.raises(RecordNotFoundError, match="no recid"):
        parse_recid(text)
