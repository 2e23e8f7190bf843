"""What is asked of every YAML file that people write: that it is as long as it looks, and that no word of it is lost."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import yaml

from cern_assets.errors import ConfigurationError


def refuse_intricate(text: str | bytes, uri: str, *, deepest: int, remedy: str) -> None:
    """Refuse what makes a short text long or deep, or that YAML's readers pass over, before anything is made of it.

    That is a reference to another part of the file, a type (`!!binary`), lists and objects that are nested more than
    `deepest`, a name that is no text, and a name that stands twice in an object: the library takes the last one. Errors
    of YAML itself are left to whoever reads the text.

    Raises:
        ConfigurationError: so it is; `uri` is told with the line, counted from 1.
    """

    def refusal(event: yaml.Event, message: str, name: str | None = None) -> ConfigurationError:
        place = f"{uri}:{event.start_mark.line + 1}"
        return ConfigurationError(f"{message}.", uri=place, field=name, remedy=remedy)

    open_: list[_Object | None] = []
    for event in _events(text):
        if isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        if isinstance(event, yaml.AliasEvent):
            raise refusal(event, "The file does not refer to parts of itself")
        if event.tag:
            raise refusal(event, "The file says no types")
        inside = open_[-1] if open_ else None
        if inside is not None:
            if inside.awaits_name:
                if not isinstance(event, yaml.ScalarEvent):
                    raise refusal(event, "A name is a text, and no list or object")
                if event.value in inside.names:
                    raise refusal(event, "This field is said twice", event.value)
                inside.names.add(event.value)
            inside.awaits_name = not inside.awaits_name
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append(_Object() if isinstance(event, yaml.MappingStartEvent) else None)
            if len(open_) > deepest:
                raise refusal(event, f"The file is nested {deepest} deep at most")


@dataclass
class _Object:
    """An object that is being read: the names that it has so far, and whether the next part is one."""

    names: set[str] = field(default_factory=set)
    awaits_name: bool = True


def _events(text: str | bytes) -> Iterator[yaml.Event]:
    """As libyaml reads them, whose cost does not grow with the square of the nesting."""
    with suppress(yaml.YAMLError):
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
