"""A full record of legacy Zenodo, and what Zenodo's own migrator makes of it: each difference has a name.

An expected value is there if a value of ours covers it; of lists, whatever else is in them. Ours has more: what the
migrator drops.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cern_assets.metadata.crosswalk import transform
from cern_assets.sources.zenodo.crosswalk import CROSSWALKS
from cern_assets.sources.zenodo.parse import parse_record
from cern_assets_tests.ground_truth.facts import words_of

RECORD = "test_record_transform__zenodo_record_data.json"
EXPECTED = (
    "test_record_transform__expected_rdm_record_entry.json",
    "test_record_transform__expected_rdm_draft_entry.json",
)
_SECTIONS = ("metadata", "access", "pids", "custom_fields")


class Otherwise(NamedTuple):
    """Places that are otherwise in our deposit, why, and whether all of their words are there nevertheless."""

    places: str
    reason: str
    elsewhere: bool = True


OTHERWISE = (
    Otherwise(r"pids\.oai.*", "InvenioRDM makes OAI identifiers itself; Zenodo's is an identifier.", elsewhere=False),
    Otherwise(r"pids\.doi\..*", "Whoever registered the DOI goes on managing it: external.", elsewhere=False),
    Otherwise(r".*person_or_org\.name", "InvenioRDM makes the name of family and given name."),
    Otherwise(r"metadata\.dates\[.*", "Loss 5 of the migrator: a date with one end loses its openness. Ours says it."),
    Otherwise(
        r"metadata\.funding\[.*",
        "InvenioRDM refuses ids that its vocabulary lacks: by name and number.",
        elsewhere=False,
    ),
    Otherwise(r"metadata\.additional_descriptions\[.*", "The type `notes` is Zenodo's own; InvenioRDM 14 has `other`."),
    Otherwise(r"custom_fields\.imprint:imprint\.isbn", "No ISBN, which InvenioRDM drops: it stands in the table."),
    Otherwise(r"custom_fields\.thesis:university", "InvenioRDM 14 has `thesis:thesis`."),
    Otherwise(r"custom_fields\.legacy:.*", "Zenodo's own field: terms, communities stand in tables."),
    Otherwise(r"custom_fields\.(dwc|gbif-dwc|dc|ac|obo|openbiodiv):.*", "Zenodo's own fields: they stand in a table."),
)


class Found(NamedTuple):
    """An expected value that ours does not cover: its place, and its class; None if it is unexplained."""

    place: str
    value: Any
    otherwise: Otherwise | None


def compared(folder: Path) -> Mapping[str, tuple[Found, ...]]:
    """The differences from each expected record, by its file's name."""
    record = parse_record(json.loads((folder / RECORD).read_text(encoding="utf-8")))
    ours: Any = transform(record, CROSSWALKS["bibliographic"]).payload
    said = words_of(json.dumps(ours, ensure_ascii=False), "title")
    found = {}
    for name in EXPECTED:
        expected = json.loads((folder / name).read_text(encoding="utf-8"))["json"]
        missing = _missing({section: expected.get(section, {}) for section in _SECTIONS}, ours, "")
        found[name] = tuple(Found(place, value, _class_of(place, value, said)) for place, value in missing)
    return found


def leaves_of(folder: Path, name: str) -> int:
    """How many values an expected record has."""
    expected = json.loads((folder / name).read_text(encoding="utf-8"))["json"]
    return sum(len(list(_scalars(expected.get(section, {})))) for section in _SECTIONS)


def _class_of(place: str, value: Any, said: frozenset[str]) -> Otherwise | None:
    words = {word for scalar in _scalars(value) for word in words_of(str(scalar), "title")}
    fitting = (each for each in OTHERWISE if re.fullmatch(each.places, place))
    return next((each for each in fitting if not each.elsewhere or words - _TERMS <= said), None)


_TERMS = frozenset({"notes"})
"""Names of terms, which are no content."""


def _missing(expected: Any, ours: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(expected, dict):
        for key, value in expected.items():
            inner = ours.get(key) if isinstance(ours, Mapping) else None
            yield from _missing(value, inner, f"{place}.{key}".removeprefix("."))
    elif isinstance(expected, list):
        items = ours if isinstance(ours, list) else []
        for at, value in enumerate(expected):
            nearest = min((list(_missing(value, item, f"{place}[{at}]")) for item in items), key=len, default=None)
            yield from [(f"{place}[{at}]", value)] if nearest is None else nearest
    elif expected != ours:
        yield place, expected


def _scalars(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
        return
    for each in inner:
        yield from _scalars(each)
