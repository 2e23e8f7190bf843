"""Collections from YAML files; what is wrong in one is told by file, line and field."""

from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ValidationError

from cern_assets.collections.plain_yaml import refuse_intricate
from cern_assets.collections.spec import CollectionSpec
from cern_assets.errors import ConfigurationError
from cern_assets.model.values import Value

_REMEDY = "Correct the file; docs/reference/collections.md lists the fields."
_DEEPEST = 20
_SHOWN = 80

type _Place = tuple[int | str, ...]


class _File(Value):
    """A Dagster component's file, as far as collections use it."""

    type: Literal["cern_assets.RecordCollection"]
    attributes: CollectionSpec


def read_folder(folder: Path) -> tuple[CollectionSpec, ...]:
    """The collections of all `*.yaml` files of a folder, by name.

    Raises:
        ConfigurationError: the folder holds none, two of the same name, or one that is not usable.
    """
    found: dict[str, Path] = {}
    specs = []
    for path in sorted(folder.glob("*.yaml")):
        spec = read_collection(path)
        if spec.name in found:
            raise ConfigurationError(
                f"Two files call their collection {spec.name}: {found[spec.name].name} and {path.name}.",
                uri=str(path),
                field="name",
                remedy="Give one of them another name.",
            )
        found[spec.name] = path
        specs.append(spec)
    if not specs:
        raise ConfigurationError(
            "The folder of collections holds none." if folder.is_dir() else "The folder of collections is not there.",
            uri=str(folder),
            remedy="Put a .yaml file into it for each collection, or unset CERN_ASSETS_COLLECTIONS.",
        )
    return tuple(sorted(specs, key=lambda spec: spec.name))


def read_collection(path: Path) -> CollectionSpec:
    """The collection of one file.

    Raises:
        ConfigurationError: the file cannot be read, is no YAML, or says something that a collection has no place for.
    """
    try:
        text = path.read_text(encoding="utf-8")
        refuse_intricate(text, str(path), deepest=_DEEPEST, remedy=_REMEDY)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        said = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigurationError(f"This is no YAML: {error.problem}.", uri=f"{path}{line}", remedy=_REMEDY) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The file cannot be read: {error}.", uri=str(path), remedy=_REMEDY) from error
    try:
        spec = _File.model_validate(said).attributes.placed(path.stem, path.parent)
        return CollectionSpec.model_validate(spec.model_dump())  # the name may be the file's
    except ValidationError as error:
        raise _refusal(path, node, error) from error


def _refusal(path: Path, node: yaml.Node | None, error: ValidationError) -> ConfigurationError:
    """The first thing that is wrong; the rest is told when that is mended."""
    first = error.errors()[0]
    place: _Place = tuple(first["loc"])
    if place == ("name",):
        message = f"The file's name is none for a collection: {first['msg']}"
    elif first["type"] == "extra_forbidden":
        message = f"There is no such field; allowed are {', '.join(_allowed(place[:-1]))}"
    elif first["type"] == "missing":
        message = "This field is needed"
    else:
        message = first["msg"]
    shown = ".".join(str(part) for part in place if part != "attributes") or "the whole file"
    value = "" if first["type"] == "missing" else str(first.get("input"))[:_SHOWN]
    return ConfigurationError(
        f"{message}.", uri=f"{path}:{_line(node, place)}", field=shown, value=value, remedy=_REMEDY
    )


def _allowed(place: _Place) -> list[str]:
    model: type[BaseModel] = _File
    for part in place:
        field = model.model_fields.get(str(part))
        if field is not None:  # else the name of one of several models that may stand here
            kinds = (field.annotation, *get_args(field.annotation))
            model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return sorted(model.model_fields)


def _line(node: yaml.Node | None, place: _Place) -> int:
    """The line of a place, or of the innermost part of it that is there; counted from 1."""
    line = node.start_mark.line if node else 0
    for part in place:
        inner = _inner(node, part)
        if inner is None:
            break
        line, node = inner
    return line + 1


def _inner(node: yaml.Node | None, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    return None
