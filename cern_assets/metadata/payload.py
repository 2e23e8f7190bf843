"""The payload as the rows of a crosswalk write it."""

from functools import lru_cache

import pydantic_core

from cern_assets.metadata.text import as_kept, is_kept
from cern_assets.model.values import Json

_LOOKS = 2
"""Levels of objects, from the top, of which each part is looked at as a whole first: `metadata` and its fields."""
_FEW = 16
"""Items of a list up to which comparing is quicker than remembering."""


class Payload:
    """Fields by their path (`metadata.title`); `content` is what was written."""

    def __init__(self) -> None:
        self.content: dict[str, Json] = {}
        self._written: dict[str, Json] = {}
        self._seen: dict[str, set[str]] = {}

    def at(self, target: str) -> Json:
        """What was written to a path, None if nothing was."""
        return self._written.get(target)

    def write(self, target: str, value: Json, *, keep_equal: bool = False) -> None:
        """Put a value in its place, or items behind those that are there, equal ones once unless they are kept."""
        if not isinstance(value, list):
            self._put(target, value)
            return
        items = self._written.get(target)
        if items is None:
            items = []
            self._put(target, items)
        if not isinstance(items, list):
            raise TypeError(f"The crosswalk writes {target} both as a list and as one value.")
        if keep_equal:
            items += value
        elif len(items) + len(value) <= _FEW:
            for item in value:
                if item not in items:
                    items.append(item)
        else:
            self._add_many(target, items, value)

    def as_kept(self) -> dict[str, Json]:
        """The content with its texts as the target will keep them."""
        return {name: _kept(value, _LOOKS) for name, value in self.content.items()}

    def _add_many(self, target: str, items: list[Json], value: list[Json]) -> None:
        seen = self._seen.get(target)
        if seen is None or len(seen) != len(items):
            seen = self._seen[target] = {repr(item) for item in items}
        for item in value:
            key = repr(item)
            if key not in seen:
                seen.add(key)
                items.append(item)

    def _put(self, target: str, value: Json) -> None:
        parents, name = _steps(target)
        place = self.content
        for parent in parents:
            inner = place.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise TypeError(f"The crosswalk writes both {parent} and {target}.")
            place = inner
        place[name] = value
        self._written[target] = value


@lru_cache(1_024)
def _steps(target: str) -> tuple[tuple[str, ...], str]:
    *parents, name = target.split(".")
    return tuple(parents), name


def _kept(value: Json, looks: int = 0) -> Json:
    if isinstance(value, str):
        return as_kept(value)
    if not isinstance(value, dict | list) or (looks and _is_all_kept(value)):
        return value
    if isinstance(value, list):
        return [_kept(item) for item in value]
    return {
        name: inner if isinstance(inner, str) and is_kept(inner) else _kept(inner, max(0, looks - 1))
        for name, inner in value.items()
    }


def _is_all_kept(value: Json) -> bool:
    """Whether all texts of a part are surely kept: one look at all is many times quicker than one at each."""
    try:
        whole = pydantic_core.to_json(value)
    except (ValueError, RecursionError):
        return False
    return whole.isascii() and b"&" not in whole
