"""Which leaf each item of a list in a deposit is made of."""

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.leaves import Reading
from cern_assets.metadata.lineage import lineage
from cern_assets.metadata.rows import Converted, Row
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, JsonObject


def texts(reading: Reading) -> Converted:
    return Converted([leaf.text for leaf in reading.leaves])


def people(reading: Reading) -> Converted:
    return Converted([f"{item.text('name')} of {item.text('from')}" for item in reading.items("authors[]")])


def sentence(reading: Reading) -> Converted:
    return Converted([" ".join(leaf.text for leaf in reading.leaves)])


def identifier(recid: Recid) -> str:
    return f"test:{recid}"


def told(metadata: JsonObject, *rows: Row) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    record = SourceRecord(source="test", recid=Recid("1"), url="", metadata=metadata, files=())
    return [(origin.places, origin.leaves) for origin in lineage(record, Crosswalk("test", rows, identifier))]


def test_each_item_of_a_list_names_its_own_leaf_and_an_equal_one_the_place_of_the_first() -> None:
    rows = (Row(("a[]",), "x", texts, "note"), Row(("b[]",), "x", texts, "note"))
    assert told({"a": ["1", "2"], "b": ["2", "3"]}, *rows) == [
        (("x[0]",), ("a[0]",)),
        (("x[1]",), ("a[1]",)),
        (("x[1]",), ("b[0]",)),
        (("x[2]",), ("b[1]",)),
    ]


def test_an_item_that_is_made_of_one_object_names_all_leaves_of_that_object() -> None:
    authors: list[Json] = [{"name": "A", "from": "CERN"}, {"name": "B", "from": "DESY"}]
    row = Row(("authors[].name", "authors[].from"), "x", people, "note", keep_equal=True)
    assert told({"authors": authors}, row) == [
        (("x[0]",), ("authors[0].name", "authors[0].from")),
        (("x[1]",), ("authors[1].name", "authors[1].from")),
    ]


def test_what_no_part_of_the_leaves_gives_is_made_of_all_of_them() -> None:
    assert told({"a": ["1", "2"]}, Row(("a[]",), "x", sentence, "note")) == [(("x[0]",), ("a[0]", "a[1]"))]
