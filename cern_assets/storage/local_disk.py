"""What the stores of local folders share: the system's errors in our words, room, names that are on disk.

What a small file takes has plain strings for paths: making and taking apart a `Path` costs as much as its bytes.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from cern_assets.errors import (
    CernAssetsError,
    CredentialsRefusedError,
    FileMissingError,
    StorageFullError,
    StorageUnavailableError,
    UnsafeNameError,
)
from cern_assets.failures import failure, no_room

CHUNK_BYTES = 4 * 1024**2
MOST_AT_ONCE_BYTES = 1024**3

type Kinds = dict[int | None, type[CernAssetsError]]

ALWAYS: Kinds = {
    errno.ENAMETOOLONG: UnsafeNameError,
    errno.ENOSPC: StorageFullError,
    errno.EDQUOT: StorageFullError,
    errno.EFBIG: StorageFullError,
    errno.EACCES: CredentialsRefusedError,
    errno.EPERM: CredentialsRefusedError,
    errno.EROFS: CredentialsRefusedError,
}
# A folder where a file is wanted, or the other way round: nothing to read, but a clash of names when writing.
READING: Kinds = {
    **ALWAYS,
    errno.ENOENT: FileMissingError,
    errno.ENOTDIR: FileMissingError,
    errno.EISDIR: FileMissingError,
}
WRITING: Kinds = {
    **ALWAYS,
    errno.EEXIST: UnsafeNameError,
    errno.ENOTDIR: UnsafeNameError,
    errno.EISDIR: UnsafeNameError,
    errno.ENOTEMPTY: UnsafeNameError,
}


def folder_of(place: str) -> str:
    """The folder that a file is in."""
    return place.rpartition("/")[0] or "/"


def named(temporary: str, target: str) -> None:
    """Give a file its name, in place of an older one or of an empty folder; one with files in it refuses."""
    try:
        os.replace(temporary, target)
    except IsADirectoryError:
        os.rmdir(target)
        os.replace(temporary, target)


@contextmanager
def translated(doing: str, uri: str, kinds: Kinds, *, needed_bytes: int | None = None) -> Iterator[None]:
    """Raise the error of our tree for whatever the operating system says."""
    try:
        yield
    except OSError as error:
        kind = kinds.get(error.errno, StorageUnavailableError)
        if kind is StorageFullError:
            raise no_room(uri, needed_bytes=needed_bytes, free_bytes=free_bytes(nearest_folder(Path(uri)))) from error
        raise failure(kind, doing, uri, error.strerror or str(error)) from error


def chunks(file: FileIO, uri: str) -> Iterator[bytes]:
    """A file from where it stands to its end, in chunks of 4 MiB."""
    while True:
        with translated("Reading", uri, READING):
            chunk = file.read(CHUNK_BYTES)
        if not chunk:
            return
        yield chunk


def read_fully(descriptor: int, offset: int, size_bytes: int) -> bytes:
    """These bytes of a file, fewer only where it ends; the system may hand out less at a time."""
    part = os.pread(descriptor, size_bytes, offset)
    if len(part) == size_bytes or size_bytes < MOST_AT_ONCE_BYTES:  # a file gives less at its end only
        return part
    parts = [part]
    while part and (size_bytes := size_bytes - len(part)):
        offset += len(part)
        part = os.pread(descriptor, size_bytes, offset)
        parts.append(part)
    return b"".join(parts)


def locked(place: Path) -> FileIO | None:
    """A file to go on with, held against other writers; None if somebody else holds it, or has just finished it."""
    file = FileIO(os.open(place, os.O_RDWR | os.O_CREAT, 0o666), "r+")
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file.fileno()), place.stat()):
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    file.close()
    return None


def require_room(target: Path, size_bytes: int | None) -> None:
    """Raise `StorageFullError` if so many bytes do not fit where a file is to be made."""
    with translated("Looking for room", str(target), WRITING):
        free = free_bytes(nearest_folder(target))
    if size_bytes is not None and free is not None and size_bytes > free:
        raise no_room(str(target), needed_bytes=size_bytes, free_bytes=free)


def free_bytes(folder: Path) -> int | None:
    """Bytes that an ordinary user may still write below a folder, None where the file system does not tell."""
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize if system.f_blocks else None


def nearest_folder(place: Path) -> Path:
    """The folder itself, or the first above it that exists."""
    return next(folder for folder in (place, *place.parents) if folder.is_dir())


def make_folders(folder: str, *, lasting: bool = True) -> None:
    """Make a folder with its parents so that they, too, are on disk before a file in them counts as written."""
    if os.path.isdir(folder):
        return
    make_folders(folder_of(folder), lasting=lasting)
    try:
        os.mkdir(folder)
    except OSError:
        if not os.path.isdir(folder):  # which somebody else made meanwhile
            raise
    if lasting:
        sync_folder(folder_of(folder))


def made_anew(place: str, *, lasting: bool = True) -> FileIO:
    """A file that was not there, with the folders above it, which are looked at only where there is none.

    Raises:
        FileExistsError: it is there.
    """
    try:
        return FileIO(place, "x")
    except FileNotFoundError:
        make_folders(folder_of(place), lasting=lasting)
        return FileIO(place, "x")


def sync_folder(folder: str) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_below(folder: str, inside: str = "") -> Iterator[str]:
    """The files below a folder, by their paths in it after `inside`: its own in order, then those of its folders.

    Folders behind links are not looked into, and one that is gone has nothing.
    """
    folders = []
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if not entry.is_dir():
            yield f"{inside}{entry.name}"
        elif not entry.is_symlink():
            folders.append(entry)
    for entry in folders:
        yield from files_below(entry.path, f"{inside}{entry.name}/")
