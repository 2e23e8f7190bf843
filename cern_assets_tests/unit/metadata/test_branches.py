"""Guards what is remembered of records: no record ever gets what belongs to another one."""

import json
from collections import Counter
from collections.abc import Sequence

import pytest

from cern_assets.metadata import branches
from cern_assets.metadata.crosswalk import Crosswalk, transform
from cern_assets.metadata.leaves import Reading
from cern_assets.metadata.memory import Memory
from cern_assets.metadata.rows import Converted, Row
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.model.values import Json

ASKED: list[str] = []


def joined(reading: Reading) -> Converted:
    if reading.leaves:
        ASKED.append(reading.leaves[0].pattern)
    return Converted(" ".join(leaf.text for leaf in reading.leaves))


def with_recid(reading: Reading) -> Converted:
    return Converted(f"{reading.recid}: {reading.text('note')}" if reading.leaves else None)


def with_files_of_items(reading: Reading) -> Converted:
    return Converted([f"{item.text('name')} {item.files}" for item in reading.items("people[]")])


def without_no(reading: Reading) -> Converted:
    aside = tuple((leaf, "It says no.") for leaf in reading.leaves if leaf.text == "no")
    return Converted([leaf.text for leaf in reading.leaves if leaf.text != "no"], aside=aside)


def of_today(reading: Reading) -> Converted:
    reading.forget()
    return joined(reading)


def record(recid: str = "1", files: int = 0, **metadata: Json) -> SourceRecord:
    listed = tuple(
        SourceFile(key=str(number), uri="", path="", size_bytes=None, checksum=None) for number in range(files)
    )
    return SourceRecord(source="x", recid=Recid(recid), url="", metadata=metadata, files=listed)


def crosswalk(*rows: Row) -> Crosswalk:
    ASKED.clear()
    return Crosswalk(source="x", rows=rows, identifier=str)


def row(reads: Sequence[str], convert: object = joined, target: str = "metadata.title", **more: object) -> Row:
    return Row(reads=tuple(reads), target=target, convert=convert, note="", **more)  # type: ignore[arg-type]


def test_a_branch_that_comes_again_is_not_converted_again_and_gives_the_same() -> None:
    rules = crosswalk(row(["a.b", "a.c[]"]))
    lasts: tuple[tuple[str, Json], ...] = (("1", ["two"]), ("2", ["two"]), ("3", ["three"]))
    first, again, other = (transform(record(recid, a={"b": "one", "c": last}), rules) for recid, last in lasts)
    assert [each.payload["metadata"] for each in (first, again, other)] == [
        {"title": "one two"},
        {"title": "one two"},
        {"title": "one three"},
    ]
    assert first.fates == again.fates
    assert len(ASKED) == 2


def test_values_of_other_types_are_other_branches() -> None:
    rules = crosswalk(row(["a", "a[]"]))
    values: tuple[Json, ...] = (1, True, 1.0, "1", ["1"], "True")
    made = [transform(record(a=value), rules).payload["metadata"] for value in values]
    assert made == [{"title": text} for text in ("1", "True", "1.0", "1", "1", "True")]


def test_what_several_branches_give_together_is_told_apart_by_each() -> None:
    rules = crosswalk(row(["a", "b"]))
    for a, b in (("1", "2"), ("1", "3"), ("4", "2"), ("1", "2")):
        assert transform(record(a=a, b=b), rules).payload["metadata"] == {"title": f"{a} {b}"}
    assert len(ASKED) == 3


def test_what_was_made_with_recid_or_files_is_made_for_each_record_anew() -> None:
    rules = crosswalk(
        row(["note"], with_recid),
        row(["people[].name"], with_files_of_items, "metadata.subjects"),
        row(["z"], of_today),
    )
    for recid, files in (("1", 0), ("2", 3)):
        made = transform(record(recid, files, note="n", people=[{"name": "A"}]), rules).payload["metadata"]
        assert made == {"title": f"{recid}: n", "subjects": [f"A {files}"]}
    for _ in range(2):
        transform(record(z="now"), rules)
    assert len(ASKED) == 2


def test_lists_of_a_deposit_may_grow_and_what_is_remembered_does_not() -> None:
    def listed(reading: Reading) -> Converted:
        return Converted([leaf.text for leaf in reading.leaves])

    rules = crosswalk(row(["a[]"], listed, "metadata.subjects"), row(["b[]"], listed, "metadata.subjects"))
    assert transform(record(a=["1", "1"], b=["2"]), rules).payload["metadata"] == {"subjects": ["1", "2"]}
    assert transform(record(a=["1", "1"]), rules).payload["metadata"] == {"subjects": ["1"]}


@pytest.mark.parametrize("name", ["a.b", "a[]", "a\nb", ""])
def test_two_names_that_give_one_pattern_are_read_together(name: str) -> None:
    rules = crosswalk(row(["a.b", "a[]"]))
    metadata: dict[str, Json] = {"a": {"b": "one"}, name: "two", "c": "three"}
    made = transform(SourceRecord(source="x", recid=Recid("1"), url="", metadata=metadata, files=()), rules)
    assert sum(fate.leaves for fate in made.fates) == 3
    assert len({fate.path for fate in made.fates}) == len(made.fates)


def test_a_row_is_asked_only_where_what_it_needs_is_there() -> None:
    rules = crosswalk(row(["a", "b"], needs=("b",)), row(["a"], target="metadata.other"))
    alone = transform(record(a="1"), rules)
    assert alone.payload == {"metadata": {"other": "1"}}
    assert [(fate.path, fate.fate, fate.target) for fate in alone.fates] == [("a", "carried", "metadata.other")]
    assert transform(record(a="1", b="2"), rules).payload == {"metadata": {"title": "1 2", "other": "1"}}


def test_leaves_that_a_row_tells_apart_have_the_fates_of_their_own_record() -> None:
    rules = crosswalk(row(["a.b", "a.c[]"], without_no))
    bodies: tuple[tuple[str, list[Json]], ...] = (
        ("no", ["x"]),
        ("yes", ["x"]),
        ("no", ["y"]),
        ("yes", ["no", "x"]),
        ("no", ["x", "x"]),
        ("yes", ["x", "no"]),
        ("yes", ["x", "x"]),
    )
    for b, c in bodies:
        said = [("a.b", b), *(("a.c[]", each) for each in c)]
        expected = Counter((path, "dropped" if text == "no" else "carried") for path, text in said)
        fates = transform(record(a={"b": b, "c": c}), rules).fates
        assert {(fate.path, fate.fate): fate.leaves for fate in fates} == expected


def test_an_account_of_leaves_told_apart_is_remembered_where_each_pattern_has_one() -> None:
    rules = crosswalk(row(["a.b", "a.c"], without_no))
    first, other = (transform(record(a={"b": "no", "c": text}), rules) for text in ("one", "two"))
    assert first.fates == other.fates
    (branch,) = rules.plan.branches.of({"a": {"b": "no", "c": "three"}})
    assert len(branch.form.fates) == 1


def test_names_that_are_new_in_each_record_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "_TRIED", 5)
    rules = crosswalk(row(["a"]), row(["b"], target="metadata.other"))
    for number in range(20):
        made = transform(record(a=str(number), b="same"), rules)
        assert made.payload["metadata"] == {"title": str(number), "other": "same"}
    given_up = [branch.is_remembered for branch in rules.plan.branches.of({"a": "new", "b": "same"})]
    assert given_up == [False, True]


def test_what_is_nested_beyond_what_can_be_told_apart_is_converted_all_the_same() -> None:
    deep: Json = "leaf"
    for _ in range(3_000):
        deep = [deep]
    assert len(branches.Branches(crosswalk().plan.branches._known, {}).of({"a": deep})[0].all) == 1


def test_a_memory_holds_what_was_used_lately_and_is_bounded() -> None:
    memory: Memory[int, str] = Memory(3)
    for number in range(100):
        memory.put(number, str(number))
        assert memory.get(0) == "0"
    assert memory.get(99) == "99"
    assert memory.get(50) is None
    held = json.dumps([memory.get(number) for number in range(100)])
    assert held.count('"') / 2 <= 6
