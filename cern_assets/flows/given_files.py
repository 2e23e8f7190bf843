"""Files that somebody gives beside a deposit: a folder, or a manifest that lists them."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from cern_assets.errors import ChecksumMismatchError, ConfigurationError, FileMissingError, SizeMismatchError
from cern_assets.model.checksums import Algorithm, Checksum, parse_checksum
from cern_assets.model.files import FileRef
from cern_assets.model.manifests import StoredFile
from cern_assets.model.names import safe_key
from cern_assets.model.values import Value
from cern_assets.transfers.hashing import fingerprint

_CHUNK_BYTES = 4 * 1024**2


class ListedFile(Value):
    """An entry of a manifest: `path` is relative to the manifest's folder, and the key where none is given.

    `size` is in bytes, `checksum` is `algorithm:hex`; what is not stated is found by reading the file.
    """

    path: Annotated[str, Field(min_length=1)]
    key: str = ""
    size: Annotated[int | None, Field(ge=0)] = None
    checksum: str = ""


_LISTED = TypeAdapter(tuple[ListedFile, ...])


def files_given(place: Path) -> tuple[Path, tuple[StoredFile, ...]]:
    """The folder that paths are relative to, and the files in the order of their keys.

    Each file is read once for its MD5, unless a manifest states that: the repository's copy is compared with it.

    Raises:
        ConfigurationError: the manifest is none, or states a checksum that is none.
        FileMissingError, SizeMismatchError, ChecksumMismatchError: a listed file is not there, or not what is stated.
        UnsafeNameError: a key cannot be used.
    """
    folder = place if place.is_dir() else place.parent
    listed = _in_folder(place) if place.is_dir() else _in_manifest(place)
    files = [_stored(folder, entry, place) for entry in listed]
    twice = next((key for key, count in Counter(file.key for file in files).items() if count > 1), None)
    if twice is not None:
        raise ConfigurationError(f"The manifest lists {twice} twice.", uri=str(place), remedy="Correct it.")
    return folder, tuple(sorted(files, key=lambda file: file.key))


def _in_folder(folder: Path) -> tuple[ListedFile, ...]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple(ListedFile(path=path.relative_to(folder).as_posix()) for path in paths)


def _in_manifest(path: Path) -> tuple[ListedFile, ...]:
    try:
        return _LISTED.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            f"The manifest is not usable: {first['msg']}.",
            uri=str(path),
            field=".".join(str(part) for part in first["loc"]),
            remedy="Make it a JSON list of objects with path, and key, size and checksum where they are known.",
        ) from error


def _stored(folder: Path, entry: ListedFile, listed_in: Path) -> StoredFile:
    path = folder / entry.path
    if not path.is_file():
        raise FileMissingError("A file to send is not there.", uri=str(path), remedy=f"Correct {listed_in}.")
    size_bytes = path.stat().st_size
    if entry.size not in (None, size_bytes):
        raise SizeMismatchError(
            f"A file to send has {size_bytes} bytes, and {entry.size} are stated.", uri=str(path), field="size"
        )
    stated = _stated(entry, listed_in)
    md5 = stated if stated and stated.algorithm == "md5" else _read_through(path, stated)
    ref = FileRef(place="source", path=entry.path)
    key = safe_key(entry.key or entry.path)
    return StoredFile(key=key, ref=ref, size_bytes=size_bytes, checksums=(md5,), verified=True)


def _stated(entry: ListedFile, listed_in: Path) -> Checksum | None:
    checksum = parse_checksum(entry.checksum) if entry.checksum else None
    if entry.checksum and checksum is None:
        raise ConfigurationError(
            "The manifest states a checksum that is none.", uri=str(listed_in), field="checksum", value=entry.checksum
        )
    return checksum


def _read_through(path: Path, stated: Checksum | None) -> Checksum:
    """The MD5 of a file, which must have the stated checksum, too."""
    algorithms: tuple[Algorithm, ...] = ("md5", stated.algorithm) if stated else ("md5",)
    with path.open("rb") as file:
        _size, (md5, *other) = fingerprint(iter(partial(file.read, _CHUNK_BYTES), b""), algorithms)
    if stated and other != [stated]:
        raise ChecksumMismatchError(
            f"A file to send has the checksum {other[0]}, and {stated} is stated.", uri=str(path), field="checksum"
        )
    return md5
