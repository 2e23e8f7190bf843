"""A file being written in a local folder."""

import contextlib
import os
from collections.abc import Iterator
from io import FileIO

from cern_assets.storage.early_flush import EarlyFlush
from cern_assets.storage.local_disk import (
    CHUNK_BYTES,
    READING,
    WRITING,
    folder_of,
    named,
    read_fully,
    sync_folder,
    translated,
)
from cern_assets.storage.past_cache import PastCache


class LocalWriter:
    """A `ports.ByteWriter` over a temporary file, of which some may be written already.

    A `large` one goes past the system's cache; it stands at a multiple of `past_cache.ALIGNED_BYTES`. Of one that is
    `allocated`, the space of all its bytes is taken already.
    """

    def __init__(
        self, file: FileIO, temporary: str, target: str, *, written_bytes: int, large: bool, allocated: bool
    ) -> None:
        self._file = file
        self._past_cache = PastCache(file) if large else None
        self._temporary = temporary
        self._target = target
        self._allocated = allocated
        self._early_flush = EarlyFlush(file.fileno())
        self.written_bytes = written_bytes
        self.committed = False

    def earlier(self) -> Iterator[bytes]:
        """What an earlier attempt wrote."""
        for offset in range(0, self.written_bytes, CHUNK_BYTES):
            size = min(CHUNK_BYTES, self.written_bytes - offset)
            with translated("Reading", self._target, READING):
                chunk = read_fully(self._file.fileno(), offset, size)
            yield chunk

    def start_over(self) -> None:
        """Throw away what is written."""
        with translated("Writing", self._target, WRITING):
            if self._past_cache:
                self._past_cache.drop()
            self._file.seek(0)
            self._file.truncate()
        self.written_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Append; a write that the system cuts short is continued."""
        with translated("Writing", self._target, WRITING, needed_bytes=len(chunk)):
            if self._past_cache:
                self._past_cache.append(chunk)
            else:
                rest = memoryview(chunk)
                while rest:
                    rest = rest[self._file.write(rest) :]
                self._early_flush.written(len(chunk))
        self.written_bytes += len(chunk)

    def commit(self, *, lasting: bool = True) -> None:
        """Flush bytes and names to disk, in an order in which a power cut leaves the old file or the new one."""
        with translated("Committing", self._target, WRITING):
            self._early_flush.end()
            if self._past_cache:
                self._past_cache.finish()
            if self._allocated:
                self._file.truncate()  # gives back what was not written
            if lasting:
                os.fsync(self._file.fileno())
            named(self._temporary, self._target)
            self.committed = True
            self._file.close()
            if lasting:
                sync_folder(folder_of(self._target))

    def end(self, *, keep: bool) -> None:
        """Leave the file alone, committed or not; one that is to be kept has all that was given."""
        with contextlib.suppress(OSError):  # of a file that is given up anyway
            self._early_flush.end()
            if keep and self._past_cache and not self.committed:
                self._past_cache.finish()
