"""Tables of CDS's closed lists: resource types by collection, licences, kinds of relations."""

import re
from collections.abc import Mapping

from cern_assets.metadata.identifiers import is_url
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.rows import Converted
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import UNSTATED_LICENCE, Finding, Severity, shorten
from cern_assets.model.values import Json

_RESOURCE_TYPES: Mapping[str, str] = {
    "THESIS": "publication-dissertation",
    "BOOKCHAPTER": "publication-section",
    "PROCEEDINGS": "publication-conferenceproceeding",
    "CONFERENCEPAPER": "publication-conferencepaper",
    "BOOK": "publication-book",
    "STANDARD": "publication-standard",
    "ARTICLE": "publication-article",
    "PREPRINT": "publication-preprint",
    "PERI": "publication-journal",
    "REPORT": "publication-report",
    "YELLOWREPORT": "publication-report",
    "NOTE": "publication-technicalnote",
    "INTNOTE": "publication-technicalnote",
    "CERNNOTE": "publication-technicalnote",
    "BULLETIN": "publication-other",
    "CIRCULAR": "publication-other",
    "STAFFASSOCIATION": "publication-other",
    "BROCHURE": "publication-other",
    "POSTER": "poster",
    "TALK": "presentation",
    "SLIDES": "presentation",
    "VIDEO": "video",
    "PHOTO": "image-photo",
    "SOFTWARE": "software",
    "DATASET": "dataset",
}
"""Words in collection codes (980, 690C) to resource types, the most particular first: `INTNOTEPHPUBL` is an INTNOTE."""

_ALSO = {"INDICO": "presentation", "PUBLPRESSCUT": "publication-article", "PUBLARTS": "publication-other"}
_CREATIVE_COMMONS = re.compile(r"cc[ -]?(?P<kind>by(?:-(?:nc|sa|nd))*|0)[ -]?(?P<version>\d\.\d)?", re.IGNORECASE)
_RELATIONS = {
    "issue": "ispartof",
    "other edition": "isvariantformof",
    "translation": "istranslationof",
    "erratum": "isobsoletedby",
    "poster": "issupplementedby",
    "slides": "issupplementedby",
    "video": "issupplementedby",
    "conference paper": "isvariantformof",
    "is part of": "ispartof",
    "preprint": "isversionof",
}


def resource_type(reading: Reading) -> Converted:
    """Take the most particular type that any of the record's collections stands for; `other` where none does."""
    codes = [leaf.text.upper().replace(" ", "").replace("_", "") for leaf in reading.leaves]
    for code in codes:
        if code in _ALSO:
            return Converted({"id": _ALSO[code]})
    for word, kind in _RESOURCE_TYPES.items():
        if any(word in code for code in codes):
            return Converted({"id": kind})
    finding = Finding(
        code="resource-type-unknown",
        severity="warning",
        field="980__",
        value=shorten(", ".join(codes)),
        message="No entry of the table of collections fits; carried as `other`.",
    )
    return Converted({"id": "other"}, findings=(finding,))


def rights(reading: Reading) -> Converted:
    """Give each licence by its SPDX id where it is a Creative Commons licence with its version, else by its words.

    What part of the record a licence is for (540 3) stands in its title, as InvenioRDM has no place for it.
    """
    found: list[Json] = []
    findings: list[Finding] = []
    for item in reading.items("540__[]"):
        leaf = item.first("a[]") or item.first("b[]") or item.first("u[]")
        if leaf is None:
            continue
        match, material = _CREATIVE_COMMONS.fullmatch(leaf.text.strip()), item.text("3[]")
        zero = match is not None and match["kind"] == "0"
        licence = f"cc{'0' if zero else f'-{match["kind"].lower()}'}-{match['version'] or '1.0'}" if match else ""
        if match and not material and (match["version"] or zero) and licence in vocabulary("licences"):
            found.append({"id": licence})
            continue
        words = " ".join(dict.fromkeys(each.text for code in ("a[]", "b[]") for each in item.all(code))) or leaf.text
        right: dict[str, Json] = {"title": {"en": f"{words} ({material})" if material else words}}
        if is_url(item.text("u[]")):
            right["link"] = item.text("u[]")
        found.append(right)
        if match is None:
            findings.append(_noted(leaf, "licence-unknown", "Carried as text.", "note"))
    if not found:
        message = "No licence is stated, and none is invented."
        findings.append(Finding(code=UNSTATED_LICENCE, severity="note", field="540__", message=message))
    return Converted(found, findings=tuple(findings))


def copyright_line(reading: Reading) -> Converted:
    """Say whose copyright it is and since when (542 d, g), with the statement (f) and its address (u)."""
    lines = []
    for item in reading.items("542__[]"):
        whose = " ".join(filter(None, (item.text("g[]"), item.text("d[]"))))
        lines.append(", ".join(filter(None, (f"\u00a9 {whose}" if whose else "", item.text("f[]"), item.text("u[]")))))
    return Converted("; ".join(filter(None, lines)))


def relation(word: str) -> str:
    """The relation type that a record's word (775 i, 787 i) stands for."""
    return _RELATIONS.get(word.strip().casefold(), "references")


def _noted(leaf: Leaf, code: str, message: str, severity: Severity = "warning") -> Finding:
    return Finding(code=code, severity=severity, field=leaf.path, value=shorten(leaf.text), message=message)
