"""Guards that a record comes out the same from both of its forms, and that nothing in it can crash the reading."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.errors import RecordInvalidError
from cern_assets.model.values import canonical_json
from cern_assets.sources.opendata.irregularities import RECORD
from cern_assets.sources.opendata.parse import parse_record, parse_summary

FIELDS = sorted({*json.loads(RECORD.text)[RECORD.id]["properties"]} - {"recid"})
PLAIN: dict[str, Any] = {"recid": "133", "title": "A title", "type": {"primary": "Dataset"}}
FILE = {"uri": "root://eospublic.cern.ch//eos/opendata/a/x.root", "size": 3, "checksum": "adler32:024d0127"}


def codes(body: object) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.severity, finding.field) for finding in parse_record(body).findings]


def test_a_fixture_and_an_answer_give_the_same_metadata() -> None:
    answer = {
        "id": 133,
        "updated": "2026-01-01",
        "metadata": {**PLAIN, "$schema": "x", "_bucket": "y", "_files": [], "availability": "online", "pids": {}},
    }
    assert parse_record(answer).metadata == parse_record(PLAIN).metadata == PLAIN


def test_a_move_to_tape_and_a_new_load_change_no_metadata() -> None:
    before = {**PLAIN, "_bucket": "1", "availability": "online", "_availability_details": {"online": 1}}
    after = {**PLAIN, "_bucket": "2", "availability": "on demand", "_availability_details": {"on demand": 1}}
    assert parse_record({"metadata": before}).metadata == parse_record({"metadata": after}).metadata


def test_the_address_of_a_record_is_the_public_one() -> None:
    assert parse_record(PLAIN).url == "https://opendata.cern.ch/record/133"


@pytest.mark.parametrize(
    ("body", "recid"),
    [
        ({"metadata": {**PLAIN, "recid": 133}}, "133"),
        ({"id": 133, "metadata": {"title": "x"}}, "133"),
        ({"id": "atlas-80000", "metadata": {**PLAIN, "recid": "80000"}}, "80000"),
        ({"id": "atlas-160006", "metadata": {**PLAIN, "recid": "atlas-160006"}}, "atlas-160006"),
    ],
)
def test_the_recid_is_the_one_of_the_metadata_as_a_text(body: dict[str, Any], recid: str) -> None:
    record = parse_record(body)
    assert record.recid == recid
    assert record.metadata["recid"] == recid


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"metadata": {}},
        {"recid": True},
        {"recid": ["133"]},
        {"recid": "../133"},
        {"recid": -1},
        {**PLAIN, "abstract": {"description": "\ud800"}},
        {**PLAIN, "abstract": {"description": float("nan")}},
    ],
)
def test_a_body_without_a_recid_or_that_is_no_json_is_invalid(body: object) -> None:
    with pytest.raises(RecordInvalidError):
        parse_record(body)


@pytest.mark.parametrize("depth", [300, 100_000])
def test_a_record_nested_beyond_reason_is_invalid(depth: int) -> None:
    nested: Any = 1
    for _ in range(depth):
        nested = [nested]
    with pytest.raises(RecordInvalidError):
        parse_record({**PLAIN, "keywords": nested})


@pytest.mark.parametrize("field", ["title", "type"])
@pytest.mark.parametrize("value", [None, "", {}, "absent"])
def test_a_record_without_title_or_type_can_be_read_and_not_carried(field: str, value: object) -> None:
    body = {key: content for key, content in PLAIN.items() if key != field}
    if value != "absent":
        body[field] = value
    assert (f"{field}-missing", "error", field) in codes(body)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_another_shape_is_noted(field: str) -> None:
    severity = "error" if field in PLAIN else "warning"
    assert codes({**PLAIN, field: 7}) == [("unexpected-shape", severity, field)]


def test_parts_of_another_shape_are_noted_once_for_a_pattern_and_the_record_is_read() -> None:
    body = {
        **PLAIN,
        "authors": [{"name": 1}, "text", {"name": "Doe, Jane"}, {"name": ["x"]}],
        "distribution": {"size": "1"},
    }
    assert codes(body) == [
        ("unexpected-shape", "warning", "authors[].name"),
        ("unexpected-shape", "warning", "authors[1]"),
        ("unexpected-shape", "warning", "distribution.size"),
    ]


def test_a_record_says_what_shape_it_was_compared_with() -> None:
    assert parse_record(PLAIN).checked_with == ("urn:cern-assets:schema:opendata-record:1.0",)


def test_a_million_parts_of_another_shape_are_told_as_the_first_hundred() -> None:
    (found,) = parse_record({**PLAIN, "keywords": [1] * 200_000}).findings
    assert (found.field, found.count) == ("keywords[]", 100)


def test_a_record_larger_than_any_is_invalid_and_says_which_limit_it_meets() -> None:
    with pytest.raises(RecordInvalidError, match="at most 1,000,000") as caught:
        parse_record({**PLAIN, "note": {"description": "x" * 1_000_001}})
    assert (caught.value.recid, caught.value.field) == ("133", "note.description")
    with pytest.raises(RecordInvalidError, match="at most 5,000,000"):
        parse_record({**PLAIN, "keywords": ["word"] * 1_000_000})


def test_hidden_controls_are_told_with_what_they_are() -> None:
    (found,) = parse_record({**PLAIN, "keywords": ["a", "b\u202ec", "\u2066d"]}).findings
    assert (found.code, found.field, found.count) == ("hidden-controls", "keywords[]", 2)
    assert found.value == "b\\u202ec; \\u2066d"


def test_zero_and_false_are_values() -> None:
    assert codes({**PLAIN, "distribution": {"number_events": 0, "odd": False}}) == []


def test_totals_that_are_not_those_of_the_files_are_noted() -> None:
    body = {**PLAIN, "distribution": {"number_files": 2, "size": 4}, "files": [FILE]}
    assert codes(body) == [
        ("number-of-files-differs", "warning", "distribution.number_files"),
        ("size-differs", "warning", "distribution.size"),
    ]


def test_totals_that_count_members_are_not_compared_with_a_fixture_s_index_files() -> None:
    body = {**PLAIN, "distribution": {"number_files": 500, "size": 4}, "files": [{**FILE, "type": "index.json"}]}
    assert codes(body) == []


def test_totals_count_the_members_of_expanded_indexes() -> None:
    indexes = [{"key": "i.json", "number_files": 1, "files": [FILE]}]
    assert codes({**PLAIN, "distribution": {"number_files": 1, "size": 3}, "_file_indices": indexes}) == []


def test_a_record_that_states_files_lists_none_and_names_its_parts_is_a_collection() -> None:
    parts = [{"type": "isParentOf", "recid": "2"}]
    assert codes({**PLAIN, "distribution": {"number_files": 9999}, "relations": parts}) == [
        ("umbrella-record", "note", "distribution.number_files")
    ]


@pytest.mark.parametrize("relations", [None, "odd", [], ["odd"], [{"type": "isRelatedTo", "recid": "2"}]])
def test_a_record_that_states_files_and_names_no_parts_has_them_nowhere(relations: object) -> None:
    found = codes({**PLAIN, "distribution": {"number_files": 1}, "relations": relations})
    assert ("files-nowhere", "warning", "distribution.number_files") in found
    assert "umbrella-record" not in [code for code, *_ in found]


def test_a_record_on_tape_whose_files_are_not_listed_is_no_collection() -> None:
    assert codes({**PLAIN, "distribution": {"number_files": 9, "availability": "ondemand"}}) == [
        ("files-not-listed", "warning", "distribution.availability")
    ]


def test_a_hit_is_read_without_its_files() -> None:
    hit = {"id": 133, "updated": "2026-01-01T00:00:00", "metadata": {"recid": "133", "title": "A\ntitle"}}
    summary = parse_summary(hit)
    assert summary is not None
    assert (summary.recid, summary.title, summary.updated) == ("133", "A title", "2026-01-01T00:00:00")


@pytest.mark.parametrize("metadata", [{"slug": "cms-guide", "title": "A guide"}, None])
def test_a_hit_without_a_recid_is_no_record(metadata: object) -> None:
    assert parse_summary({"id": "x", "metadata": metadata}) is None


@pytest.mark.parametrize("hit", [5, {"metadata": {"recid": "no recid"}}])
def test_a_hit_that_cannot_be_read_is_not_passed_over_silently(hit: object) -> None:
    with pytest.raises(RecordInvalidError):
        parse_summary(hit)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FILES = st.lists(
    JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "uri": JSON | st.text(max_size=9).map("root://eospublic.cern.ch//eos/opendata/{}".format),
            "size": JSON,
            "checksum": JSON | st.text("adler32:0123456789abcdef", max_size=16),
            "availability": JSON | st.sampled_from(["online", "on demand"]),
            "tags": JSON,
        },
    ),
    max_size=4,
)
INDEXES = st.lists(
    JSON | st.fixed_dictionaries({}, optional={"key": JSON, "number_files": JSON, "files": JSON | FILES}), max_size=3
)
RECORDS = st.builds(
    lambda fields, parts: {**fields, **parts},
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5),
    st.fixed_dictionaries(
        {"recid": st.just("133") | JSON},
        optional={"files": JSON | FILES, "_files": JSON | FILES, "_file_indices": JSON | INDEXES},
    ),
)


@settings(deadline=None)
@given(body=JSON | RECORDS | RECORDS.map(lambda record: {"id": 1, "metadata": record}))
def test_any_json_is_a_record_or_invalid(body: object) -> None:
    try:
        record = parse_record(json.loads(json.dumps(body)))
    except RecordInvalidError:
        return
    keys = [file.key for file in record.files]
    assert len(set(keys)) == len(keys)
    canonical_json(record.model_dump(mode="json")).encode()
