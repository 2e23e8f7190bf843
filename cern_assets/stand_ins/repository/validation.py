"""What InvenioRDM 14 says about a record's content, field by field.

A value that InvenioRDM cannot store is dropped from the draft (`drops`); it says so when the draft is saved, and no
more when it is published, unless the field was a required one. Everything else it keeps saying until it is corrected.
An id that is not in its vocabulary is refused at once.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cern_assets.stand_ins.repository.custom_fields import KeptFields
from cern_assets.stand_ins.repository.formats import is_doi, is_edtf, is_orcid, is_url
from cern_assets.stand_ins.repository.refusals import FieldError, RefusedError, invalid
from cern_assets.stand_ins.repository.vocabularies import (
    CONTRIBUTOR_ROLES,
    DATE_TYPES,
    DESCRIPTION_TYPES,
    IDENTIFIER_SCHEMES,
    METADATA_FIELDS,
    RELATION_TYPES,
    RESOURCE_TYPES,
    TITLE_TYPES,
)

type Entry = Mapping[str, Any]

_REQUIRED = "Missing data for required field."
_TOO_SHORT = "Shorter than minimum length 3."
_BAD_DATE = "Please provide a valid date or interval."
_ID_OR_TEXT = "Only an existing id or free text title/description/link is accepted, but not both cases at the same time"
_SHORTEST = 3
_LONGEST_VERSION = 191
_CHECKS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "url": ("URL", is_url),
    "doi": ("DOI", is_doi),
    "orcid": ("ORCID", is_orcid),
}
_VOCABULARIES = {
    "creators": ("role", CONTRIBUTOR_ROLES),
    "contributors": ("role", CONTRIBUTOR_ROLES),
    "dates": ("type", DATE_TYPES),
    "related_identifiers": ("relation_type", RELATION_TYPES),
    "additional_titles": ("type", TITLE_TYPES),
    "additional_descriptions": ("type", DESCRIPTION_TYPES),
}


def refuse_unknown_ids(content: Entry, kept: KeptFields) -> None:
    """Refuse content with an id that is not in its vocabulary, and access that is none.

    Raises:
        RefusedError: InvenioRDM stores no draft of it.
    """
    metadata, access = content["metadata"], content["access"]
    ids = [(metadata.get("resource_type"), frozenset(RESOURCE_TYPES))]
    for name, (key, known) in _VOCABULARIES.items():
        ids += [(entry.get(key), known) for _, entry in _entries(metadata, name)]
    for given, known in ids:
        if isinstance(given, Mapping) and given.get("id") and given["id"] not in known:
            raise RefusedError(400, f"Invalid value {given['id']}.")
    kept.refuse_unknown_terms(content["custom_fields"])
    for name in ("record", "files"):
        if access.get(name) not in ("public", "restricted"):
            raise invalid(FieldError("access", f"'{name}'"))


def field_errors(content: Entry, kept: KeptFields) -> tuple[FieldError, ...]:
    """All that is wrong with a content, in the order of its fields."""
    metadata = content["metadata"]
    checks = (
        *(_unknown, _nulls, _title, _resource_type, _publication_date, _creators, _contributors, _identifiers),
        *(_related, _dates, _additional, _rights, _subjects, _lengths),
    )
    found = [error for check in checks for error in check(metadata)]
    return (*found, *kept.errors(content["custom_fields"]), *_embargo(content["access"]), *_doi(content["pids"]))


def _unknown(metadata: Entry) -> Iterator[FieldError]:
    for name in metadata:
        if name not in METADATA_FIELDS:
            yield FieldError(f"metadata.{name}", "Unknown field.", drops=True)


def _nulls(metadata: Entry) -> Iterator[FieldError]:
    for name, value in metadata.items():
        if value is None:
            yield FieldError(f"metadata.{name}", "Field may not be null.", drops=True)


def _title(metadata: Entry) -> Iterator[FieldError]:
    if "title" not in metadata:
        yield FieldError("metadata.title", _REQUIRED)
    elif isinstance(metadata["title"], str):
        yield from _length(metadata, "title", "metadata.title")
    elif metadata["title"] is not None:
        yield FieldError("metadata.title", "Not a valid string.", drops=True)


def _resource_type(metadata: Entry) -> Iterator[FieldError]:
    given = metadata.get("resource_type")
    if "resource_type" not in metadata:
        yield FieldError("metadata.resource_type", _REQUIRED)
    elif given is not None and not (isinstance(given, Mapping) and given.get("id")):
        yield FieldError("metadata.resource_type.id", _REQUIRED)


def _publication_date(metadata: Entry) -> Iterator[FieldError]:
    given = metadata.get("publication_date")
    if "publication_date" not in metadata:
        yield FieldError("metadata.publication_date", _REQUIRED)
    elif given is not None and not is_edtf(given):
        yield FieldError("metadata.publication_date", _refuse_open_end(given), drops=True)


def _creators(metadata: Entry) -> Iterator[FieldError]:
    if not metadata.get("creators", ()) and not ("creators" in metadata and metadata["creators"] is None):
        yield FieldError("metadata.creators", _REQUIRED)
    for place, agent in _entries(metadata, "creators"):
        yield from _agent(place, agent)


def _contributors(metadata: Entry) -> Iterator[FieldError]:
    for place, agent in _entries(metadata, "contributors"):
        yield from _agent(place, agent)
        yield from _needed(place, agent, "role")


def _agent(place: str, agent: Entry) -> Iterator[FieldError]:
    person = agent.get("person_or_org")
    if not isinstance(person, Mapping):
        yield FieldError(f"{place}.person_or_org", _REQUIRED)
        return
    here = f"{place}.person_or_org"
    kind = str(person.get("type"))
    if kind not in ("personal", "organizational"):
        yield FieldError(f"{here}.type", "Invalid value. Choose one of ['organizational', 'personal'].")
    elif kind == "personal" and not person.get("family_name"):
        yield FieldError(f"{here}.family_name", "Family name cannot be blank.")
    elif kind == "organizational" and not person.get("name"):
        yield FieldError(f"{here}.name", "Name cannot be blank.")
    known = list(_entries(person, "identifiers", here))
    if len({entry.get("scheme") for _, entry in known}) < len(known):
        yield FieldError(f"{here}.identifiers", "Only one identifier per scheme is allowed.", drops=True)
    for where, entry in known:
        yield from _identifier(where, entry)
    names = [entry["name"] for _, entry in _entries(agent, "affiliations", place) if entry.get("name")]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        yield FieldError(f"{place}.affiliations", f"Duplicated affiliations: {', '.join(twice)}")


def _identifiers(metadata: Entry) -> Iterator[FieldError]:
    known = list(_entries(metadata, "identifiers"))
    for place, entry in known:
        yield from _scheme(place, entry)
        yield from _identifier(place, entry)
    if len({(entry.get("scheme"), entry.get("identifier")) for _, entry in known}) < len(known):
        yield FieldError("metadata.identifiers", "Duplicated identifier entry is not allowed.", drops=True)


def _related(metadata: Entry) -> Iterator[FieldError]:
    for place, entry in _entries(metadata, "related_identifiers"):
        yield from _scheme(place, entry)
        yield from _identifier(place, entry)
        yield from _needed(place, entry, "relation_type")


def _scheme(place: str, entry: Entry) -> Iterator[FieldError]:
    if entry.get("scheme") not in IDENTIFIER_SCHEMES:
        yield FieldError(f"{place}.scheme", "Invalid scheme.")


def _identifier(place: str, entry: Entry) -> Iterator[FieldError]:
    name, is_one = _CHECKS.get(str(entry.get("scheme")), ("", bool))
    if not entry.get("identifier"):
        yield FieldError(f"{place}.identifier", _REQUIRED)
    elif not is_one(entry["identifier"]):
        yield FieldError(f"{place}.identifier", f"Invalid {name} identifier.")


def _dates(metadata: Entry) -> Iterator[FieldError]:
    for place, entry in _entries(metadata, "dates"):
        if "date" not in entry:
            yield FieldError(f"{place}.date", _REQUIRED)
        elif not is_edtf(entry["date"], with_time=True):
            yield FieldError(f"{place}.date", _refuse_open_end(entry["date"]), drops=True)
        yield from _needed(place, entry, "type")


def _refuse_open_end(given: object) -> str:
    """What InvenioRDM says of a date that is none; it fails (500) over an interval with an open end."""
    if isinstance(given, str) and ".." in given:
        raise RefusedError(400, f"{given} has an open end, which InvenioRDM 14 cannot take.")
    return _BAD_DATE


def _additional(metadata: Entry) -> Iterator[FieldError]:
    for place, entry in _entries(metadata, "additional_titles"):
        yield from _length(entry, "title", f"{place}.title")
    for place, entry in _entries(metadata, "additional_descriptions"):
        yield from _length(entry, "description", f"{place}.description")
        yield from _needed(place, entry, "type")


def _rights(metadata: Entry) -> Iterator[FieldError]:
    for place, entry in _entries(metadata, "rights"):
        if entry.get("link") is not None and not is_url(entry["link"]):
            yield FieldError(f"{place}.link", "Not a valid URL.", drops=True)
        if entry.get("id") and any(entry.get(name) for name in ("title", "description", "link")):
            yield FieldError(f"{place}.rights", _ID_OR_TEXT)


def _subjects(metadata: Entry) -> Iterator[FieldError]:
    for place, entry in _entries(metadata, "subjects"):
        if not entry.get("id") and not entry.get("subject"):
            yield FieldError(f"{place}.subjects", "An existing id or a free text subject must be present.")


def _lengths(metadata: Entry) -> Iterator[FieldError]:
    yield from _length(metadata, "description", "metadata.description")
    if len(str(metadata.get("version") or "")) > _LONGEST_VERSION:
        yield FieldError("metadata.version", f"Longer than maximum length {_LONGEST_VERSION}.", drops=True)


def _length(entry: Entry, name: str, place: str) -> Iterator[FieldError]:
    text = entry.get(name)
    if isinstance(text, str) and len(text) < _SHORTEST:
        yield FieldError(place, _TOO_SHORT, drops=True)


def _needed(place: str, entry: Entry, name: str) -> Iterator[FieldError]:
    if not isinstance(entry.get(name), Mapping):
        yield FieldError(f"{place}.{name}", _REQUIRED)


def _embargo(access: Entry) -> Iterator[FieldError]:
    embargo = access.get("embargo")
    if isinstance(embargo, Mapping) and embargo.get("active"):
        until, today = embargo.get("until"), datetime.now(UTC).date().isoformat()
        if not isinstance(until, str) or not is_edtf(until) or until <= today:
            yield FieldError("access.embargo.until", "Embargo end date must be set to a future date.")


def _doi(pids: Entry) -> Iterator[FieldError]:
    doi = pids.get("doi")
    if doi is None:
        return
    if doi.get("provider") != "external":
        raise RefusedError(400, "This repository registers no DOIs: only external ones can be given.")
    if not doi.get("identifier"):
        yield FieldError("pids.doi", "Missing DOI for required field.")
    elif not is_doi(doi["identifier"]):
        yield FieldError("pids.doi", "Invalid DOI")


def _entries(holder: Entry, name: str, place: str = "metadata") -> Iterator[tuple[str, Entry]]:
    given = holder.get(name)
    for index, entry in enumerate(given if isinstance(given, list) else []):
        yield f"{place}.{name}.{index}", entry if isinstance(entry, Mapping) else {}
