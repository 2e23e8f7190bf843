"""Many small files in a local folder that get their names together, for one flush of the disk instead of one a file."""

import ctypes
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from cern_assets.storage.local_disk import folder_of, make_folders, named, sync_folder
from cern_assets.storage.paths import temporary_name

_WORTH_A_FLUSH_OF_ALL = 16
"""Files from which on flushing the whole file system costs less than flushing each of them."""

_MADE_AT_A_TIME = 2
"""Files that are being made at the same time: a folder takes one after the other, and who waits for it burns a core."""


class LocalBatch:
    """Files that are written whole and wait, under temporary names, until `settle` flushes and names them all.

    A power cut leaves each name with its old content or with its new one, as the names come after the flush. Several
    threads may add files.
    """

    def __init__(self) -> None:
        self._written: list[tuple[str, str]] = []
        self._folders: set[str] = set()
        self._making = threading.BoundedSemaphore(_MADE_AT_A_TIME)

    @contextmanager
    def created(self, target: str) -> Iterator["BatchWriter"]:
        """A file of the batch; leaving the block without `commit` leaves no trace of it."""
        folder = folder_of(target)
        if folder not in self._folders:
            make_folders(folder)
            self._folders.add(folder)
        temporary = f"{folder}/{temporary_name()}"
        with self._making:
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        writer = BatchWriter(descriptor)
        try:
            yield writer
        finally:
            writer.close()
            if writer.committed:
                self._written.append((temporary, target))
            else:
                with suppress(OSError):
                    os.unlink(temporary)

    def settle(self) -> None:
        """Flush what is written, give it its names, and flush these.

        Raises:
            OSError: nothing, or only a part, has its name; what has not is gone.
        """
        written, self._written = self._written, []
        try:
            _flush([temporary for temporary, _ in written])
            for temporary, target in written:
                named(temporary, target)
            folders = sorted({folder_of(target) for _, target in written})
            if len(folders) < _WORTH_A_FLUSH_OF_ALL or not _flush_file_system(folders[0]):
                for folder in folders:
                    sync_folder(folder)
        except OSError:
            for temporary, _ in written:
                with suppress(OSError):
                    os.unlink(temporary)
            raise


class BatchWriter:
    """A `ports.ByteWriter` over a temporary file of a batch."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.written_bytes = 0
        self.committed = False

    def earlier(self) -> Iterator[bytes]:
        """Nothing: a small file is begun afresh."""
        return iter(())

    def start_over(self) -> None:
        """Throw away what is written."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self.written_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Append; a write that the system cuts short is continued."""
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self.written_bytes += len(chunk)

    def commit(self, *, lasting: bool = True) -> None:  # noqa: ARG002  the port's signature
        """Count as written; the file has its name when the batch is settled, which flushes it."""
        self.committed = True

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _flush(places: Sequence[str]) -> None:
    """Bring the files to the disk."""
    if len(places) >= _WORTH_A_FLUSH_OF_ALL and _flush_file_system(places[0]):
        return
    for place in places:
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _flush_file_system(place: str) -> bool:
    """Flush the whole file system that a place is on (syncfs(2) of Linux); False where the system has no such call.

    Raises:
        OSError: it could not be written.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return False
    descriptor = os.open(place, os.O_RDONLY)
    try:
        if syncfs(descriptor) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), place)
    finally:
        os.close(descriptor)
    return True
