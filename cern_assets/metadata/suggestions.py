"""Ids that a name may stand for, where nobody can be sure: a word for a person, never an id in the deposit."""

from collections.abc import Iterator
from functools import lru_cache

from cern_assets.metadata.bodies import ror_of
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import JsonObject

_LONGEST = 300
"""Characters of an affiliation that is looked at; longer ones, and those with a semicolon, are of several bodies."""


def suggestions(payload: JsonObject) -> tuple[Finding, ...]:
    """One note for each affiliation without an id of which a part, between commas, is the name of a known body."""
    return tuple(
        Finding(
            code="affiliation-suggested",
            severity="note",
            field=f"metadata.{role}[].affiliations[].name",
            value=shorten(name),
            message=f"May be {suggested}; add the spelling to the vocabulary of affiliations if it is.",
        )
        for role, name in dict.fromkeys(_names(payload))
        if (suggested := _suggested(name))
    )


@lru_cache(maxsize=10_000)
def _suggested(name: str) -> str:
    """The body that a part of the name calls exactly, with its id; "" where the whole is known, or parts disagree."""
    if len(name) > _LONGEST or ";" in name or ror_of(name):
        return ""
    found = {ror for part in name.split(",") if (ror := ror_of(part.strip()))}
    if len(found) != 1:
        return ""
    ror = found.pop()
    return f"{vocabulary('affiliations').titles.get(ror, 'the body')} (https://ror.org/{ror})"


def _names(payload: JsonObject) -> Iterator[tuple[str, str]]:
    metadata = payload.get("metadata")
    for role in ("creators", "contributors"):
        people = metadata.get(role) if isinstance(metadata, dict) else None
        for person in people if isinstance(people, list) else ():
            listed = person.get("affiliations") if isinstance(person, dict) else None
            for each in listed if isinstance(listed, list) else ():
                name = each.get("name") if isinstance(each, dict) else None
                if isinstance(name, str):
                    yield role, name
