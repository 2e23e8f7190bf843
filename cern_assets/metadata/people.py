"""Names of people and organisations, as InvenioRDM's `person_or_org`."""

import re

from cern_assets.model.values import Json

_ORGANISATION = re.compile(
    r"\b(collaboration|consortium|experiment|group|team|universit\w+|institut\w*|laborator\w+|department|cent(er|re))\b",
    re.IGNORECASE,
)
_PARTICLES = {"da", "de", "del", "della", "den", "der", "di", "dos", "du", "la", "le", "ten", "van", "von", "zu"}


def organisation(name: str) -> dict[str, Json]:
    """Give an organisation by its name."""
    return {"type": "organizational", "name": name}


def person(family_name: str, given_name: str = "", orcid: str = "") -> dict[str, Json]:
    """Give a person; `orcid` is a valid bare iD or empty."""
    found: dict[str, Json] = {"type": "personal", "family_name": family_name}
    if given_name:
        found["given_name"] = given_name
    if orcid:
        found["identifiers"] = [{"scheme": "orcid", "identifier": orcid}]
    return found


def is_organisation(name: str, *, orcid: str = "") -> bool:
    """Say whether a name without comma or ORCID iD names no person: one word (`CERN`), or a word like `group` in it."""
    if "," in name or orcid:
        return False
    return len(name.split()) == 1 or _ORGANISATION.search(name) is not None


def split_name(name: str) -> tuple[str, str]:
    """Give family and given name, with nothing of the name lost.

    `Family, Given` is split at its first comma. Without a comma `Given Family` is split where that is sure enough: two
    words, or a particle that begins the family name (`Ludwig van Beethoven`). Any other name is all family name, rather
    than cut in the wrong place.
    """
    family, comma, given = (part.strip() for part in name.partition(","))
    if comma:
        return (family, given) if family else (given, "")
    words = name.split()
    particle = next((index for index, word in enumerate(words) if index and word in _PARTICLES), None)
    if particle is None and len(words) == 2:
        particle = 1
    if particle is None or particle == len(words):
        return name, ""
    return " ".join(words[particle:]), " ".join(words[:particle])
