"""What a record of CERN Open Data points to: other records by recid, anything by DOI or address."""

from urllib.parse import urljoin

from cern_assets.errors import RecordNotFoundError
from cern_assets.metadata.crosswalk import Converted, Unused
from cern_assets.metadata.identifiers import bare_doi, is_doi, is_url
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json
from cern_assets.sources.opendata.config import SITE_URL
from cern_assets.sources.opendata.recids import parse_recid

_RELATIONS = {
    "isChildOf": "ispartof",
    "isPartOf": "ispartof",
    "isParentOf": "haspart",
    "isProducedBy": "isderivedfrom",
    "isRelatedTo": "references",
    "isSiblingOf": "references",
}


def record_url(recid: Recid) -> str:
    """Give the public address of a record's page: wherever the bytes came from, the deposit stays the same."""
    return f"{SITE_URL}/record/{recid}"


def relations(reading: Reading) -> Converted:
    """Make related identifiers of `relations[]`; a relation to nothing that can be addressed is left out."""
    related: list[Json] = []
    unused: list[Unused] = []
    findings: list[Finding] = []
    for relation in reading.items("relations[]"):
        kind = relation.first("type")
        name = _RELATIONS.get(kind.text, "references") if kind else "references"
        found, refused = _targets(relation, name)
        related.extend(found)
        unused.extend(refused)
        if kind and not found:
            unused.append(Unused(kind, "relation-without-target", "A relation without a usable recid or DOI."))
        elif kind and kind.text not in _RELATIONS:
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
    return Converted(related, tuple(unused), tuple(findings))


def abstract_links(reading: Reading) -> Converted:
    """Make related identifiers of `abstract.links[]`."""
    return _references(reading.leaves)


def author_list(reading: Reading) -> Converted:
    """Point to the record that holds the collaboration's author list."""
    return _references(reading.leaves)


def _references(leaves: tuple[Leaf, ...]) -> Converted:
    addresses = [(leaf, _address(leaf)) for leaf in leaves]
    related: list[Json] = [_related("url", address, "references") for _, address in addresses if address]
    unused = tuple(Unused(leaf, "link-unusable", _why_not(leaf)) for leaf, address in addresses if not address)
    return Converted(related, unused)


def _targets(relation: Reading, relation_type: str) -> tuple[list[Json], list[Unused]]:
    found: list[Json] = []
    unused = []
    for leaf in relation.leaves:
        if leaf.pattern == "doi" and is_doi(bare_doi(leaf.text)):
            found.append(_related("doi", bare_doi(leaf.text), relation_type))
        elif leaf.pattern == "doi":
            unused.append(Unused(leaf, "doi-invalid", "The related DOI is none."))
        elif leaf.pattern == "recid":
            address = _address(leaf)
            if address:
                found.append(_related("url", address, relation_type))
            else:
                unused.append(Unused(leaf, "link-unusable", _why_not(leaf)))
    return found, unused


def _address(leaf: Leaf) -> str:
    """Say where a leaf `recid` or `url` leads, empty if nowhere."""
    if leaf.pattern.endswith("url"):
        return _absolute(leaf.text)
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


def _why_not(leaf: Leaf) -> str:
    return "This is no http(s) address." if leaf.pattern.endswith("url") else "This can be no recid."


def _related(scheme: str, identifier: str, relation_type: str) -> dict[str, Json]:
    return {"scheme": scheme, "identifier": identifier, "relation_type": {"id": relation_type}}
