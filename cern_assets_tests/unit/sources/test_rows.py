"""Guards the edit of a row: what a person may get wrong in the table of a source is named with its row."""

import json
from importlib.resources import files
from typing import Any

import pytest

from cern_assets.metadata.custom_fields import declared, target_of, target_of_own
from cern_assets.metadata.rows import Drop, Row
from cern_assets.wiring import SOURCES, source_parts

pytestmark = pytest.mark.parametrize("source", sorted(SOURCES))

SHAPE: dict[str, Any] = json.loads(
    (files("cern_assets.metadata") / "schemas" / "invenio-rdm-record.json").read_text(encoding="utf-8")
)


def _all(source: str) -> list[tuple[int, Row | Drop]]:
    return list(enumerate(source_parts(source).crosswalks["cern"].rows, start=1))


def _rows(source: str) -> list[tuple[int, Row]]:
    return [(number, row) for number, row in _all(source) if isinstance(row, Row)]


def _is_known(target: str) -> bool:
    shape = SHAPE
    for name in target.split("."):
        shape = shape.get("properties", {}).get(name)
        if shape is None:
            return False
    return True


def test_every_row_writes_a_field_that_deposits_have(source: str) -> None:
    custom = {target_of(field.name) for field in declared().fields}
    custom |= {target_of_own(field.name) for field in declared().own}
    assert [
        (number, row.target) for number, row in _rows(source) if row.target not in custom and not _is_known(row.target)
    ] == []


def test_every_row_says_in_a_sentence_what_it_does(source: str) -> None:
    said = [(number, row.note if isinstance(row, Row) else row.reason) for number, row in _all(source)]
    assert [(number, text) for number, text in said if not text.rstrip().endswith(".") or len(text) < 10] == []


def test_no_row_reads_one_pattern_twice_and_none_is_both_read_and_left_behind(source: str) -> None:
    assert [number for number, row in _all(source) if len(set(row.reads)) != len(row.reads)] == []
    left = {pattern for _, row in _all(source) if isinstance(row, Drop) for pattern in row.reads}
    assert [(number, sorted(left & set(row.reads))) for number, row in _rows(source) if left & set(row.reads)] == []


def test_no_two_rows_say_the_same(source: str) -> None:
    assert len({row for _, row in _all(source)}) == len(_all(source))
