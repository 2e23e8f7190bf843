"""Guards the engine: what a row sees and writes, the fate of every leaf, and when a crosswalk's version changes."""

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from cern_assets.metadata.crosswalk import Crosswalk, transform
from cern_assets.metadata.leaves import Reading
from cern_assets.metadata.rows import Converted, Drop, Row, Unused
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import LeafFate, Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, JsonObject


def texts(reading: Reading) -> Converted:
    return Converted([leaf.text for leaf in reading.leaves])


def first_text(reading: Reading) -> Converted:
    return Converted(reading.leaves[0].text if reading.leaves else None)


def refuse(reading: Reading) -> Converted:
    return Converted(unused=tuple(Unused(leaf, "bad", "It is bad.") for leaf in reading.leaves))


def words(reading: Reading) -> Converted:
    found: list[Json] = []
    for leaf in reading.leaves:
        found += [leaf.pattern, type(leaf.value).__name__, leaf.text]
    return Converted(found)


def named(reading: Reading) -> Converted:
    return Converted(f"{reading.recid} {reading.text('c')}" if reading.leaves else None)


def no_bad(reading: Reading) -> Converted:
    good: list[Json] = [leaf.text for leaf in reading.leaves if leaf.text != "bad"]
    return Converted(good, tuple(Unused(leaf, "bad", "It is bad.") for leaf in reading.leaves if leaf.text == "bad"))


def identifier(recid: Recid) -> str:
    return f"test:{recid}"


def run(metadata: JsonObject, *rows: Row | Drop) -> Metadata:
    record = SourceRecord(source="test", recid=Recid("1"), url="", metadata=metadata, files=())
    return transform(record, Crosswalk("test", rows, identifier))


def row(target: str, *reads: str, fallback: bool = False, keep_equal: bool = False) -> Row:
    return Row(reads, target, texts, "note", fallback=fallback, keep_equal=keep_equal)


def test_a_row_sees_only_the_leaves_it_reads() -> None:
    deposit = run({"a": "1", "b": "2", "c": ["3", "4"]}, row("metadata.x", "c[]", "a"))
    assert deposit.payload == {"metadata": {"x": ["3", "4", "1"]}}


def test_lists_of_several_rows_for_one_target_follow_each_other_and_equal_items_are_written_once() -> None:
    deposit = run({"a": ["1", "2"], "b": ["2", "3"]}, row("x", "a[]"), row("x", "b[]"))
    assert deposit.payload == {"x": ["1", "2", "3"]}


def test_equal_items_stay_where_a_row_keeps_them() -> None:
    assert run({"a": ["1", "1"]}, row("x", "a[]", keep_equal=True)).payload == {"x": ["1", "1"]}


def test_a_fallback_is_asked_only_while_its_target_is_empty_and_its_leaves_say_why_they_are_not_used() -> None:
    rows = (row("x", "a"), row("x", "b", fallback=True))
    assert run({"b": "2"}, *rows).payload == {"x": ["2"]}
    deposit = run({"a": "1", "b": "2"}, *rows)
    assert deposit.payload == {"x": ["1"]}
    assert deposit.fates[1] == LeafFate(path="b", leaves=1, fate="dropped", reason="Not needed: x has a value already.")


def test_one_value_is_written_once_by_the_first_row_that_gives_something() -> None:
    rows = [Row((name,), "x.y", first_text, "note") for name in ("a", "b", "c")]
    assert run({"b": "2", "c": "3"}, *rows).payload == {"x": {"y": "2"}}


def test_a_leaf_carried_to_two_fields_names_both() -> None:
    deposit = run({"a": ["1", "2"]}, row("x", "a[]"), row("y", "a[]"))
    assert deposit.fates == (LeafFate(path="a[]", leaves=2, fate="carried", target="x, y"),)


def test_a_refused_leaf_is_dropped_with_its_reason_and_becomes_a_finding_for_its_pattern() -> None:
    deposit = run({"a": [{"b": "1"}, {"b": "2"}]}, Row(("a[].b",), "x", refuse, "note"))
    assert deposit.payload == {}
    assert deposit.fates == (LeafFate(path="a[].b", leaves=2, fate="dropped", reason="It is bad."),)
    assert [(found.code, found.severity, found.field, found.value, found.count) for found in deposit.findings] == [
        ("bad", "warning", "a[].b", "1; 2", 2),
    ]


def test_a_leaf_that_one_row_refuses_and_another_carries_is_carried() -> None:
    deposit = run({"a": "1"}, Row(("a",), "x", refuse, "note"), row("y", "a"))
    assert deposit.fates == (LeafFate(path="a", leaves=1, fate="carried", target="y"),)


def test_a_leaf_of_which_only_what_follows_from_it_is_written_is_derived_unless_another_row_carries_it() -> None:
    deriving = Row(("a",), "x", first_text, "note", derives=True)
    assert run({"a": "1"}, deriving).fates == (LeafFate(path="a", leaves=1, fate="derived", target="x"),)
    for rows in ((deriving, row("y", "a")), (row("y", "a"), deriving)):
        (fate,) = run({"a": "1"}, *rows).fates
        assert fate.fate == "carried"


def test_a_dropped_path_has_its_reason_and_no_finding() -> None:
    deposit = run({"a": "1"}, Drop(("a",), "Not ours."))
    assert deposit.fates == (LeafFate(path="a", leaves=1, fate="dropped", reason="Not ours."),)
    assert deposit.findings == ()


def test_unmapped_leaves_warn_once_for_each_path_with_their_number() -> None:
    deposit = run({"a": [1, 2], "b": {"c": "x"}})
    assert [(found.code, found.severity, found.field, found.value, found.message) for found in deposit.findings] == [
        ("unmapped", "warning", "a[]", "1", "2 leaves are not in the crosswalk and not carried."),
        ("unmapped", "warning", "b.c", "x", "1 leaf is not in the crosswalk and not carried."),
    ]
    assert {fate.fate for fate in deposit.fates} == {"unmapped"}


def test_an_empty_leaf_reaches_no_row_and_stands_in_the_account_only() -> None:
    deposit = run({"a": ["", "1"]}, row("x", "a[]"))
    assert deposit.payload == {"x": ["1"]}
    assert [(fate.fate, fate.leaves) for fate in deposit.fates] == [("dropped", 1), ("carried", 1)]
    assert deposit.findings == ()


def test_a_crosswalk_that_writes_one_value_into_another_is_refused() -> None:
    with pytest.raises(TypeError, match=r"x\.y"):
        run({"a": "1"}, Row(("a",), "x", first_text, "note"), Row(("a",), "x.y", first_text, "note"))


@pytest.fixture
def own_module(tmp_path: Path) -> Iterator[tuple[Path, ModuleType]]:
    """A package with a module of converters that a test may rewrite."""
    path = tmp_path / "own_source" / "converters.py"
    path.parent.mkdir()
    (path.parent / "__init__.py").touch()
    path.write_text("def nothing(reading):\n    return None\n")
    sys.path.insert(0, str(tmp_path))
    yield path, importlib.import_module("own_source.converters")
    sys.path.remove(str(tmp_path))
    del sys.modules["own_source.converters"], sys.modules["own_source"]


def version_of(*rows: Row | Drop) -> str:
    return Crosswalk("test", rows, identifier).version


def test_the_version_is_the_same_for_the_same_rows() -> None:
    assert version_of(row("x", "a")) == version_of(row("x", "a"))


def test_the_version_changes_with_every_part_of_a_row() -> None:
    base = row("x", "a")
    others: list[Row | Drop] = [
        replace(base, reads=("b",)),
        replace(base, target="y"),
        replace(base, convert=first_text),
        replace(base, note="other"),
        replace(base, fallback=True),
        replace(base, keep_equal=True),
        replace(base, derives=True),
        Drop(("a",), "x"),
    ]
    assert len({version_of(changed) for changed in [base, *others]}) == len(others) + 1


def test_the_version_changes_with_the_code_of_a_converter(own_module: tuple[Path, ModuleType]) -> None:
    path, module = own_module
    before = version_of(Row(("a",), "x", module.nothing, "note"))
    path.write_text("def nothing(reading):\n    return 1\n")
    assert version_of(Row(("a",), "x", module.nothing, "note")) != before


@pytest.mark.parametrize(
    "text",
    [
        'def nothing(reading):\n    """Say nothing."""\n    return None  # on purpose\n',
        "def nothing(reading: object) -> None:\n    return None\n",
        "def nothing(reading):\n    return None\n\n\ndef another(reading):\n    return 1\n",
    ],
    ids=["comment and docstring", "annotations", "a rule that no row names"],
)
def test_the_version_stays_with_what_no_deposit_depends_on(own_module: tuple[Path, ModuleType], text: str) -> None:
    path, module = own_module
    before = version_of(Row(("a",), "x", module.nothing, "note"))
    path.write_text(text)
    assert version_of(Row(("a",), "x", module.nothing, "note")) == before


def test_a_converter_may_give_false() -> None:
    def no(_: Reading) -> Converted:
        value: Json = False
        return Converted(value)

    assert run({}, Row((), "files.enabled", no, "note")).payload == {"files": {"enabled": False}}


def test_what_a_row_remembers_is_told_apart_by_type_pattern_and_the_record_it_asks_for() -> None:
    crosswalk = Crosswalk("test", (Row(("a", "b"), "x", words, "note"), Row(("c",), "y", named, "note")), identifier)

    def payload(recid: str, metadata: JsonObject) -> JsonObject:
        record = SourceRecord(source="test", recid=Recid(recid), url="", metadata=metadata, files=())
        return transform(record, crosswalk).payload

    assert payload("1", {"a": "1"}) == payload("2", {"a": "1"}) == {"x": ["a", "str", "1"]}
    assert payload("1", {"a": 1}) == {"x": ["a", "int", "1"]}
    assert payload("1", {"b": "1"}) == {"x": ["b", "str", "1"]}
    assert [payload(recid, {"c": "z"}) for recid in ("1", "2")] == [{"y": "1 z"}, {"y": "2 z"}]


def test_the_account_keeps_leaves_of_one_pattern_apart_where_a_rule_did() -> None:
    deposit = run({"a": ["", "1", "bad"]}, Row(("a[]",), "x", no_bad, "note"), row("y", "a[]"))
    assert [(fate.leaves, fate.fate, fate.target, fate.reason) for fate in deposit.fates] == [
        (1, "dropped", "", "Empty in the source."),
        (1, "carried", "x, y", ""),
        (1, "carried", "y", ""),
    ]
