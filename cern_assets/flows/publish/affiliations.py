"""Affiliations by their ROR id where the target's vocabulary has it, and by their names where it has not."""

from collections.abc import Mapping

from cern_assets.metadata.bodies import ror_of
from cern_assets.model.values import Json, JsonObject
from cern_assets.ports import Repository

_PEOPLE = ("creators", "contributors")


def affiliated(deposit: JsonObject, repository: Repository) -> JsonObject:
    """The deposit for a repository, which is asked once for each ROR id that a name stands for.

    InvenioRDM refuses an id that its vocabulary lacks, and shows its own name for one that it has.
    """
    metadata = deposit.get("metadata")
    if not isinstance(metadata, Mapping):
        return deposit
    people: dict[str, Json] = {}
    for role in _PEOPLE:
        listed = metadata.get(role)
        if isinstance(listed, list):
            people[role] = [_person(each, repository) for each in listed]
    return {**deposit, "metadata": {**metadata, **people}}


def _person(person: Json, repository: Repository) -> Json:
    affiliations = person.get("affiliations") if isinstance(person, dict) else None
    if not isinstance(person, dict) or not isinstance(affiliations, list):
        return person
    found: list[Json] = []
    for each in affiliations:
        entry = _entry(each, repository)
        if entry not in found:  # two names of one body; InvenioRDM refuses an affiliation that stands twice
            found.append(entry)
    return {**person, "affiliations": found}


def _entry(affiliation: Json, repository: Repository) -> Json:
    name = affiliation.get("name") if isinstance(affiliation, dict) else None
    ror = ror_of(name) if isinstance(name, str) else None
    return {"id": ror} if ror and repository.has_term("affiliations", ror) else affiliation
