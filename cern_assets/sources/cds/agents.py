"""Who made a record of CDS: authors, editors, supervisors, collaborations, departments (100, 110, 700 to 720, 901)."""

from collections.abc import Iterable

from cern_assets.metadata.identifiers import bare_orcid, is_orcid
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.people import body, is_organisation, person, split_name
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import Json

AUTHOR_FIELDS = ("100__", "700__", "720__")
SUPERVISOR_FIELD = "701__"
_CODES = ("a", "u", "v", "e", "j", "k")
_ROLES = {
    "ed.": "editor",
    "ed": "editor",
    "editor": "editor",
    "eds.": "editor",
    "dir.": "supervisor",
    "supervisor": "supervisor",
    "produced by": "producer",
    "producer": "producer",
    "project leader": "projectleader",
    "sponsor": "sponsor",
}
"""What subfield e calls people, in any capitals; a role that is not here, and no author's, is `other`."""

_AUTHORS = frozenset({"", "speaker", "author", "aut", "auteur"})
_BODY_NAMES = {"cern. geneva": "CERN"}


def people(tags: Iterable[str]) -> tuple[str, ...]:
    """Patterns of the fields of people."""
    return tuple(f"{tag}[].{code}[]" for tag in tags for code in _CODES)


def authors(reading: Reading) -> Converted:
    """Make creators of fields 100, 700 and 720: co-authors too, which is what 700 without a role means."""
    return _made(reading, AUTHOR_FIELDS, wanted=_AUTHORS)


def others(reading: Reading) -> Converted:
    """Make contributors of those of these fields who have another role than author."""
    return _made(reading, AUTHOR_FIELDS, wanted=None)


def supervisors(reading: Reading) -> Converted:
    """Make contributors of field 701."""
    return _made(reading, (SUPERVISOR_FIELD,), wanted=None, always="supervisor")


def bodies(reading: Reading) -> Converted:
    """Make creators of corporate authors (110) and of collaborations (710 g)."""
    found = [_body_name(item.text("a[]")) for item in reading.items("110__[]") if item.text("a[]")]
    found += [leaf.text for leaf in reading.all("710__[].g[]")]
    return Converted([{"person_or_org": body(name)} for name in dict.fromkeys(found)])


def departments(reading: Reading) -> Converted:
    """Make contributors of departments and units (710 a, 5, b), and of the place of work (901 u)."""
    found: dict[str, None] = {}
    for item in reading.items("710__[]"):
        code, unit = item.text("5[]"), item.text("b[]")
        name = item.text("a[]") or (f"CERN. Geneva. {code} Department" if code else "")
        if name:
            found[", ".join(filter(None, (name, unit)))] = None
    found |= dict.fromkeys(leaf.text for leaf in reading.all("901__[].u[]"))
    role: Json = {"id": "hostinginstitution"}
    return Converted([{"person_or_org": body(_body_name(name)), "role": role} for name in found])


def host_as_creator(reading: Reading) -> Converted:
    """Take the department, or else CERN, where nothing says who made the record; InvenioRDM wants a creator."""
    leaf = next(iter(reading.leaves), None)
    name = leaf.text if leaf else "CERN"
    message = "No author, body or collaboration: where it was made stands as creator."
    field = leaf.path if leaf else "100__"
    told = Finding(code="creator-from-host", severity="note", field=field, value=shorten(name), message=message)
    return Converted([{"person_or_org": body(_body_name(name))}], findings=(told,))


def _made(reading: Reading, tags: Iterable[str], *, wanted: frozenset[str] | None, always: str = "") -> Converted:
    """Those whose role is wanted; with None, those whose role makes no author."""
    made: list[Json] = []
    unused: list[Unused] = []
    findings: list[Finding] = []
    apart: list[Leaf] = []
    for item in (item for tag in tags for item in reading.items(f"{tag}[]")):
        role = item.text("e[]").casefold()
        if not always and (role in _AUTHORS) != (wanted is not None):
            apart += item.leaves
            continue
        named = item.first("a[]")
        if named is None:
            unused += [Unused(leaf, "agent-without-name", "Somebody without a name.") for leaf in item.leaves]
            continue
        orcid, refused = _orcid(item)
        unused += refused
        entry: dict[str, Json] = {"person_or_org": _person_or_org(named, orcid, findings)}
        affiliations = dict.fromkeys(leaf.text for code in ("v[]", "u[]") for leaf in item.all(code))
        if affiliations:
            entry["affiliations"] = [{"name": name} for name in affiliations]
        if wanted is None:
            entry["role"] = {"id": always or _ROLES.get(role, "other")}
        made.append(entry)
    return Converted(made, tuple(unused), tuple(findings), tuple(apart))


def _person_or_org(named: Leaf, orcid: str, findings: list[Finding]) -> dict[str, Json]:
    if is_organisation(named.text, orcid=orcid) or "productions" in named.text.casefold():
        return body(_body_name(named.text))
    if "," not in named.text:
        message = "No `Family, Given`; check how the name is split."
        findings.append(
            Finding(
                code="name-without-comma", severity="note", field=named.path, value=shorten(named.text), message=message
            )
        )
    return person(*split_name(named.text), orcid)


def _orcid(item: Reading) -> tuple[str, list[Unused]]:
    refused: list[Unused] = []
    for leaf in (*item.all("j[]"), *item.all("k[]")):
        orcid = bare_orcid(leaf.text)
        if is_orcid(orcid):
            return orcid, refused
        refused.append(Unused(leaf, "orcid-invalid", "No ORCID iD, or its check digit is wrong.", "note"))
    return "", refused


def _body_name(name: str) -> str:
    return _BODY_NAMES.get(name.casefold(), name)
