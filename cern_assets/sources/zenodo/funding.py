"""Grants of Zenodo: `<funder's DOI>::<code>`, as a reference, an id, or an object with the funder in it."""

import re

from cern_assets.metadata.leaves import Reading
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.values import Json

_GRANT = re.compile(r"(?:.*?/grants/)?(?:(?P<funder>10\.13039/\d+|0[a-z0-9]{8})::)?(?P<code>[^\s/]+)")
_COMMISSION = "10.13039/501100000780"
"""The European Commission, which Zenodo's deposit API means by a bare number."""


def funding(reading: Reading) -> Converted:
    """Make funding of each grant: the funder by name, the award by its number, with the title where one is stated.

    By name and number rather than by ids, since InvenioRDM refuses an id that its vocabularies of funders and awards
    lack, and these are empty in a new instance.
    """
    found: list[Json] = []
    unused: list[Unused] = []
    for item in reading.items("grants[]"):
        leaf = item.first("$ref") or item.first("id") or item.first("code")
        match = _GRANT.fullmatch(leaf.text) if leaf else None
        if leaf is None or match is None:
            unused += [Unused(each, "grant-unusable", "It names no grant.") for each in item.leaves]
            continue
        code, by = item.text("code") or match["code"], item.text("funder.doi") or match["funder"] or _COMMISSION
        name = item.text("funder.name") or _name(by)
        title = item.text("title") or f"Grant {code}"
        award: dict[str, Json] = {"number": code, "title": {"en": title}}
        if item.text("url").startswith("https://"):
            award["identifiers"] = [{"scheme": "url", "identifier": item.text("url")}]
        found.append({"funder": {"name": name}, "award": award})
    return Converted(found, tuple(unused))


def _name(funder: str) -> str:
    """The name of a funder by its DOI or ROR id; the id itself where it is unknown."""
    known = vocabulary("funders")
    return known.titles.get(known.find(funder) or "", funder)
