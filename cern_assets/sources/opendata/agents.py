"""Who made a record of CERN Open Data: authors, collaborations, or whoever stands in for them."""

from cern_assets.metadata.bodies import preferred
from cern_assets.metadata.identifiers import bare_orcid, is_orcid
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.people import body, is_organisation, person, split_name
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import Json


def authors(reading: Reading) -> Converted:
    """Make the creators of `authors[]`; what has no name is left out, as no creator can be made of it."""
    creators: list[Json] = []
    unused: list[Unused] = []
    findings: list[Finding] = []
    computed: list[Leaf] = []
    for author in reading.items("authors[]"):
        name = author.text("name")
        if not name:
            unused.extend(Unused(leaf, "author-without-name", "An author without a name.") for leaf in author.leaves)
            continue
        orcid, refused = _orcid(author)
        unused.extend(refused)
        findings.extend(_name_findings(author, orcid))
        who = _person_or_org(name, orcid)
        if who.get("name", name) != name:  # a body in its one spelling
            computed.extend(author.all("name"))
        creator: dict[str, Json] = {"person_or_org": who}
        affiliations = _affiliations(author.text("affiliation"))
        if affiliations:
            creator["affiliations"] = affiliations
        creators.append(creator)
    return Converted(creators, tuple(unused), tuple(findings), computed=tuple(computed))


def collaboration(reading: Reading) -> Converted:
    """Take the collaboration as an organisation."""
    name = reading.text("collaboration.name")
    spelt = reading.leaves if preferred(name) != name else ()
    return Converted([{"person_or_org": body(name)}] if name else None, computed=spelt)


def experiments(reading: Reading) -> Converted:
    """Take `CMS Collaboration` for `CMS`: who took the data, where the record does not say who made it."""
    found = reading.all("experiment[]")
    creators: list[Json] = [{"person_or_org": body(f"{leaf.text} Collaboration")} for leaf in found]
    message = "Neither authors nor a collaboration: the experiment stands as creator."
    return Converted(creators, findings=_stand_in(reading, "creator-from-experiment", message))


def publisher_as_creator(reading: Reading) -> Converted:
    """Take the publisher, where nothing else says who made the record; InvenioRDM wants a creator."""
    name = reading.text("publisher")
    message = "No authors, collaboration or experiment: the publisher stands as creator."
    creators: list[Json] = [{"person_or_org": body(name)}] if name else []
    return Converted(creators, findings=_stand_in(reading, "creator-from-publisher", message))


def _person_or_org(name: str, orcid: str) -> dict[str, Json]:
    if is_organisation(name, orcid=orcid):
        return body(name)
    family_name, given_name = split_name(name)
    return person(family_name, given_name, orcid)


def _orcid(author: Reading) -> tuple[str, list[Unused]]:
    leaf = author.first("orcid")
    if leaf is None:
        return "", []
    orcid = bare_orcid(leaf.text)
    if is_orcid(orcid):
        return orcid, []
    return "", [Unused(leaf, "orcid-invalid", "No ORCID iD, or its check digit is wrong; the author has none now.")]


def _affiliations(text: str) -> list[Json]:
    """Split at `;`, as the portal's schema says; InvenioRDM refuses the same one twice."""
    if ";" not in text:
        return [{"name": text}] if text else []
    names = dict.fromkeys(name.strip() for name in text.split(";"))
    return [{"name": name} for name in names if name]


def _name_findings(author: Reading, orcid: str) -> list[Finding]:
    leaf = author.first("name")
    if leaf is None or "," in leaf.text:
        return []
    if is_organisation(leaf.text, orcid=orcid):
        code, message = "author-is-organisation", "Taken for an organisation, as it is no `Family, Given`."
    else:
        code, message = "name-without-comma", "No `Family, Given`; check how the name is split."
    return [Finding(code=code, severity="note", field=leaf.path, value=shorten(leaf.text), message=message)]


def _stand_in(reading: Reading, code: str, message: str) -> tuple[Finding, ...]:
    if not reading.leaves:
        return ()
    leaf = reading.leaves[0]
    return (Finding(code=code, severity="note", field=leaf.path, value=shorten(leaf.text), message=message),)
