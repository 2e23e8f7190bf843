"""Guards the way of a record from its JSON to its deposit: it ends well or with one clear error."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.errors import CernAssetsError
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import findings_of
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.sources.opendata.parse import parse_record
from cern_assets_tests.property.test_crosswalk import ANYTHING, SCALARS, TEXTS, shaped_records

FILES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "uri": TEXTS | SCALARS | st.just("root://eospublic.cern.ch//eos/opendata/a.root"),
            "size": SCALARS,
            "checksum": SCALARS | st.just("adler32:0000abcd"),
            "type": TEXTS | SCALARS,
        },
    )
    | ANYTHING,
    max_size=3,
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Records in the portal's shape, with a recid mostly, and anything as values."""
    body: dict[str, Any] = dict(draw(shaped_records()))
    body["recid"] = draw(st.sampled_from(["1", 1]) | SCALARS)
    if draw(st.booleans()):
        body["files"] = draw(FILES)
    return body


def outcome(body: dict[str, Any]) -> tuple[object, ...]:
    """What becomes of a record: its deposit, fates and findings, or its one error."""
    try:
        record = parse_record(body)
    except CernAssetsError as error:
        return (error.code, str(error))
    made = transform(record, CROSSWALK)
    return (made.payload, made.fates, made.findings, record.findings, tuple(findings_of(made.payload)))


@settings(max_examples=150, deadline=None)
@given(bodies())
def test_any_record_in_the_portals_shape_gives_the_same_deposit_each_time_or_one_error_that_says_why(
    body: dict[str, Any],
) -> None:
    first = outcome(body)
    assert outcome(body) == first
    assert len(first) == 5 or all(first)


def calls_of(body: dict[str, Any]) -> int:
    """How many functions are called until a record is a deposit: work that no other process on the machine changes."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        transform(parse_record(body), CROSSWALK)
    finally:
        sys.setprofile(before)
    return count


MANY: dict[str, Callable[[int], Any]] = {
    "authors": lambda at: {"name": f"Family{at}, Given", "affiliation": f"Institute {at}"},
    "keywords": lambda at: f"keyword {at}",
    "relations": lambda at: {"type": "isChildOf", "recid": str(at + 1), "description": f"Part {at}"},
    "links": lambda at: {"recid": str(at + 1), "description": f"Link {at}"},
    "run_numbers": lambda at: 3 * at,
    "files": lambda at: {
        "uri": f"root://eospublic.cern.ch//eos/opendata/{at}.root",
        "size": at,
        "checksum": f"adler32:{at:08x}",
    },
    "abstract": lambda at: f"<p>Paragraph {at} with <b>bold</b> words &amp; a <a href='/record/{at}'>link</a>.</p>",
}


@pytest.mark.parametrize("field", MANY)
def test_twice_as_much_of_a_field_is_twice_as_many_calls(field: str) -> None:
    def record(size: int) -> dict[str, Any]:
        items = [MANY[field](at) for at in range(size)]
        stated = {"description": "".join(items)} if field == "abstract" else items
        plain = {"recid": "1", "title": "A title", "type": {"primary": "Dataset"}, "date_published": "2024"}
        return {**plain, "publisher": "CERN Open Data Portal", field: stated}

    calls_of(record(1))  # what is made once for all
    small, large = calls_of(record(200)), calls_of(record(400))
    assert large <= 2.2 * small
