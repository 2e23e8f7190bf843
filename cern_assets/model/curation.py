"""Curation: what people correct in a deposit, by hand, so that it lasts over every new run."""

from datetime import date
from typing import Annotated

from pydantic import AliasChoices, Field

from cern_assets.model.values import Json, Value


class Operation(Value):
    """One operation of a JSON Patch (RFC 6902, section 4), on a place below `metadata` or `custom_fields`."""

    op: Annotated[str, Field(pattern=r"^(add|remove|replace|move|copy|test)$")]
    path: Annotated[str, Field(pattern=r"^/(metadata|custom_fields)(/|$)", max_length=1000)]
    value: Json = None
    origin: Annotated[
        str | None,
        Field(
            validation_alias=AliasChoices("from", "origin"), pattern=r"^/(metadata|custom_fields)(/|$)", max_length=1000
        ),
    ] = None

    def as_json(self) -> dict[str, Json]:
        """As RFC 6902 writes it."""
        if self.op == "remove":
            return {"op": self.op, "path": self.path}
        if self.op in ("move", "copy"):
            return {"op": self.op, "path": self.path, "from": self.origin}
        return {"op": self.op, "path": self.path, "value": self.value}


class Curation(Value):
    """Corrections of one recid's deposit: who made them, when and why, and for which deposit.

    `made_for` is the hash of the deposit that the author saw, as the crosswalk made it.
    """

    author: Annotated[str, Field(min_length=1, max_length=200)]
    date: date
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    made_for: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    patch: Annotated[tuple[Operation, ...], Field(min_length=1, max_length=1000)]

    def __str__(self) -> str:
        return f"{self.author}, {self.date.isoformat()}: {self.reason}"
