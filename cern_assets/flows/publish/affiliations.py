"""Affiliations and funders by their ROR id where the target's vocabulary has it, else by their names."""

from collections.abc import Mapping

from cern_assets.metadata.bodies import ror_of
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.values import Json, JsonObject
from cern_assets.ports import Repository

_PEOPLE = ("creators", "contributors")
_NONE: Mapping[str, str] = {}


def affiliated(deposit: JsonObject, repository: Repository, *, stated: Mapping[str, str] = _NONE) -> JsonObject:
    """The deposit for a repository, which is asked once for each ROR id that a name stands for.

    `stated` are ids that the record itself gives for names; for others the authority file is asked.
    InvenioRDM refuses an id that its vocabulary lacks, and shows its own name for one that it has.
    """
    metadata = deposit.get("metadata")
    if not isinstance(metadata, Mapping):
        return deposit
    made: dict[str, Json] = {}
    for role in _PEOPLE:
        listed = metadata.get(role)
        if isinstance(listed, list):
            made[role] = [_person(each, repository, stated) for each in listed]
    funding = metadata.get("funding")
    if isinstance(funding, list):
        made["funding"] = [_funded(each, repository) for each in funding]
    return {**deposit, "metadata": {**metadata, **made}}


def _funded(grant: Json, repository: Repository) -> Json:
    funder = grant.get("funder") if isinstance(grant, dict) else None
    name = funder.get("name") if isinstance(funder, dict) else None
    ror = vocabulary("funders").find(name) if isinstance(name, str) else None
    if not isinstance(grant, dict) or not ror or not repository.has_term("funders", ror):
        return grant
    return {**grant, "funder": {"id": ror}}


def _person(person: Json, repository: Repository, stated: Mapping[str, str]) -> Json:
    affiliations = person.get("affiliations") if isinstance(person, dict) else None
    if not isinstance(person, dict) or not isinstance(affiliations, list):
        return person
    found: list[Json] = []
    for each in affiliations:
        entry = _entry(each, repository, stated)
        if entry not in found:  # two names of one body; InvenioRDM refuses an affiliation that stands twice
            found.append(entry)
    return {**person, "affiliations": found}


def _entry(affiliation: Json, repository: Repository, stated: Mapping[str, str]) -> Json:
    name = affiliation.get("name") if isinstance(affiliation, dict) else None
    ror = (stated.get(name) or ror_of(name)) if isinstance(name, str) else None
    return {"id": ror} if ror and repository.has_term("affiliations", ror) else affiliation
