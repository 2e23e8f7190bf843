"""What a record of CERN Open Data points to: other records by recid, anything by DOI or address."""

import re
from functools import lru_cache
from html import escape
from urllib.parse import urljoin

from cern_assets.errors import RecordNotFoundError
from cern_assets.metadata.identifiers import bare_doi, is_doi, is_url, why_no_doi
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.metadata.text import SHORT
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json
from cern_assets.sources.opendata.config import SITE_URL
from cern_assets.sources.opendata.recids import parse_recid

_RELATIONS = {
    "isChildOf": "isderivedfrom",
    "isPartOf": "ispartof",
    "isParentOf": "issourceof",
    "isProducedBy": "isderivedfrom",
    "isRelatedTo": "references",
    "isSiblingOf": "isvariantformof",
}
"""By the portal's schema `isChildOf` links derived datasets to their parent; siblings are other formats of the data."""

_SECTIONS = {
    "methodology": "isdocumentedby",
    "system_details": "requires",
    "usage": "isdocumentedby",
    "validation": "isdocumentedby",
}
"""How a record that a section names is related; of all others `references`."""

_PAGE = re.compile(
    r"https?://opendata\.cern\.ch/(?:record/(?P<recid>[^/?#]+)|docs/(?P<guide>[^/?#]+))/?(?:#.*)?", re.IGNORECASE
)
"""A page of the portal that is a record or a guide, and no file, search or display of events."""

_REPLACED = re.compile(r"\b(replaced|superseded|obsoleted) by\b", re.IGNORECASE)
_REPLACES = re.compile(r"\b(replaces|supersedes|obsoletes)\b", re.IGNORECASE)


def record_url(recid: Recid) -> str:
    """Give the public address of a record's page: wherever the bytes came from, the deposit stays the same."""
    return f"{SITE_URL}/record/{recid}"


def relations(reading: Reading) -> Converted:
    """Make related identifiers of `relations[]`, each once: by DOI, else by the address of the other record's page.

    What is known by its title only stands in the text of the related records (`sections.relations`).
    """
    related: list[Json] = []
    unused: list[Unused] = []
    apart: list[Leaf] = []
    aside: list[tuple[Leaf, str]] = []
    computed: list[Leaf] = []
    findings: list[Finding] = []
    for relation in reading.items("relations[]"):
        kind = relation.first("type")
        found, refused = _target(relation, _relation_type(relation, kind, files=reading.files))
        related.extend(found)
        unused.extend(refused)
        if not found:
            apart.extend(relation.leaves)
            continue
        said = relation.first("description")
        computed += [kind] if kind else []
        if said:
            (computed if _says_which_replaces(said.text) else apart).append(said)
        aside += known_by_doi(relation)
        if kind and kind.text not in _RELATIONS:
            message = "Unknown kind of relation, carried as `references`."
            findings.append(
                Finding(
                    code="relation-unknown",
                    severity="warning",
                    field=kind.path,
                    value=shorten(kind.text),
                    message=message,
                )
            )
    return Converted(related, tuple(unused), tuple(findings), tuple(apart), tuple(aside), tuple(computed))


def known_by_doi(relation: Reading) -> list[tuple[Leaf, str]]:
    """The recid of a related record whose DOI is given, and why it is left behind."""
    doi, recid = relation.first("doi"), relation.first("recid")
    return [(recid, "The related record is named by its DOI.")] if recid and doi and is_doi(bare_doi(doi.text)) else []


def _says_which_replaces(text: str) -> bool:
    return bool(_REPLACED.search(text) or _REPLACES.search(text))


def _relation_type(relation: Reading, kind: Leaf | None, *, files: int) -> str:
    """By what the record says: a parent without files of its own is an umbrella, and its children are its parts."""
    said = relation.text("description")
    if _REPLACED.search(said):
        return "isobsoletedby"
    if _REPLACES.search(said):
        return "obsoletes"
    if kind is None:
        return "references"
    if kind.text == "isParentOf" and files == 0:
        return "haspart"
    return _RELATIONS.get(kind.text, "references")


def section_links(reading: Reading) -> Converted:
    """Point to the records that sections name: what the data need, and what they are described or used with.

    Sections name records by recid or by the address of their page. Of other addresses only the portal's own guides are
    relations; the rest stays in the section's text, with its label.
    """
    related: list[Json] = []
    apart: list[Leaf] = []
    computed: list[Leaf] = []
    for leaf in reading.leaves:
        of_section = leaf.pattern.endswith(".links[].url")
        address = _page_of(leaf.text) if of_section else address_of(leaf)
        if not address:
            apart.append(leaf)
            continue
        related.append(_related("url", address, _SECTIONS.get(leaf.pattern.partition(".")[0], "references")))
        if of_section and leaf.text not in address:
            computed.append(leaf)
    return Converted(related, apart=tuple(apart), computed=tuple(computed))


@lru_cache(4_096)
def _page_of(address: str) -> str:
    """The address of the record or guide of the portal that an address leads to, "" if it leads elsewhere."""
    page = _PAGE.fullmatch(_absolute(address))
    if page is None:
        return ""
    if page["guide"]:
        return f"{SITE_URL}/docs/{page['guide']}"
    try:
        return record_url(parse_recid(page["recid"]))
    except RecordNotFoundError:
        return ""


def repository(reading: Reading) -> Converted:
    """Point to the code: records without files are unusable without it."""
    leaf = reading.first("source_code_repository.url")
    address = address_of(leaf) if leaf else ""
    if leaf is None or not address:
        return Converted(unused=(Unused(leaf, "link-unusable", _why_not(leaf)),) if leaf else ())
    return Converted([{**_related("url", address, "issupplementedby"), "resource_type": {"id": "software"}}])


def semantics_files(reading: Reading) -> Converted:
    """Point to the portal's own description of a dataset's variables."""
    found = {address_of(leaf): leaf for leaf in reading.leaves}
    return Converted([_related("url", address, "isdocumentedby") for address in found if address])


def abstract_links(reading: Reading) -> Converted:
    """Make related identifiers of `abstract.links[]`."""
    return _references(reading.leaves)


def author_list(reading: Reading) -> Converted:
    """Point to the record that holds the collaboration's author list."""
    return _references(reading.leaves)


def _references(leaves: tuple[Leaf, ...]) -> Converted:
    addresses = [(leaf, address_of(leaf)) for leaf in leaves]
    related: list[Json] = [_related("url", address, "references") for _, address in addresses if address]
    unused = tuple(Unused(leaf, "link-unusable", _why_not(leaf)) for leaf, address in addresses if not address)
    return Converted(related, unused)


def _target(relation: Reading, relation_type: str) -> tuple[list[Json], list[Unused]]:
    """The one identifier of what is related, and what of it cannot be used."""
    unused = []
    doi, recid = relation.first("doi"), relation.first("recid")
    if doi is not None and not is_doi(bare_doi(doi.text)):
        unused.append(Unused(doi, "doi-invalid", f"{why_no_doi(bare_doi(doi.text))}; the relation is without."))
    elif doi is not None:
        return [_related("doi", bare_doi(doi.text), relation_type)], unused
    address = address_of(recid) if recid else ""
    if recid is not None and not address:
        unused.append(Unused(recid, "link-unusable", _why_not(recid)))
    return ([_related("url", address, relation_type)] if address else []), unused


def address_of(leaf: Leaf) -> str:
    """Say where a leaf `recid`, `url`, `json` or `doi` leads, empty if nowhere."""
    kind = leaf.pattern.rpartition(".")[2]
    if kind == "doi":
        return f"https://doi.org/{bare_doi(leaf.text)}" if is_doi(bare_doi(leaf.text)) else ""
    if kind in ("url", "json"):
        return _short_absolute(leaf.text) if len(leaf.text) <= SHORT else _absolute(leaf.text)
    try:
        return record_url(parse_recid(leaf.text))
    except RecordNotFoundError:
        return ""


def _absolute(address: str) -> str:
    try:
        target = urljoin(f"{SITE_URL}/", address)
    except ValueError:
        return ""
    return target if is_url(target) else ""


_short_absolute = lru_cache(4_096)(_absolute)
"""Records name the same guides and tools again and again."""


def _why_not(leaf: Leaf) -> str:
    return "This is no http(s) address." if leaf.pattern.endswith("url") else "This can be no recid."


def _related(scheme: str, identifier: str, relation_type: str) -> dict[str, Json]:
    return {"scheme": scheme, "identifier": identifier, "relation_type": {"id": relation_type}}


def link_list(reading: Reading, prefix: str) -> str:
    """The links of a section as a list of HTML, each with the label that it has; "" if it has none."""
    if not any(leaf.pattern.startswith(prefix) for leaf in reading.leaves):
        return ""
    entries = []
    for item in reading.items(prefix):
        target = item.first("url") or item.first("recid")
        said = " - ".join(filter(None, (item.text("title"), item.text("description"))))
        if target is not None:
            entries.append(link_markup(target, said or target.text))
        elif said:
            entries.append(text_of(said))
    return f"<ul>{''.join(f'<li>{entry}</li>' for entry in entries)}</ul>" if entries else ""


def link_markup(leaf: Leaf, label: str) -> str:
    """A link to what a leaf names; its label alone where that leads nowhere."""
    address = address_of(leaf)
    if not address:
        return text_of(label)
    shown = f"record {label}" if leaf.pattern.endswith("recid") and label == leaf.text else label
    return f'<a href="{escape(address)}">{text_of(shown)}</a>'


def text_of(text: str) -> str:
    """A text as HTML; quotes stay, as sanitisers write them so."""
    return escape(text, quote=False)
