"""People and bodies of a record of Zenodo: creators, contributors, supervisors."""

from collections.abc import Iterable

from cern_assets.metadata.identifiers import bare_orcid, is_orcid
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.people import body, is_organisation, person, split_name
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.metadata.schemes import is_gnd
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import Json

FIELDS = ("name", "affiliation", "orcid", "gnd", "familyname", "givennames")

_BODIES = frozenset({"hostinginstitution", "registrationagency", "registrationauthority", "researchgroup"})
"""Roles that only a body has."""


def people(prefix: str) -> tuple[str, ...]:
    """Patterns of a list of people."""
    return tuple(f"{prefix}.{name}" for name in FIELDS)


def creators(reading: Reading) -> Converted:
    """Make the creators in order."""
    return _Agents(reading.items("creators[]"), role="").converted()


def contributors(reading: Reading) -> Converted:
    """Make the contributors, each by the role that the record states."""
    return _Agents(reading.items("contributors[]"), role="stated").converted()


def supervisors(reading: Reading) -> Converted:
    """Make the supervisors of a thesis contributors."""
    found = (*reading.items("thesis.supervisors[]"), *reading.items("thesis_supervisors[]"))
    return _Agents(found, role="supervisor").converted()


class _Agents:
    """People and bodies as they are read, with what is to be told of them. A `role` of "" makes creators."""

    def __init__(self, items: Iterable[Reading], *, role: str) -> None:
        self._role = role
        self._unused: list[Unused] = []
        self._findings: list[Finding] = []
        self._made: list[Json] = []
        for item in items:
            self._add(item)

    def converted(self) -> Converted:
        """All that was made."""
        return Converted(self._made, tuple(self._unused), tuple(self._findings))

    def _add(self, item: Reading) -> None:
        named = item.first("name") or item.first("familyname")
        if named is None:
            self._unused += [Unused(leaf, "agent-without-name", "Somebody without a name.") for leaf in item.leaves]
            return
        role = self._role_of(item)
        entry: dict[str, Json] = {"person_or_org": self._person_or_org(item, named, role)}
        if affiliation := item.text("affiliation"):
            entry["affiliations"] = [{"name": affiliation}]
        if role:
            entry["role"] = {"id": role}
        self._made.append(entry)

    def _role_of(self, item: Reading) -> str:
        if self._role != "stated":
            return self._role
        stated = item.first("type")
        role = stated.text.lower() if stated else "other"
        if role in vocabulary("roles"):
            return role
        self._tell(stated, "role-unknown", "No role of the table; carried as `other`.")
        return "other"

    def _person_or_org(self, item: Reading, named: Leaf, role: str) -> dict[str, Json]:
        orcid = self._identified(item.first("orcid"), "orcid")
        gnd = self._identified(item.first("gnd"), "gnd")
        family, given = item.text("familyname"), item.text("givennames")
        # Zenodo has one form for people and bodies, and says of neither which it is.
        if not (family or given) and (role in _BODIES or is_organisation(named.text, orcid=orcid)):
            self._tell(named, "agent-is-organisation", "Taken for an organisation, as its name is none of a person.")
            made = body(named.text)
            known = made.get("identifiers")
            identifiers = list(known) if isinstance(known, list) else []
        else:
            if not family:
                family, given = split_name(named.text)
                if "," not in named.text:
                    self._tell(named, "name-without-comma", "No `Family, Given`; check how the name is split.")
            made = person(family, given, orcid)
            identifiers = [{"scheme": "orcid", "identifier": orcid}] if orcid else []
        identifiers += [{"scheme": "gnd", "identifier": gnd}] if gnd else []
        return {**made, "identifiers": identifiers} if identifiers else made

    def _identified(self, leaf: Leaf | None, scheme: str) -> str:
        if leaf is None:
            return ""
        value = bare_orcid(leaf.text) if scheme == "orcid" else leaf.text.removeprefix("gnd:")
        if is_orcid(value) if scheme == "orcid" else is_gnd(value):
            return value
        message = f"No identifier of {scheme.upper()}, or its check digit is wrong; left out."
        self._unused.append(Unused(leaf, f"{scheme}-invalid", message))
        return ""

    def _tell(self, leaf: Leaf | None, code: str, message: str) -> None:
        field, value = (leaf.path, shorten(leaf.text)) if leaf else ("contributors", "")
        self._findings.append(Finding(code=code, severity="note", field=field, value=value, message=message))
