"""What stewards decided about single recids: a small YAML file beside the collection, by hand or by `decide`."""

import datetime as dt
import fcntl
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from cern_assets.collections.plain_yaml import refuse_intricate
from cern_assets.errors import ConfigurationError
from cern_assets.model.decisions import StewardDecision

_FILE = TypeAdapter(dict[str, StewardDecision])
_REMEDY = "Correct the file: under each recid `choice` (accept, leave_out or hold), `by`, `when` and `why`."
_MOST_BYTES = 16 * 1024**2
_DEEPEST = 4


def decisions_file(folder: Path, collection: str) -> Path:
    """Where the decisions about a collection's recids are; collections are read from the folder, not from below it."""
    return folder / "decisions" / f"{collection}.yaml"


def read_decisions(path: Path) -> Mapping[str, StewardDecision]:
    """The decisions of a file by recid, none where there is no file.

    Raises:
        ConfigurationError: the file cannot be read, or says something else.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigurationError("The file of decisions is too long.", uri=str(path), remedy=_REMEDY)
        text = path.read_text(encoding="utf-8")
        refuse_intricate(text, str(path), deepest=_DEEPEST, remedy=_REMEDY)
        said = yaml.load(text, Loader=_Plain)  # noqa: S506  a SafeLoader
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"Decisions cannot be read: {error}.", uri=str(path), remedy=_REMEDY) from error
    if said is None:
        return {}
    try:
        return _FILE.validate_python(said)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise ConfigurationError(f"{first['msg']}.", uri=str(path), field=place, remedy=_REMEDY) from error


def write_decisions(path: Path, recids: Collection[str], decision: StewardDecision | None) -> None:
    """Put a decision about recids into the file, or take theirs out; the others stay. Two at once wait for each other.

    Raises:
        ConfigurationError: the file is not usable, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = {known: other for known, other in read_decisions(path).items() if known not in recids}
            decided = kept | (dict.fromkeys(recids, decision) if decision else {})
            said = {known: other.model_dump(mode="json") for known, other in sorted(decided.items())}
            writing = path.with_suffix(f".{os.getpid()}")
            text = yaml.dump(said, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
            writing.write_text(text, encoding="utf-8")
            writing.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"Decisions cannot be written: {error.strerror}.", uri=str(path), remedy="Make the folder writable."
        ) from error


def today() -> dt.date:
    """The day of a decision, UTC."""
    return dt.datetime.now(dt.UTC).date()


class _Plain(yaml.CSafeLoader):
    """Recids are texts, also where they look like numbers."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
