"""Tables of Zenodo's closed lists: resource types, relations, licences."""

from collections.abc import Mapping

from cern_assets.metadata.identifiers import is_url
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.rows import Converted
from cern_assets.metadata.schemes import identified
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import UNSTATED_LICENCE, Finding, Severity, shorten
from cern_assets.model.values import Json
from cern_assets.sources.zenodo.converters import IS_ALTERNATE

_PUBLICATIONS = (
    *("annotationcollection", "article", "book", "conferencepaper", "datamanagementplan", "datapaper", "deliverable"),
    *("dissertation", "journal", "milestone", "other", "patent", "peerreview", "preprint", "proposal", "report"),
    *("section", "softwaredocumentation", "standard", "taxonomictreatment", "technicalnote", "workingpaper"),
)
_IMAGES = ("diagram", "drawing", "figure", "other", "photo", "plot")
_ALONE = (
    *("dataset", "image", "lesson", "other", "physicalobject", "poster", "presentation", "publication", "software"),
    *("video", "workflow"),
)
_RESOURCE_TYPES: Mapping[str, str] = {
    **{kind: kind for kind in _ALONE},
    **{f"publication-{kind}": f"publication-{kind}" for kind in _PUBLICATIONS},
    **{f"image-{kind}": f"image-{kind}" for kind in _IMAGES},
    "publication-thesis": "publication-dissertation",
    "software-computationalnotebook": "software-computationalnotebook",
}
"""Type and subtype of Zenodo (`objecttypes.json`) to InvenioRDM 14, which calls a thesis a dissertation."""

_MISSPELT = {"isorignialformof": "isoriginalformof"}

_CREATIVE_COMMONS = ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
_UNVERSIONED = {f"cc-{kind}": f"cc-{kind}-4.0" for kind in _CREATIVE_COMMONS}
"""Zenodo's ids without a version, which it served as 4.0: asserted, and so a finding."""


def resource_type(reading: Reading) -> Converted:
    """Take type and subtype by the table; what it does not have is `other`, with a warning."""
    kind = reading.text("resource_type.type") or reading.text("upload_type")
    names = ("resource_type.subtype", "publication_type", "image_type")
    subtype = next((reading.text(name) for name in names if reading.text(name)), "")
    whole = f"{kind}-{subtype}" if subtype else kind
    found = _RESOURCE_TYPES.get(whole)
    if found:
        return Converted({"id": found})
    field, message = "resource_type", "No entry of the table of resource types fits; carried as `other`."
    finding = Finding(
        code="resource-type-unknown", severity="warning", field=field, value=shorten(whole), message=message
    )
    return Converted({"id": _RESOURCE_TYPES.get(kind, "other")}, findings=(finding,))


def related_type(item: Reading) -> str:
    """The resource type of a related object, "" where none is stated or known."""
    kind, subtype = item.text("resource_type.type"), item.text("resource_type.subtype")
    whole = item.text("resource_type") or (f"{kind}-{subtype}" if subtype else kind)
    return _RESOURCE_TYPES.get(whole, "")


def related_identifiers(reading: Reading) -> Converted:
    """Make relations of what has an identifier; a relation that InvenioRDM does not know is `other`."""
    found: list[Json] = []
    apart: list[Leaf] = []
    findings: list[Finding] = []
    for item in reading.items("related_identifiers[]"):
        scheme, identifier = identified(item.text("identifier"), item.text("scheme"))
        relation = item.text("relation").casefold()
        if relation == IS_ALTERNATE:
            apart += item.leaves
        if not identifier or relation == IS_ALTERNATE:
            continue
        relation = _MISSPELT.get(relation, relation)
        if relation not in vocabulary("relation_types"):
            leaf = item.first("relation")
            findings += [_noted(leaf, "relation-unknown", "Carried as `other`.")] if leaf else []
            relation = "other"
        entry: dict[str, Json] = {"scheme": scheme, "identifier": identifier, "relation_type": {"id": relation}}
        kind = related_type(item)
        found.append({**entry, **({"resource_type": {"id": kind}} if kind else {})})
    return Converted(found, findings=tuple(findings), apart=tuple(apart))


def concept(reading: Reading) -> Converted:
    """Say which work the record is a version of: the concept's DOI is shared by all of its versions."""
    leaf = reading.first("conceptdoi")
    if leaf is None:
        return Converted()
    scheme, identifier = identified(leaf.text, "doi")
    return Converted([{"scheme": scheme, "identifier": identifier, "relation_type": {"id": "isversionof"}}])


def printed(reading: Reading) -> Converted:
    """Say where it was printed: the journal by its ISSN, the book by its ISBN, where check digits are right."""
    found: list[Json] = []
    for name in ("journal.issn", "imprint.isbn", "imprint_isbn"):
        scheme = name[-4:]
        number = reading.text(name)
        kept = identified(number, scheme)
        if number and kept[0] == scheme:
            relation = "ispublishedin" if scheme == "issn" else "ispartof"
            found.append({"scheme": scheme, "identifier": kept[1], "relation_type": {"id": relation}})
    return Converted(found)


def rights(reading: Reading) -> Converted:
    """Give the licence by its SPDX id where that is sure, else by its title and address."""
    leaf = next(
        (reading.first(name) for name in ("license.$ref", "license.id", "license") if reading.first(name)), None
    )
    if leaf is None:
        return Converted(findings=(_unstated(reading),))
    stated = leaf.text.rstrip("/").rpartition("/")[2].lower()
    licence = vocabulary("licences").find(stated)
    if licence:
        return Converted([{"id": licence}])
    if stated in _UNVERSIONED:
        message = f"It names no version; Zenodo shows it as {_UNVERSIONED[stated].upper()}."
        told = _noted(leaf, "licence-without-version", message, "note")
        return Converted([{"id": _UNVERSIONED[stated]}], findings=(told,))
    right: dict[str, Json] = {"title": {"en": reading.text("license.title") or stated or leaf.text}}
    if is_url(reading.text("license.url")):
        right["link"] = reading.text("license.url")
    return Converted([right], findings=(_noted(leaf, "licence-unknown", "Carried as text."),))


def _unstated(reading: Reading) -> Finding:
    message = "No licence is stated, and none is invented."
    if reading.first("license.title"):
        message = "The licence has a title and no id; the title is carried among the words of Zenodo."
    return Finding(code=UNSTATED_LICENCE, severity="note", field="license", message=message)


def _noted(leaf: Leaf, code: str, message: str, severity: Severity = "warning") -> Finding:
    return Finding(code=code, severity=severity, field=leaf.path, value=shorten(leaf.text), message=message)
