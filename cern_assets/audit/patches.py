"""Patches for the source: JSON Patch (RFC 6902), each change after a test of what it replaces."""

from collections.abc import Iterable
from typing import cast

import jsonpatch
import jsonpointer

from cern_assets.model.values import Json, JsonObject

type Patch = tuple[dict[str, Json], ...]
type Steps = Iterable[str | int]


def pointer(steps: Steps) -> str:
    """A place as RFC 6901 writes it: `("files", 3, "checksum")` is `/files/3/checksum`."""
    return str(jsonpointer.JsonPointer.from_parts([str(step) for step in steps]).path)


def replaced(steps: Steps, old: Json, new: Json) -> Patch:
    """Another value in a place."""
    path = pointer(steps)
    return ({"op": "test", "path": path, "value": old}, {"op": "replace", "path": path, "value": new})


def removed(steps: Steps, old: Json) -> Patch:
    """Nothing in a place."""
    path = pointer(steps)
    return ({"op": "test", "path": path, "value": old}, {"op": "remove", "path": path})


def added(steps: Steps, value: Json) -> Patch:
    """A value in a place where there is none; `-` as the last step is behind the end of a list."""
    return ({"op": "add", "path": pointer(steps), "value": value},)


def patched(said: JsonObject, patch: Patch) -> JsonObject:
    """The record as it would be; the one that is given stays as it is.

    Raises:
        jsonpatch.JsonPatchException: the record is not the one that the patch was made for.
    """
    return cast("JsonObject", jsonpatch.JsonPatch(list(patch)).apply(dict(said)))
