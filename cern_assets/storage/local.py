"""A local folder as a store."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
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
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.files import Leftover
from cern_assets.ports import Range
from cern_assets.storage.paths import is_temporary, leftover_path, safe_path, temporary_name

_CHUNK_BYTES = 4 * 1024**2
_MOST_AT_ONCE_BYTES = 1024**3

type _Kinds = dict[int | None, type[CernAssetsError]]

_ALWAYS: _Kinds = {
    errno.ENAMETOOLONG: UnsafeNameError,
    errno.ENOSPC: StorageFullError,
    errno.EDQUOT: StorageFullError,
    errno.EFBIG: StorageFullError,
    errno.EACCES: CredentialsRefusedError,
    errno.EPERM: CredentialsRefusedError,
    errno.EROFS: CredentialsRefusedError,
}
# A folder where a file is wanted, or the other way round: nothing to read, but a clash of names when writing.
_READING: _Kinds = {
    **_ALWAYS,
    errno.ENOENT: FileMissingError,
    errno.ENOTDIR: FileMissingError,
    errno.EISDIR: FileMissingError,
}
_WRITING: _Kinds = {
    **_ALWAYS,
    errno.EEXIST: UnsafeNameError,
    errno.ENOTDIR: UnsafeNameError,
    errno.EISDIR: UnsafeNameError,
    errno.ENOTEMPTY: UnsafeNameError,
}


class LocalStore:
    """A `ports.FileStore` over a folder, which is made by the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def close(self) -> None:
        """Do nothing: files are closed where they are opened."""

    def ping(self) -> str:
        """Say how much room there is.

        Raises:
            StorageUnavailableError: something else than a folder has the root's name, or it cannot be looked at.
        """
        with _translated("Looking at the folder", str(self._root), _ALWAYS):
            exists = self._root.exists()
            if exists and not self._root.is_dir():
                raise failure(StorageUnavailableError, "Looking at the folder", str(self._root), "it is a file")
            free = _free_bytes(_nearest_folder(self._root))
        state = "folder" if exists else "folder (made by the first write)"
        room = "free space unknown" if free is None else f"{free / 1024**3:.1f} GiB free"
        return f"{state} {self._root}, {room}"

    def uri(self, path: str) -> str:
        """Name a file by its absolute path."""
        return f"{self._root}/{safe_path(path)}"

    def size_bytes(self, path: str) -> int | None:
        """Size of a file, None if there is none."""
        place = Path(self.uri(path))
        with _translated("Looking at the file", str(place), _ALWAYS):
            try:
                found = place.stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        """Read a file from an offset on, in chunks of 4 MiB."""
        uri = self.uri(path)
        with _translated("Reading", uri, _READING):
            file = FileIO(uri)
        with file:
            file.seek(offset_bytes)
            yield _chunks(file, uri)

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        """Read parts of a file."""
        uri = self.uri(path)
        with _translated("Reading", uri, _READING):
            descriptor = os.open(uri, os.O_RDONLY)
            try:
                return [_read_fully(descriptor, offset, size) for offset, size in ranges]
            finally:
                os.close(descriptor)

    def checksum(self, path: str, algorithm: Algorithm) -> Checksum | None:  # noqa: ARG002  the port's signature
        """None: a file system computes none; reading the file is left to who wants to know."""
        if self.size_bytes(path) is None:
            raise failure(FileMissingError, "Looking at the file", self.uri(path), "there is no such file")
        return None

    def is_online(self, path: str) -> bool | None:
        """True for every file that is there."""
        return self.size_bytes(path) is not None

    def prepare(self, paths: Sequence[str]) -> str | None:  # noqa: ARG002  the port's signature
        """None: there is no tape behind a folder."""
        return None

    @contextmanager
    def create(self, path: str, *, size_bytes: int | None, resume: str | None = None) -> Iterator["LocalWriter"]:
        """Begin a file under a temporary name beside its own; the space for `size_bytes` is allocated at once.

        That of a resumable file is not, as its size tells how far an earlier attempt came; it is locked as long as
        somebody writes it.
        """
        target = Path(self.uri(path))
        _require_room(target, None if resume else size_bytes)
        with _translated("Creating", str(target), _WRITING):
            _make_folders(target.parent)
            kept = _locked(target.with_name(temporary_name(resume))) if resume else None
            temporary = target.with_name(temporary_name(resume if kept else None))
            file = kept or FileIO(temporary, "x")
        written = file.seek(0, os.SEEK_END)
        try:
            with file:
                if kept:
                    _require_room(target, size_bytes and max(size_bytes - written, 0))
                elif size_bytes:
                    with _translated("Reserving the space", str(target), _WRITING, needed_bytes=size_bytes):
                        os.posix_fallocate(file.fileno(), 0, size_bytes)
                yield LocalWriter(file, temporary, target, written_bytes=written)
        finally:
            if not kept:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)

    def fetch(self, uri: str, path: str, *, size_bytes: int) -> bool:  # noqa: ARG002  the port's signature
        """False: a folder can ask no server for anything."""
        return False

    def reserve(self, path: str) -> bool:
        """Make an empty file, which the system does for one of many."""
        place = Path(self.uri(path))
        with _translated("Reserving", str(place), _WRITING):
            _make_folders(place.parent)
            try:
                FileIO(place, "x").close()
            except FileExistsError:
                return False
            _sync_folder(place.parent)
        return True

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """Temporary files below a folder."""
        for path in self._files(prefix):
            if is_temporary(path):
                with contextlib.suppress(FileNotFoundError):
                    found = (self._root / path).stat()
                    yield Leftover(path=path, size_bytes=found.st_size, modified=found.st_mtime)

    def collect(self, leftover: Leftover) -> None:
        """Delete a temporary file."""
        place = self._root / leftover_path(leftover)
        with _translated("Deleting", str(place), _ALWAYS):
            place.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Delete a file; folders are left alone."""
        place = Path(self.uri(path))
        with _translated("Deleting", str(place), _ALWAYS):
            if not place.is_dir():
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    place.unlink()

    def list(self, prefix: str = "") -> Iterator[str]:
        """Paths of all committed files under a folder."""
        return (path for path in self._files(prefix) if not is_temporary(path))

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Paths with sizes."""
        for path in self._files(prefix):
            if not is_temporary(path):
                with contextlib.suppress(FileNotFoundError):
                    yield path, os.stat(f"{self._root}/{path}").st_size  # noqa: PTH116  a Path costs ten times as much

    def _files(self, prefix: str) -> Iterator[str]:
        """All files below a folder, by their paths in the store."""
        folder = self.uri(prefix) if prefix else str(self._root)
        with _translated("Listing", folder, _ALWAYS):
            for place, _, names in os.walk(folder, onerror=_raise_unless_missing):
                inside = place[len(str(self._root)) :].lstrip("/")
                yield from (f"{inside}/{name}" if inside else name for name in sorted(names))


class LocalWriter:
    """A `ports.ByteWriter` over a temporary file, of which some may be written already."""

    def __init__(self, file: FileIO, temporary: Path, target: Path, *, written_bytes: int) -> None:
        self._file = file
        self._temporary = temporary
        self._target = target
        self.written_bytes = written_bytes

    def earlier(self) -> Iterator[bytes]:
        """What an earlier attempt wrote."""
        for offset in range(0, self.written_bytes, _CHUNK_BYTES):
            size = min(_CHUNK_BYTES, self.written_bytes - offset)
            with _translated("Reading", str(self._target), _READING):
                chunk = _read_fully(self._file.fileno(), offset, size)
            yield chunk

    def start_over(self) -> None:
        """Throw away what is written."""
        with _translated("Writing", str(self._target), _WRITING):
            self._file.seek(0)
            self._file.truncate()
        self.written_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Append; a write that the system cuts short is continued."""
        rest = memoryview(chunk)
        with _translated("Writing", str(self._target), _WRITING, needed_bytes=len(chunk)):
            while rest:
                rest = rest[self._file.write(rest) :]
        self.written_bytes += len(chunk)

    def commit(self) -> None:
        """Flush bytes and names to disk, in an order in which a power cut leaves the old file or the new one."""
        with _translated("Committing", str(self._target), _WRITING):
            self._file.truncate()  # gives back what was allocated but not written
            os.fsync(self._file.fileno())
            try:
                self._temporary.replace(self._target)
            except IsADirectoryError:
                self._target.rmdir()  # an empty folder is in nobody's way; one with files in it refuses
                self._temporary.replace(self._target)
            self._file.close()
            _sync_folder(self._target.parent)


@contextmanager
def _translated(doing: str, uri: str, kinds: _Kinds, *, needed_bytes: int | None = None) -> Iterator[None]:
    """Raise the error of our tree for whatever the operating system says."""
    try:
        yield
    except OSError as error:
        kind = kinds.get(error.errno, StorageUnavailableError)
        if kind is StorageFullError:
            raise no_room(uri, needed_bytes=needed_bytes, free_bytes=_free_bytes(_nearest_folder(Path(uri)))) from error
        raise failure(kind, doing, uri, error.strerror or str(error)) from error


def _chunks(file: FileIO, uri: str) -> Iterator[bytes]:
    while True:
        with _translated("Reading", uri, _READING):
            chunk = file.read(_CHUNK_BYTES)
        if not chunk:
            return
        yield chunk


def _read_fully(descriptor: int, offset: int, size_bytes: int) -> bytes:
    """These bytes of a file, fewer only where it ends; the system may hand out less at a time."""
    part = os.pread(descriptor, size_bytes, offset)
    if len(part) == size_bytes or size_bytes < _MOST_AT_ONCE_BYTES:  # a file gives less at its end only
        return part
    parts = [part]
    while part and (size_bytes := size_bytes - len(part)):
        offset += len(part)
        part = os.pread(descriptor, size_bytes, offset)
        parts.append(part)
    return b"".join(parts)


def _locked(place: Path) -> FileIO | None:
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


def _require_room(target: Path, size_bytes: int | None) -> None:
    with _translated("Looking for room", str(target), _WRITING):
        free = _free_bytes(_nearest_folder(target))
    if size_bytes is not None and free is not None and size_bytes > free:
        raise no_room(str(target), needed_bytes=size_bytes, free_bytes=free)


def _free_bytes(folder: Path) -> int | None:
    """Bytes that an ordinary user may still write below a folder, None where the file system does not tell."""
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize if system.f_blocks else None


def _nearest_folder(place: Path) -> Path:
    return next(folder for folder in (place, *place.parents) if folder.is_dir())


def _make_folders(folder: Path) -> None:
    """Make a folder with its parents so that they, too, are on disk before a file in them counts as written."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error
