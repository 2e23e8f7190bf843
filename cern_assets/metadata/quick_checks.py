"""A quick yes to the rules of `validation`, for deposits that have the right shape: nearly all of them.

Each check says yes only where the rule that it stands for has nothing to say; where it does not, the rule is asked, and
finds the words. A property test holds both to the same answers.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from cern_assets.metadata import dates, identifiers
from cern_assets.metadata.terms import vocabularies

_SHORT = 300
"""Characters of a text whose check is remembered."""

SYNTAX: dict[str, tuple[Callable[[str], bool], str]] = {
    "doi": (identifiers.is_doi, "no DOI (10.<number>/<suffix>, at most 255 characters)"),
    "orcid": (identifiers.is_orcid, "no ORCID iD, or its check digit is wrong"),
    "ror": (lambda text: identifiers.is_ror(text.removeprefix("https://ror.org/")), "no ROR id"),
    "url": (identifiers.is_url, "no http(s) address"),
}
"""What tells an identifier of a scheme, and what is said of one that is none."""


def surely_right(payload: Any) -> bool:
    """Whether values, beyond their shape, are surely right: syntax of identifiers, dates, nothing twice."""
    metadata = payload["metadata"]
    for name in ("creators", "contributors"):
        for person in metadata.get(name, ()):
            if ("affiliations" in person or "identifiers" in person["person_or_org"]) and not _is_right_person(person):
                return False
    for name in ("identifiers", "related_identifiers", "references"):
        items = metadata.get(name)
        if items and not _are_right(items):
            return False
    doi = payload.get("pids", {}).get("doi")
    if doi and not _is_identifier("doi", doi.get("identifier", "")):
        return False
    return (
        all(len(right) == 1 and "id" in right for right in metadata.get("rights", ()))
        and _is_date(metadata["publication_date"])
        and all(_is_date_or_time(item["date"]) for item in metadata.get("dates", ()))
    )


def all_terms_known(payload: Any) -> bool:
    """Whether all terms of a deposit are of InvenioRDM's vocabularies."""
    metadata, known = payload["metadata"], vocabularies()
    kinds = known["resource_types"].titles
    if metadata["resource_type"]["id"] not in kinds:
        return False
    for field, name in _TERMS_OF:
        items = metadata.get(field)
        if items and not _known(items, known[name].titles):
            return False
    relations = known["relation_types"].titles
    for item in metadata.get("related_identifiers", ()):
        if item["relation_type"]["id"] not in relations or item.get("resource_type", _DATASET)["id"] not in kinds:
            return False
    roles = known["roles"].titles
    return all(
        "role" not in person or person["role"]["id"] in roles
        for field in ("creators", "contributors")
        for person in metadata.get(field, ())
    )


_TERMS_OF = (
    ("languages", "languages"),
    ("rights", "licences"),
    ("dates", "date_types"),
    ("additional_descriptions", "description_types"),
    ("additional_titles", "title_types"),
)
_DATASET = {"id": "dataset"}


def _known(items: Iterable[Any], titles: Any) -> bool:
    """Whether the term of each item, its type or itself, is one of a vocabulary; a licence may have none."""
    for item in items:
        term = item.get("type", item).get("id")
        if term is not None and term not in titles:
            return False
    return True


def _is_right_person(person: Any) -> bool:
    ids = person["person_or_org"].get("identifiers", ())
    if ids and (
        len({item.get("scheme") for item in ids}) < len(ids)
        or not all(_is_identifier(item.get("scheme"), item["identifier"]) for item in ids)
    ):
        return False
    bodies = person.get("affiliations", ())
    return len(bodies) < 2 or len({item.get("name") or item.get("id") for item in bodies}) == len(bodies)


def _are_right(items: Any) -> bool:
    seen = set()
    for item in items:
        scheme, identifier = item.get("scheme"), item.get("identifier")
        relation = item.get("relation_type")
        seen.add((scheme, identifier, relation["id"] if relation else None, item.get("reference")))
        if scheme in SYNTAX and identifier is not None and not _is_identifier(scheme, identifier):
            return False
    return len(seen) == len(items)


def _is_identifier(scheme: Any, text: str) -> bool:
    if scheme not in SYNTAX:
        return True
    return (_remembered if len(text) <= _SHORT else _is_of)(scheme, text)


def _is_of(scheme: str, text: str) -> bool:
    is_right, _ = SYNTAX[scheme]
    return is_right(text)


_remembered = lru_cache(4_096)(_is_of)
_is_date = lru_cache(1_024)(dates.is_edtf_date)
_is_date_or_time = lru_cache(1_024)(dates.is_edtf_date_or_time)
