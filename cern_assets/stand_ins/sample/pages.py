"""The page that shows records of the sample beside their deposits: `python -m cern_assets.stand_ins.sample.pages`."""

import sys
from collections.abc import Iterable, Iterator
from itertools import takewhile

from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.leaves import leaves
from cern_assets.metadata.lineage import Origin, lineage
from cern_assets.model.metadata import Metadata
from cern_assets.model.values import Json, JsonObject
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.stand_ins.sample.records import sample_collection

SHOWN = {
    "900001": "Simulated data of an experiment of LEP",
    "900004": "A small derived dataset with authors",
    "900007": "Software",
    "900010": "A guide",
    "900015": "Simulated data of CMS, with the steps of their production",
}
"""Five records of different kinds, each with what it is."""

_LONGEST = 160


def render() -> str:
    """Write the page as Markdown: for each record a table with fields of its deposit beside what they were made of."""
    records = sample_collection().records
    lines = [
        "# Five records and their deposits",
        "",
        "<!-- Generated: python -m cern_assets.stand_ins.sample.pages > docs/reference/five-records.md -->",
        "",
        "Records of the bundled sample, each field of the deposit beside the leaves of the source that its row read. A",
        "text of more than 160 characters is cut here. `cern-assets transform --json --lineage FILE` tells the same of",
        "any record; [the crosswalk](crosswalk-opendata.md) has the rows.",
    ]
    for recid, kind in SHOWN.items():
        lines += ["", *_section(records[recid], kind)]
    return "\n".join(lines) + "\n"


def _section(body: JsonObject, kind: str) -> Iterator[str]:
    record = parse_record(body)
    deposit = transform(record, CROSSWALK)
    said = {leaf.path: leaf.text for leaf in leaves(record.metadata)}
    yield f"## {record.recid}: {kind}"
    yield ""
    yield "| deposit | | source | | row |"
    yield "|---|---|---|---|---|"
    for origin in lineage(record, CROSSWALK):
        yield _row(origin, deposit, said)
    left = [fate for fate in deposit.fates if fate.fate == "dropped"]
    if left:
        yield ""
        yield from (f"- left behind: `{fate.path}`: {_cell(fate.reason)}" for fate in left)
    for finding in (*record.findings, *deposit.findings):
        yield ""
        yield f"{finding.severity}: {_cell(finding.message)}"


def _row(origin: Origin, deposit: Metadata, said: dict[str, str]) -> str:
    made = "<br>".join(_shown(_at(deposit.payload, place)) for place in origin.places)
    read = [(path, said[path]) for path in origin.leaves]
    places, paths = (_codes(origin.places), _codes(path for path, _ in read))
    texts = "<br>".join(_shown(text) for _, text in read)
    return f"| {places} | {made} | {paths or '-'} | {texts} | {origin.row} `{origin.rule}` |"


def _codes(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def _at(payload: JsonObject, place: str) -> Json:
    """The value of a place like `metadata.subjects[2]`."""
    value: Json = dict(payload)
    for step in place.split("."):
        name = "".join(takewhile(lambda character: character != "[", step))
        assert isinstance(value, dict)
        value = value[name]
        if len(step) > len(name):
            assert isinstance(value, list)
            value = value[int(step[len(name) + 1 : -1])]
    return value


def _shown(value: Json) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_shown(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    text = str(value)
    return _cell(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _cell(text: str) -> str:
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("`", "&#96;")):
        text = text.replace(character, written)
    return " ".join(text.split())


if __name__ == "__main__":
    sys.stdout.write(render())
