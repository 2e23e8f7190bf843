"""A local folder as a store."""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from cern_assets.errors import FileMissingError, StorageUnavailableError
from cern_assets.failures import failure
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.files import DatedFile, Leftover
from cern_assets.ports import ByteWriter, Range
from cern_assets.storage.local_batch import LocalBatch
from cern_assets.storage.local_disk import (
    ALWAYS,
    READING,
    WRITING,
    chunks,
    files_below,
    folder_of,
    free_bytes,
    locked,
    made_anew,
    make_folders,
    nearest_folder,
    read_fully,
    require_room,
    sync_folder,
    translated,
)
from cern_assets.storage.local_writer import LocalWriter
from cern_assets.storage.past_cache import ALIGNED_BYTES, FROM_BYTES
from cern_assets.storage.paths import is_temporary, leftover_path, safe_path, temporary_name


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
        with translated("Looking at the folder", str(self._root), ALWAYS):
            exists = self._root.exists()
            if exists and not self._root.is_dir():
                raise failure(StorageUnavailableError, "Looking at the folder", str(self._root), "it is a file")
            free = free_bytes(nearest_folder(self._root))
        state = "folder" if exists else "folder (made by the first write)"
        room = "free space unknown" if free is None else f"{free / 1024**3:.1f} GiB free"
        return f"{state} {self._root}, {room}"

    def uri(self, path: str) -> str:
        """Name a file by its absolute path."""
        return f"{self._root}/{safe_path(path)}"

    def size_bytes(self, path: str) -> int | None:
        """Size of a file, None if there is none."""
        place = self.uri(path)
        with translated("Looking at the file", place, ALWAYS):
            try:
                found = os.stat(place)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        """Read a file from an offset on, in chunks of 4 MiB."""
        uri = self.uri(path)
        with translated("Reading", uri, READING):
            file = FileIO(uri)
        with file:
            file.seek(offset_bytes)
            yield chunks(file, uri)

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        """Read parts of a file."""
        uri = self.uri(path)
        with translated("Reading", uri, READING):
            descriptor = os.open(uri, os.O_RDONLY)
            try:
                return [read_fully(descriptor, offset, size) for offset, size in ranges]
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
    def create(self, path: str, *, size_bytes: int | None, resume: str | None = None) -> Iterator[ByteWriter]:
        """Begin a file under a temporary name beside its own; the space for `size_bytes` is allocated at once.

        That of a resumable file is not, as its size tells how far an earlier attempt came; it is locked as long as
        somebody writes it. A large one is gone on with at the last 4 KiB that are whole.
        """
        target, committed = self.uri(path), False
        large = size_bytes is not None and size_bytes >= FROM_BYTES
        if size_bytes and not resume:
            require_room(Path(target), size_bytes)
        with translated("Creating", target, WRITING):
            kept = self._kept(target, resume) if resume else None
            temporary = f"{folder_of(target)}/{temporary_name(resume if kept else None)}"
            file = kept or made_anew(temporary)
        written = file.seek(0, os.SEEK_END) if kept else 0
        if large and written % ALIGNED_BYTES:
            written = file.seek(written - written % ALIGNED_BYTES)
        try:
            with file:
                if kept:
                    require_room(Path(target), size_bytes and max(size_bytes - written, 0))
                elif size_bytes:
                    with translated("Reserving the space", target, WRITING, needed_bytes=size_bytes):
                        os.posix_fallocate(file.fileno(), 0, size_bytes)
                writer = LocalWriter(
                    file, temporary, target, written_bytes=written, large=large, allocated=bool(size_bytes)
                )
                try:
                    yield writer
                finally:
                    writer.end(keep=kept is not None)
                    committed = writer.committed
        finally:
            if not kept and not committed:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)

    def _kept(self, target: str, resume: str) -> FileIO | None:
        make_folders(folder_of(target))
        return locked(Path(target).with_name(temporary_name(resume)))

    @contextmanager
    def batch(self) -> Iterator["LocalStore"]:
        """The same folder, whose new files get their names together when the block ends."""
        batch = _BatchOf(self._root)
        try:
            yield batch
        finally:
            batch.settle()

    def fetch(self, uri: str, path: str, *, size_bytes: int, expected: Checksum) -> None:
        """None: a folder can ask no server for anything."""

    def reserve(self, path: str, content: bytes = b"", *, lasting: bool = True) -> bool:
        """Make a file, which the system does for one of many."""
        place = self.uri(path)
        with translated("Reserving", place, WRITING, needed_bytes=len(content)):
            try:
                file = made_anew(place, lasting=lasting)
            except FileExistsError:
                return False
            with file:
                file.write(content)
                if lasting:
                    os.fsync(file.fileno())
            if lasting:
                sync_folder(folder_of(place))
        return True

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """Temporary files below a folder."""
        for path in self._files(prefix):
            if is_temporary(path):
                with contextlib.suppress(FileNotFoundError):
                    found = (self._root / path).stat()
                    yield Leftover(path=path, size_bytes=found.st_size, modified=found.st_mtime)

    def dated(self, prefix: str = "") -> Iterator[DatedFile]:
        """Committed files with size and date."""
        for path in self.list(prefix):
            with contextlib.suppress(FileNotFoundError):
                found = (self._root / path).stat()
                yield DatedFile(path=path, size_bytes=found.st_size, modified=found.st_mtime)

    def collect(self, leftover: Leftover) -> None:
        """Delete a temporary file."""
        place = self._root / leftover_path(leftover)
        with translated("Deleting", str(place), ALWAYS):
            place.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Delete a file; folders are left alone."""
        place = Path(self.uri(path))
        with translated("Deleting", str(place), ALWAYS):
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
                    yield path, os.stat(f"{self._root}/{path}").st_size

    def _files(self, prefix: str) -> Iterator[str]:
        """All files below a folder, by their paths in the store."""
        folder = self.uri(prefix) if prefix else str(self._root)
        with translated("Listing", folder, ALWAYS):
            yield from files_below(folder, f"{prefix}/" if prefix else "")


class _BatchOf(LocalStore):
    """A folder whose files are made as a batch."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._batch = LocalBatch()

    @contextmanager
    def create(
        self,
        path: str,
        *,
        size_bytes: int | None,
        resume: str | None = None,
    ) -> Iterator[ByteWriter]:
        """Begin a file of the batch; one that can be gone on with is made by itself."""
        if resume:
            with super().create(path, size_bytes=size_bytes, resume=resume) as writer:
                yield writer
            return
        target = self.uri(path)
        writing = translated("Writing", target, WRITING, needed_bytes=size_bytes)
        with writing, self._batch.created(target) as small:
            yield small

    def settle(self) -> None:
        """Give all files their names."""
        with translated("Committing", str(self._root), WRITING):
            self._batch.settle()
