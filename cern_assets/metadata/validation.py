"""The rules of the target, checked before anything is sent, without asking it.

Two layers. What the target refuses: the shape is `schemas/invenio-rdm-record.json`, that of custom fields
`schemas/cern-custom-fields.json`, what a schema cannot say is in the functions below; all follow InvenioRDM 14. What
DataCite wants of a record that gets a DOI (`schemas/datacite.json`): a warning, as the target takes the record without.
What only the target can know (whether a licence or an affiliation is in its vocabularies) is not checked here. A third
layer, the source's own shape, is asked where a record is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from cern_assets.code_version import code_version
from cern_assets.errors import MetadataInvalidError
from cern_assets.metadata import dates, identifiers
from cern_assets.metadata.quick_checks import SYNTAX, all_terms_known, surely_right
from cern_assets.metadata.shapes import Shape, Violation
from cern_assets.metadata.suggestions import suggestions
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import Finding, Severity, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.values import Json, JsonObject

RECORD = Shape("cern_assets.metadata", "invenio-rdm-record")
CUSTOM_FIELDS = Shape("cern_assets.metadata", "cern-custom-fields")
DATACITE = Shape("cern_assets.metadata", "datacite")
CHECKED_WITH = (RECORD, CUSTOM_FIELDS, DATACITE)

_TERMS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "date_types": (("metadata", "dates", "type", "id"),),
    "description_types": (("metadata", "additional_descriptions", "type", "id"),),
    "languages": (("metadata", "languages", "id"),),
    "licences": (("metadata", "rights", "id"),),
    "relation_types": (("metadata", "related_identifiers", "relation_type", "id"),),
    "resource_types": (
        ("metadata", "resource_type", "id"),
        ("metadata", "related_identifiers", "resource_type", "id"),
    ),
    "roles": (("metadata", "creators", "role", "id"), ("metadata", "contributors", "role", "id")),
    "title_types": (("metadata", "additional_titles", "type", "id"),),
}
"""Where the terms of each vocabulary stand in a deposit."""


def validate(payload: JsonObject) -> tuple[Violation, ...]:
    """List every rule that a deposit breaks; empty if the target's own validation has nothing to say against it."""
    plain = dict(payload)
    broken = RECORD.violations(plain)
    # Of the right shape, nearly all deposits break no other rule, which is quickly seen.
    return () if not broken and surely_right(plain) else (*broken, *_beyond_shape(plain))


def findings_of(payload: JsonObject) -> tuple[Finding, ...]:
    """Give the same as errors; what DataCite misses and terms of no vocabulary as warnings; ids for names as notes.

    `field` is a path in the deposit.
    """
    broken = validate(payload)
    wanted = () if broken else DATACITE.violations(payload)
    return (
        *(_finding("invalid-metadata", "error", violation) for violation in broken),
        *(_finding("datacite-incomplete", "warning", violation) for violation in wanted),
        *(
            _finding("term-unknown", "warning", violation)
            for violation in (() if not broken and all_terms_known(payload) else _unknown_terms(payload))
        ),
        *suggestions(payload),
    )


def checked_with() -> tuple[str, ...]:
    """Ids of the schemas that a deposit is checked with, each with its version."""
    return tuple(shape.id for shape in CHECKED_WITH)


@cache
def validation_version() -> str:
    """SHA-256 (hex) over the rules and the schemas: a deposit that passed older ones is looked at again."""
    return code_version(ensure_valid, findings_of, besides=[shape.text for shape in CHECKED_WITH])


def ensure_valid(deposit: Metadata, recid: Recid) -> None:
    """Do nothing for a valid deposit.

    Raises:
        MetadataInvalidError: naming every field that is wrong and what is wrong with it.
    """
    found = validate(deposit.payload)
    if found:
        listed = "; ".join(f"{violation.field}: {violation.message}" for violation in found)
        raise MetadataInvalidError(
            f"The deposit breaks {len(found)} rule(s) of the target: {listed}.",
            remedy="Correct the record at its source, or the row of the crosswalk that writes the field.",
            recid=recid,
            field=found[0].field,
            value=found[0].value or None,
        )


def _finding(code: str, severity: Severity, violation: Violation) -> Finding:
    return Finding(
        code=code, severity=severity, field=violation.field, value=violation.value, message=violation.message
    )


def _beyond_shape(payload: dict[str, Json]) -> Iterator[Violation]:
    for name in ("creators", "contributors"):
        for place, person in _objects(payload, f"metadata.{name}"):
            yield from _person(place, person)
    for name in ("identifiers", "related_identifiers", "references"):
        found = list(_objects(payload, f"metadata.{name}"))
        for place, item in found:
            yield from _syntax(place, item)
        yield from _repeated(found, ("scheme", "identifier", "relation_type", "reference"), "stands twice")
    for place, right in _objects(payload, "metadata.rights"):
        yield from _right(place, right)
    yield from _dates(payload)
    for place, pid in _objects(payload, "pids.doi"):
        yield from _syntax(place, {**pid, "scheme": "doi"})


def _unknown_terms(payload: JsonObject) -> Iterator[Violation]:
    """Ids that InvenioRDM's vocabularies lack. No rule is broken: a target may have terms of its own."""
    for name, paths in _TERMS.items():
        known = vocabulary(name)
        for path in paths:
            for field, term in _strings("", payload, path):
                if term not in known:
                    message = f"No term of the vocabulary `{known.target}`: refused, unless the target has its own."
                    yield Violation(field=field, message=message, value=shorten(term))


def _strings(field: str, value: Json | JsonObject, path: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each text at a path, through all items of lists, with its field."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(f"{field}[{index}]", item, path)
    elif path and isinstance(value, Mapping) and path[0] in value:
        yield from _strings(f"{field}.{path[0]}".removeprefix("."), value[path[0]], path[1:])
    elif not path and isinstance(value, str):
        yield field, value


def _person(place: str, person: dict[str, Json]) -> Iterator[Violation]:
    found = list(_objects(person, "person_or_org.identifiers"))
    for inner, item in found:
        yield from _syntax(f"{place}.{inner}", item)
    yield from _repeated(((f"{place}.{at}", item) for at, item in found), ("scheme",), "only one of a scheme is taken")
    # InvenioRDM tells affiliations apart by name, and by id where there is no name.
    named = (({"is": item.get("name") or item.get("id")}, at) for at, item in _objects(person, "affiliations"))
    yield from _repeated(((f"{place}.{at}", item) for item, at in named), ("is",), "is the same affiliation again")


def _syntax(place: str, item: dict[str, Json]) -> Iterator[Violation]:
    identifier = item.get("identifier")
    is_right, complaint = SYNTAX.get(str(item.get("scheme")), (None, ""))
    if is_right and isinstance(identifier, str) and not is_right(identifier):
        yield Violation(field=f"{place}.identifier", message=complaint, value=shorten(identifier))


def _right(place: str, right: dict[str, Json]) -> Iterator[Violation]:
    if "id" in right and len(right) > 1:
        yield Violation(field=place, message="takes an id, or title, description and link, but not both")
    link = right.get("link")
    if isinstance(link, str) and not identifiers.is_url(link):
        yield Violation(field=f"{place}.link", message="no http(s) address", value=shorten(link))


def _dates(payload: dict[str, Json]) -> Iterator[Violation]:
    published = _at(payload, "metadata.publication_date")
    if isinstance(published, str) and not dates.is_edtf_date(published):
        message = "no date or interval of EDTF level 0 (YYYY, YYYY-MM, YYYY-MM-DD, from/to)"
        yield Violation(field="metadata.publication_date", message=message, value=shorten(published))
    for place, item in _objects(payload, "metadata.dates"):
        when = item.get("date")
        if isinstance(when, str) and not dates.is_edtf_date_or_time(when):
            yield Violation(field=f"{place}.date", message="no date of EDTF level 0", value=shorten(when))


def _repeated(
    items: Iterable[tuple[str, dict[str, Json]]], fields: tuple[str, ...], complaint: str
) -> Iterator[Violation]:
    seen = set()
    for place, item in items:
        key = tuple(str(item.get(field)) for field in fields)
        if key in seen:
            yield Violation(field=place, message=complaint, value=shorten(" ".join(key)))
        seen.add(key)


def _objects(payload: dict[str, Json], place: str) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the object at a place, or the objects of the list there, each with its place; nothing for anything else."""
    found = _at(payload, place)
    if isinstance(found, dict):
        yield place, found
    if isinstance(found, list):
        yield from ((f"{place}[{index}]", item) for index, item in enumerate(found) if isinstance(item, dict))


def _at(payload: dict[str, Json], place: str) -> Json:
    value: Json = payload
    for name in place.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
