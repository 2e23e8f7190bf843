"""What is asked of every YAML file that people write: it is as long as it looks, and no word of it is lost."""

from collections.abc import Iterator
from contextlib import suppress

import yaml

from cern_assets.errors import ConfigurationError

_TWICE = "This field is said twice"


def refuse_intricate(text: str | bytes, uri: str, *, deepest: int, remedy: str) -> None:
    """Refuse what makes a short text long or deep, or that YAML's readers pass over, before anything is made of it.

    That is a reference to another part of the file, a type (`!!binary`), lists and objects that are nested more than
    `deepest`, a name that is no text, and a name that stands twice in an object: the library takes the last one. Errors
    of YAML itself are left to whoever reads the text.

    Raises:
        ConfigurationError: so it is; `uri` is told with the line, counted from 1.
    """
    open_: list[_Object | None] = []
    for event in _events(text):
        begins = isinstance(event, yaml.CollectionStartEvent)
        wrong = _wrong(event, open_[-1] if open_ else None) if isinstance(event, yaml.NodeEvent) else ""
        if begins and len(open_) == deepest:
            wrong = wrong or f"The file is nested {deepest} deep at most"
        if wrong:
            field = str(getattr(event, "value", "")) if wrong == _TWICE else None
            line = f":{event.start_mark.line + 1}" if event.start_mark else ""
            raise ConfigurationError(f"{wrong}.", uri=f"{uri}{line}", field=field, remedy=remedy)
        if begins:
            open_.append(_Object() if isinstance(event, yaml.MappingStartEvent) else None)
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()


def _wrong(event: yaml.NodeEvent, inside: "_Object | None") -> str:
    if isinstance(event, yaml.AliasEvent):
        return "The file does not refer to parts of itself"
    if getattr(event, "tag", None):
        return "The file says no types"
    return inside.wrong_next(event) if inside else ""


class _Object:
    """An object that is being read: the names that it has so far, and whether the next part is one."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._awaits_name = True

    def wrong_next(self, event: yaml.NodeEvent) -> str:
        """What is wrong with the next part, a name or the value of one; "" where nothing is."""
        is_name, self._awaits_name = self._awaits_name, not self._awaits_name
        if not is_name:
            return ""
        if not isinstance(event, yaml.ScalarEvent):
            return "A name is a text, and no list or object"
        if event.value in self._names:
            return _TWICE
        self._names.add(event.value)
        return ""


def _events(text: str | bytes) -> Iterator[yaml.Event]:
    """As libyaml reads them, whose cost does not grow with the square of the nesting."""
    with suppress(yaml.YAMLError):
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
