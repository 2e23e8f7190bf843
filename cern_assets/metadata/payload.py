"""The payload as the rows of a crosswalk write it."""

from functools import lru_cache

import pydantic_core

from cern_assets.metadata.text import as_kept, is_kept
from cern_assets.model.values import Json

_FEW = 16
"""Items of a list up to which comparing is quicker than remembering."""


class Payload:
    """Fields by their path (`metadata.title`); `content` is what was written."""

    __slots__ = ("_written", "content")

    def __init__(self) -> None:
        self.content: dict[str, Json] = {}
        self._written: dict[str, Json] = {}

    def at(self, target: str) -> Json:
        """What was written to a path, None if nothing was."""
        return self._written.get(target)

    def write(self, target: str, value: Json, *, keep_equal: bool = False) -> None:
        """Put a value in its place, or items behind those that are there, equal ones once unless they are kept."""
        self.add(target, value if keep_equal or not isinstance(value, list) else each_once(value), keep_equal)

    def add(self, target: str, value: Json, keep_equal: bool) -> None:  # noqa: FBT001  asked for each field of each record
        """The same of a list whose items are told apart already; the list itself is left as it is."""
        if not isinstance(value, list):
            self._put(target, value)
            return
        items = self._written.get(target)
        if items is None:
            self._put(target, value.copy())
        elif not isinstance(items, list):
            raise TypeError(f"The crosswalk writes {target} both as a list and as one value.")
        elif keep_equal:
            items += value
        else:
            _add(items, value)

    def _put(self, target: str, value: Json) -> None:
        parents, name = _steps(target)
        place = self.content
        for parent in parents:
            inner = place.get(parent)
            if inner is None:
                inner = place[parent] = {}
            elif not isinstance(inner, dict):
                raise TypeError(f"The crosswalk writes both {parent} and {target}.")
            place = inner
        place[name] = value
        self._written[target] = value


@lru_cache(1_024)
def _steps(target: str) -> tuple[tuple[str, ...], str]:
    *parents, name = target.split(".")
    return tuple(parents), name


def _add(items: list[Json], value: list[Json]) -> None:
    if len(value) <= _FEW:
        for item in value:
            if item not in items:
                items.append(item)
        return
    seen = {repr(item) for item in items}
    for item in value:
        key = repr(item)
        if key not in seen:
            seen.add(key)
            items.append(item)


def each_once(items: list[Json]) -> list[Json]:
    """The items in their order, equal ones once."""
    found: list[Json] = []
    _add(found, items)
    return found


def kept(value: Json) -> Json:
    """A value with its texts as the target will keep them."""
    if isinstance(value, str):
        return as_kept(value)
    if not isinstance(value, (dict, list)) or _is_all_kept(value):
        return value
    if isinstance(value, list):
        return [_kept(item) for item in value]
    return {name: _kept(inner) for name, inner in value.items()}


def _kept(value: Json) -> Json:
    if isinstance(value, str):
        return value if is_kept(value) else as_kept(value)
    if isinstance(value, list):
        return [_kept(item) for item in value]
    if isinstance(value, dict):
        return {name: _kept(inner) for name, inner in value.items()}
    return value


def _is_all_kept(value: Json) -> bool:
    """Whether all texts of a part are surely kept: one look at all is many times quicker than one at each."""
    try:
        whole = pydantic_core.to_json(value)
    except (ValueError, RecursionError):
        return False
    if b"&" in whole:
        return False
    return whole.isascii() or (b"\\u" not in whole and is_kept(whole.decode()))
