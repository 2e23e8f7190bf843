"""The folder of a collection's curation: one YAML file a recid, written by hand or by `cern-assets curate`."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import yaml
from pydantic import ValidationError

from cern_assets.collections.plain_yaml import refuse_intricate
from cern_assets.errors import ConfigurationError
from cern_assets.failures import of_the_system
from cern_assets.model.curation import Curation
from cern_assets.model.identifiers import Recid

_LARGEST_BYTES = 4 * 1024 * 1024
_DEEPEST = 100
"""More than records of any source are nested."""

_REMEDY = "Correct the file; docs/how-to/curation.md shows what stands in it."


def curation_of(folder: Path | None, recid: Recid) -> Curation | None:
    """What people correct in a recid's deposit, None where nothing is.

    Raises:
        ConfigurationError: the file cannot be read or says what it may not say; it names file and field.
    """
    if folder is None:
        return None
    path = curation_file(folder, recid)
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"The file cannot be read: {error.strerror}.", uri=str(path), remedy=_REMEDY
        ) from error
    return _read(text, path)


def curations_in(folder: Path) -> Iterator[tuple[Recid, Curation]]:
    """All files of a folder, by recid.

    Raises:
        ConfigurationError: the folder is not there, or a file of it is not usable.
    """
    if not folder.is_dir():
        raise ConfigurationError("The folder of curation is not there.", uri=str(folder), remedy="Make it.")
    for path in sorted(folder.glob("*.yaml")):
        recid = Recid(unquote(path.stem))
        found = curation_of(folder, recid)
        if found is not None:
            yield recid, found


def write_curation(folder: Path, recid: Recid, curation: Curation) -> Path:
    """Write a recid's file, whole or not at all; an older one is replaced.

    Raises:
        StorageFullError, StorageUnavailableError: it cannot be written.
    """
    path = curation_file(folder, recid)
    said = {
        "author": curation.author,
        "date": curation.date,
        "reason": curation.reason,
        "made_for": curation.made_for,
        "patch": [operation.as_json() for operation in curation.patch],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".curation-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                yaml.safe_dump(said, file, sort_keys=False, allow_unicode=True, width=120)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise of_the_system(error, "Writing the curation", str(path)) from error
    return path


def curation_file(folder: Path, recid: Recid) -> Path:
    """Where a recid's file lies; no recid leads out of the folder."""
    return folder / f"{quote(recid, safe='')}.yaml"


def _read(text: bytes, path: Path) -> Curation:
    if len(text) > _LARGEST_BYTES:
        raise ConfigurationError(f"The file has more than {_LARGEST_BYTES:,} bytes.", uri=str(path), remedy=_REMEDY)
    try:
        refuse_intricate(text, str(path), deepest=_DEEPEST, remedy=_REMEDY)
        return Curation.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())[:200]
        raise ConfigurationError(f"This is no YAML: {said}", uri=str(path), remedy=_REMEDY) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"{first['msg']}.", uri=str(path), field=place or "the whole file", remedy=_REMEDY
        ) from error
