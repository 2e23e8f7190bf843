"""Guards the two names of a leaf, what counts as empty, and that a reading groups the fields of one list item."""

from cern_assets.metadata.leaves import About, Reading, by_pattern, leaves
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json

METADATA: dict[str, Json] = {
    "title": "A",
    "authors": [{"name": "Doe, Jane", "ids": [{"value": "1"}]}, {"orcid": "x"}, {"name": "Roe, Jo", "orcid": "y"}],
    "empty": {},
    "none": [],
}


def reading(*patterns: str) -> Reading:
    found = [leaf for pattern in patterns for leaf in leaves(METADATA) if leaf.pattern == pattern]
    return Reading(About(Recid("1"), 0), by_pattern(found))


def test_every_leaf_has_an_exact_path_and_a_shared_pattern() -> None:
    found = [(leaf.path, leaf.pattern) for leaf in leaves(METADATA)]
    assert found == [
        ("title", "title"),
        ("authors[0].name", "authors[].name"),
        ("authors[0].ids[0].value", "authors[].ids[].value"),
        ("authors[1].orcid", "authors[].orcid"),
        ("authors[2].name", "authors[].name"),
        ("authors[2].orcid", "authors[].orcid"),
        ("empty", "empty"),
        ("none", "none"),
    ]


def test_null_blank_text_and_empty_containers_say_nothing_but_false_and_zero_do() -> None:
    values: dict[str, Json] = {"a": None, "b": " \u200b\n", "c": [], "d": {}, "e": False, "f": 0}
    assert [leaf.path for leaf in leaves(values) if not leaf.is_empty] == ["e", "f"]


def test_text_is_one_line_without_characters_that_nobody_sees() -> None:
    (leaf,) = leaves({"a": " one\u00a0two\n\tthree\u200b\x00 \ud800 "})
    assert leaf.text == "one two three \ufffd"


def test_a_key_that_no_encoding_takes_has_a_path_that_can_be_written() -> None:
    (leaf,) = leaves({"a\ud800": 1})
    assert leaf.path.encode() == "a\ufffd".encode()


def test_items_of_a_list_come_in_order_with_relative_patterns_even_if_their_first_field_is_missing() -> None:
    items = reading("authors[].name", "authors[].orcid").items("authors[]")
    assert [(item.text("name"), item.text("orcid")) for item in items] == [
        ("Doe, Jane", ""),
        ("", "x"),
        ("Roe, Jo", "y"),
    ]


def test_items_can_have_items() -> None:
    (author,) = reading("authors[].ids[].value").items("authors[]")
    (inner,) = author.items("ids[]")
    assert inner.text("value") == "1"


def test_a_record_nested_very_deeply_is_walked_to_its_end() -> None:
    nested: dict[str, Json] = {"end": 1}
    for _ in range(5000):
        nested = {"a": nested}
    (leaf,) = leaves(nested)
    assert leaf.path.endswith("a.end")
