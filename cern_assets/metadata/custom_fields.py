"""The custom fields that targets of each profile keep: one declared set, `vocabularies/custom_fields.yaml`.

InvenioRDM drops a custom field that it is not configured for, silently; hence the set brings what configures it
(`custom_field_files.py`), and a deposit has custom fields only where a collection's target is said to keep them.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import Field

from cern_assets.model.collections import Profile
from cern_assets.model.values import Json, Value

PREFIX = "cern"
SECTION = "custom_fields"
Kind = Literal["keyword", "integer", "number", "vocabulary"]
Part = Literal["text", "url", "issn", "isbn", "date"]


class Term(Value):
    """One entry of a vocabulary; `also` are the spellings that sources use, whatever their capitals."""

    id: str
    title: str
    also: tuple[str, ...] = ()


class Vocabulary(Value):
    """A vocabulary of the target; `pid_type` is InvenioRDM's short name for it, of at most six characters."""

    pid_type: str
    terms: tuple[Term, ...]

    def term_of(self, spelling: str) -> str | None:
        """The id of the term that a source's spelling stands for, None if there is none."""
        wanted = spelling.casefold()
        return next((term.id for term in self.terms if wanted in (each.casefold() for each in term.also)), None)


class CustomField(Value):
    """One field: its kind in InvenioRDM, what people see of it, and a value as it stands in a deposit."""

    name: str
    kind: Kind
    many: bool = False
    vocabulary: str = ""
    label: str
    says: str
    example: Json

    @property
    def key(self) -> str:
        """Its key in a deposit's `custom_fields`."""
        return f"{PREFIX}:{self.name}"


class OwnField(Value):
    """A field that InvenioRDM brings: an object with these parts, none of which has to be there."""

    name: str
    label: str
    says: str
    parts: Mapping[str, Part]
    example: Mapping[str, Json]

    @property
    def key(self) -> str:
        """Its key in a deposit's `custom_fields`: InvenioRDM says the name twice."""
        return f"{self.name}:{self.name}"


class CustomFields(Value):
    """The whole set. `namespace` is the address that the prefix stands for, `title` the heading over the fields."""

    version: str
    namespace: str
    title: str
    vocabularies: Mapping[str, Vocabulary]
    fields: tuple[CustomField, ...] = Field(min_length=1)
    own: tuple[OwnField, ...]

    def examples(self, profile: Profile) -> Mapping[str, Json]:
        """A value of each field that a target of the profile keeps, by its key."""
        own: Mapping[str, Json] = {field.key: dict(field.example) for field in self.own}
        of_profile: Mapping[Profile, Mapping[str, Json]] = {
            "plain": {},
            "bibliographic": own,
            "cern": {**{field.key: field.example for field in self.fields}, **own},
        }
        return of_profile[profile]


def target_of(name: str) -> str:
    """Where a field `cern:*` stands in a deposit, as a row of a crosswalk says it."""
    return f"{SECTION}.{PREFIX}:{name}"


def target_of_own(name: str) -> str:
    """The same of one of InvenioRDM's own."""
    return f"{SECTION}.{name}:{name}"


@cache
def declared() -> CustomFields:
    """The set, read once."""
    return CustomFields.model_validate(yaml.safe_load(declared_text()))


@cache
def declared_text() -> str:
    """The data, for whoever has to know when it changed."""
    return files("cern_assets.metadata").joinpath("vocabularies", "custom_fields.yaml").read_text(encoding="utf-8")
