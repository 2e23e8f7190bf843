"""Writing a large file past the system's cache.

To copy its bytes into the cache costs more than to hash them: the system finds a page for each 4 KiB, and throws out
pages that others would have read again. What is that large comes back from the disk anyway when it is read the next
time. So it is written in whole blocks from a buffer that begins at a page (`O_DIRECT`, open(2)); a file system that
knows no such thing says so, and is written to as usual.
"""

import errno
import fcntl
import mmap
import os
from io import FileIO

FROM_BYTES = 64 * 1024**2
"""Smaller files are worth their room in the cache: the next stage reads them soon."""

BLOCK_BYTES = 4 * 1024**2
ALIGNED_BYTES = 4096
"""Where in a file one may go on: no disk has larger sectors."""

_PAST_THE_CACHE = getattr(os, "O_DIRECT", 0)


class PastCache:
    """Appends to a file that stands at a multiple of 4 KiB; `finish` before it is read, cut or closed."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._buffer = memoryview(mmap.mmap(-1, BLOCK_BYTES))
        self._filled_bytes = 0
        self._asked = self._past = False

    def append(self, chunk: bytes) -> None:
        """Take bytes; they are written as soon as they fill a block.

        Raises:
            OSError
        """
        rest = memoryview(chunk)
        while rest:
            part = rest[: BLOCK_BYTES - self._filled_bytes]
            self._buffer[self._filled_bytes : self._filled_bytes + len(part)] = part
            self._filled_bytes += len(part)
            rest = rest[len(part) :]
            if self._filled_bytes == BLOCK_BYTES:
                self._write()

    def drop(self) -> None:
        """Forget what is not written yet."""
        self._filled_bytes = 0

    def finish(self) -> None:
        """Write what fills no block, which only the cache takes.

        Raises:
            OSError
        """
        self._through_the_cache()
        self._asked = True
        self._write()

    def _write(self) -> None:
        if not self._asked:
            self._asked, self._past = True, _turned(self._file, past=True)
        block, self._filled_bytes = self._buffer[: self._filled_bytes], 0
        while block:
            try:
                written = self._file.write(block)
            except OSError as error:
                if error.errno != errno.EINVAL or not self._past:
                    raise
                written = 0  # a file system may take the flag, and refuse what comes of it
            block = block[written:]
            if block:  # and what a write that was cut short leaves begins at no page
                self._through_the_cache()

    def _through_the_cache(self) -> None:
        if self._past:
            _turned(self._file, past=False)
            self._past = False


def _turned(file: FileIO, *, past: bool) -> bool:
    """Turn the flag of an open file on or off; whether it is on."""
    flags = fcntl.fcntl(file.fileno(), fcntl.F_GETFL)
    wanted = flags | _PAST_THE_CACHE if past else flags & ~_PAST_THE_CACHE
    try:
        fcntl.fcntl(file.fileno(), fcntl.F_SETFL, wanted)
    except OSError:  # EINVAL: not here
        return False
    return past and _PAST_THE_CACHE != 0
