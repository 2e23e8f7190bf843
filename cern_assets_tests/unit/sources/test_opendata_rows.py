"""Guards the edit of a row: what a person may get wrong in the table of CERN Open Data is named with its row."""

import json
from importlib.resources import files
from typing import Any

from cern_assets.metadata.crosswalk import Drop, Row
from cern_assets.metadata.custom_fields import declared, target_of
from cern_assets.sources.opendata.profiles import CROSSWALKS

ALL = tuple(enumerate(CROSSWALKS["cern"].rows, start=1))
ROWS = [(number, row) for number, row in ALL if isinstance(row, Row)]
SHAPE: dict[str, Any] = json.loads(
    (files("cern_assets.metadata") / "schemas" / "invenio-rdm-record.json").read_text(encoding="utf-8")
)


def _is_known(target: str) -> bool:
    shape = SHAPE
    for name in target.split("."):
        shape = shape.get("properties", {}).get(name)
        if shape is None:
            return False
    return True


def test_every_row_writes_a_field_that_deposits_have() -> None:
    custom = {target_of(field.name) for field in declared().fields}
    assert [
        (number, row.target) for number, row in ROWS if row.target not in custom and not _is_known(row.target)
    ] == []


def test_every_row_says_in_a_sentence_what_it_does() -> None:
    said = [(number, row.note if isinstance(row, Row) else row.reason) for number, row in ALL]
    assert [(number, text) for number, text in said if not text.rstrip().endswith(".") or len(text) < 10] == []


def test_no_row_reads_one_pattern_twice_and_none_is_both_read_and_left_behind() -> None:
    assert [number for number, row in ALL if len(set(row.reads)) != len(row.reads)] == []
    left = {pattern for _, row in ALL if isinstance(row, Drop) for pattern in row.reads}
    assert [(number, sorted(left & set(row.reads))) for number, row in ROWS if left & set(row.reads)] == []


def test_no_two_rows_say_the_same() -> None:
    assert len({row for _, row in ALL}) == len(ALL)
