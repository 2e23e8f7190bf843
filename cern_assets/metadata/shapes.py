"""Shapes: JSON Schemas of ours, each with an id and a version, asked quickly and answered in words.

A shape is a file of a package's folder `schemas`. Its `$id` is `urn:cern-assets:schema:<name>:<version>`, and a `$ref`
names that of another file of the same folder or a place in its own: nothing is ever fetched.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import islice

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from cern_assets.model.findings import shorten
from cern_assets.model.values import Json, Value

_MOST = 100


class Violation(Value):
    """A rule that a JSON text breaks: `field` is a path in it (`metadata.creators[0].role`)."""

    field: str
    message: str
    value: str = ""


@dataclass(frozen=True)
class Shape:
    """The schema `name`.json of a package; the files are read when the shape is first asked."""

    package: str
    name: str

    @property
    def id(self) -> str:
        """What documents name it by, with its version."""
        return str(self._schema["$id"])

    @cached_property
    def text(self) -> str:
        """All files of the folder, as one text: what a version of the rules is made of."""
        return json.dumps(self._folder, sort_keys=True)

    def violations(self, instance: Mapping[str, Json]) -> tuple[Violation, ...]:
        """List what is wrong with an instance, at most the first hundred; empty if it has the shape."""
        plain = dict(instance)
        # The one says yes in a hundredth of the time, the other says in words what is wrong.
        if self._quick.is_valid(plain):
            return ()
        return tuple(_in_words(error) for error in islice(self._slow.iter_errors(plain), _MOST))

    @cached_property
    def _folder(self) -> dict[str, Mapping[str, Json]]:
        folder = files(self.package).joinpath("schemas")
        read = (
            json.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".json")
        )
        return {schema["$id"]: schema for schema in read}

    @cached_property
    def _schema(self) -> Mapping[str, Json]:
        return next(schema for urn, schema in self._folder.items() if urn.split(":")[-2] == self.name)

    @cached_property
    def _quick(self) -> jsonschema_rs.Draft202012Validator:
        others = [(urn, dict(schema)) for urn, schema in self._folder.items()]
        return jsonschema_rs.Draft202012Validator(dict(self._schema), registry=jsonschema_rs.Registry(others))

    @cached_property
    def _slow(self) -> Draft202012Validator:
        others: list[tuple[str, Resource[Mapping[str, Json]]]] = [
            (urn, Resource.from_contents(schema)) for urn, schema in self._folder.items()
        ]
        return Draft202012Validator(dict(self._schema), registry=Registry().with_resources(others))


def _in_words(error: ValidationError) -> Violation:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    if error.validator == "required":
        # The message is the only place where jsonschema tells which of the required properties it misses.
        missing = error.message.split("'")[1]
        return Violation(field=f"{place}.{missing}".removeprefix("."), message="is missing")
    value = "" if isinstance(error.instance, dict | list) else shorten(error.instance)
    told = error.schema.get("description") if isinstance(error.schema, dict) else None
    if told is None or error.validator == "additionalProperties":
        told = shorten(error.message, 200)
    else:
        told = f"must be {told}"
    return Violation(field=place.removeprefix("."), message=told, value=value)
