"""Guards the crosswalk against anything that JSON can hold: it never fails, and every leaf ends as exactly one fate."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.leaves import leaves
from cern_assets.metadata.markup import clean_markup, visible_text
from cern_assets.metadata.validation import validate
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json
from cern_assets.sources.opendata.crosswalk import CROSSWALK

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
TEXTS = st.sampled_from(
    ["", " ", "A title", "2024", "0000-0002-1825-0097", "10.7483/A", "451", "<p>a < b</p>", "CC0-1.0"]
)
KEYS = st.sampled_from(
    sorted({name.removesuffix("[]") for row in CROSSWALK.rows for path in row.reads for name in path.split(".")})
)
ANYTHING = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=4)
)
RECORDS = st.dictionaries(KEYS | st.text(max_size=5), ANYTHING, max_size=6)


@st.composite
def shaped_records(draw: st.DrawFn) -> dict[str, Json]:
    """Records with the right keys in the right places, and anything as their values."""
    metadata: dict[str, Json] = {}
    for path in sorted({path for row in CROSSWALK.rows for path in row.reads}):
        if draw(st.booleans()):
            _place(metadata, path, draw(st.integers(0, 2)), draw(TEXTS | SCALARS))
    return metadata


def _place(metadata: dict[str, Json], path: str, index: int, value: Json) -> None:
    place: dict[str, Json] = metadata
    *parents, name = path.split(".")
    for parent in parents:
        inner = place.setdefault(parent.removesuffix("[]"), [{} for _ in range(3)] if parent.endswith("[]") else {})
        found = inner[index] if isinstance(inner, list) else inner
        if not isinstance(found, dict):  # one field is text in some records and an object in others
            return
        place = found
    place[name.removesuffix("[]")] = [value] if name.endswith("[]") else value


@settings(max_examples=200, deadline=None)
@given(RECORDS | shaped_records())
def test_every_leaf_of_any_record_has_exactly_one_fate(metadata: dict[str, Json]) -> None:
    record = SourceRecord(source="opendata", recid=Recid("1"), url="", metadata=metadata, files=())
    deposit = transform(record, CROSSWALK)
    assert sum(fate.leaves for fate in deposit.fates) == sum(1 for _ in leaves(metadata))
    assert all(bool(fate.target) == (fate.fate in ("carried", "derived")) for fate in deposit.fates)
    assert all(bool(fate.reason) == (fate.fate == "dropped") for fate in deposit.fates)


@settings(max_examples=200, deadline=None)
@given(shaped_records())
def test_whatever_is_written_is_valid_and_only_what_is_missing_is_complained_about(metadata: dict[str, Json]) -> None:
    record = SourceRecord(source="opendata", recid=Recid("1"), url="", metadata=metadata, files=())
    complaints = {violation.message for violation in validate(transform(record, CROSSWALK).payload)}
    assert complaints <= {"is missing"}


@settings(max_examples=100, deadline=None)
@given(shaped_records())
def test_no_path_that_stands_in_a_row_is_ever_unmapped(metadata: dict[str, Json]) -> None:
    record = SourceRecord(source="opendata", recid=Recid("1"), url="", metadata=metadata, files=())
    known = {path for row in CROSSWALK.rows for path in row.reads}
    unmapped = {fate.path for fate in transform(record, CROSSWALK).fates if fate.fate == "unmapped"}
    assert not unmapped & known


MARKUP = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<b>", "<a href='/x'>", "</a>", "<br>", "a < b", "vector<float>", "&amp ", "&lt;", "x", "\n"]
    )
    | st.text(max_size=5)
).map("".join)


@settings(max_examples=300, deadline=None)
@given(MARKUP)
def test_cleaned_markup_is_stable_and_loses_no_text_without_telling(source: str) -> None:
    cleaned = clean_markup(source, base_url="https://opendata.cern.ch/record/1")
    again = clean_markup(cleaned.html, base_url="https://opendata.cern.ch/record/1")
    assert again.text.split() == cleaned.text.split()
    assert visible_text(cleaned.html) == cleaned.text


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("C", "Z"), exclude_characters="&")))
def test_text_without_markup_is_shown_as_it_is(source: str) -> None:
    escaped = source.replace("<", "< ")
    cleaned = clean_markup(escaped, base_url="https://opendata.cern.ch/record/1")
    assert cleaned.text.split() == escaped.split()
    assert cleaned.losses == ()
