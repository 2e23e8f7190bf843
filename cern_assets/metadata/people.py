"""Names of people and organisations, as InvenioRDM's `person_or_org`."""

import re

from cern_assets.metadata.bodies import preferred, ror_of
from cern_assets.model.values import Json

_ORGANISATION = re.compile(
    r"\b(collaboration|consortium|experiment|group|team|universit\w+|institut\w*|laborator\w+|department|cent(er|re))\b",
    re.IGNORECASE,
)
_BODY_WITH_COMMA = re.compile(r"\S\s+(collaboration|consortium)\s*,|,\s*the\s*$", re.IGNORECASE)
"""What is a body although it has a comma: `ATLAS Collaboration, CERN`, `CMS Collaboration, The`."""

_PARTICLES = frozenset(
    (
        *("af", "al", "av", "bin", "da", "dal", "dalla", "das", "de", "del", "della", "den", "der", "des", "di", "do"),
        *("dos", "du", "el", "la", "le", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur"),
    )
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+")
_JOINED = re.compile(r"(?P<given>(?:[^\W\d_]\.-?)+)(?P<family>[^\W\d_]{2}.*)")
"""Initials without a blank behind them: `F.Foster`."""


def organisation(name: str) -> dict[str, Json]:
    """Give an organisation by its name."""
    return {"type": "organizational", "name": name}


def body(name: str) -> dict[str, Json]:
    """Give an organisation in its one spelling, with its ROR id where that is known: InvenioRDM keeps it so."""
    ror = ror_of(name)
    known: Json = [{"scheme": "ror", "identifier": ror}]
    return {**organisation(preferred(name)), **({"identifiers": known} if ror else {})}


def person(family_name: str, given_name: str = "", orcid: str = "") -> dict[str, Json]:
    """Give a person; `orcid` is a valid bare iD or empty."""
    found: dict[str, Json] = {"type": "personal", "family_name": family_name}
    if given_name:
        found["given_name"] = given_name
    if orcid:
        found["identifiers"] = [{"scheme": "orcid", "identifier": orcid}]
    return found


def is_organisation(name: str, *, orcid: str = "") -> bool:
    """Say whether a name without an ORCID iD names no person: one word (`CERN`), or a word like `group` in it."""
    if orcid:
        return False
    if "," in name:
        return _BODY_WITH_COMMA.search(name) is not None
    if _ORGANISATION.search(name):
        return True
    return len(name.split()) == 1 and _JOINED.fullmatch(name.strip()) is None


def split_name(name: str) -> tuple[str, str]:
    """Give family and given name, with nothing of the name lost.

    `Family, Given` is split at its first comma. Without a comma, a name is split where that is sure enough: behind
    initials (`F. Foster`, `F.Foster`) or before them (`Foster F.`), before a particle that begins the family name
    (`Ludwig van Beethoven`), or between two words. Any other name is all family name, rather than cut in the wrong
    place.
    """
    family, comma, given = name.partition(",")
    if comma:
        family, given = family.strip(), given.strip()
        return (family, given) if family else (given, "")
    words = name.split()
    joined = _JOINED.fullmatch(name.strip())
    if joined and _INITIALS.fullmatch(words[0]) is None:
        return joined["family"], joined["given"]
    if all(_INITIALS.fullmatch(word) for word in words):
        return name, ""
    at = _first_of_family(words)
    if at is not None:
        return " ".join(words[at:]), " ".join(words[:at])
    ends = _end_of_family(words)
    return (" ".join(words[:ends]), " ".join(words[ends:])) if ends else (name, "")


def _first_of_family(words: list[str]) -> int | None:
    """Where the family name begins that stands last, None if it does not or nobody can say."""
    if not words or words[0] in _PARTICLES:
        return None
    initials = next((at for at, word in enumerate(words) if not _INITIALS.fullmatch(word)), len(words))
    if 0 < initials < len(words):
        return initials
    if _end_of_family(words):
        return None
    particle = next((at for at, word in enumerate(words) if at and word.casefold() in _PARTICLES), None)
    if particle is not None and particle < len(words) - 1:
        return particle
    return 1 if len(words) == 2 else None


def _end_of_family(words: list[str]) -> int:
    """Where initials begin that stand behind a family name, 0 if there are none."""
    behind = next((at for at, word in enumerate(reversed(words)) if not _INITIALS.fullmatch(word)), len(words))
    return len(words) - behind if 0 < behind < len(words) else 0
