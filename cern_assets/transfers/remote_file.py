"""A file of any place as a Python file: what needs random access (`zipfile`, `uproot`, `h5py`) reads it where it lies.

What is read is kept in blocks of 256 KiB, as such readers go to and fro between small pieces. A read that goes on where
the last one ended fetches ahead, twice as much each time.
"""

import errno
import io
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cern_assets.errors import FileMissingError, TransferInterruptedError
from cern_assets.failures import failure
from cern_assets.ports import ByteReader, Range

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 256 * 1024
AHEAD_BYTES = 8 * 1024**2


class RemoteFile(io.RawIOBase):
    """A file of a `ByteReader`, read-only and seekable; for one thread at a time, as Python's own files are.

    `ahead_bytes` is how much of the file is kept in memory, half of which may be read ahead; about as much again is in
    use while blocks are fetched. With 0 nothing is kept, and each read asks for just its bytes. A read of more than
    half of it passes the blocks by. The file's size is asked for once, at the beginning. `closes_reader` says that
    nobody else uses the reader: it is closed with the file.

    Nothing is verified: a checksum is one of a whole file.

    Raises:
        FileMissingError: there is no such file.
        TransferInterruptedError: also while reading, for a file that became shorter.
        StorageUnavailableError: also while reading.
    """

    def __init__(
        self, reader: ByteReader, path: str, *, ahead_bytes: int = AHEAD_BYTES, closes_reader: bool = False
    ) -> None:
        super().__init__()
        self._blocks: OrderedDict[int, bytes] = OrderedDict()  # first, as an unfinished file is closed, too
        self._closes_reader = closes_reader
        self._reader = reader
        self._path = path
        self.name = reader.uri(path)
        size_bytes = reader.size_bytes(path)
        if size_bytes is None:
            raise failure(FileMissingError, "Looking at the file", self.name, "there is no such file")
        self.size_bytes = size_bytes
        self._position = 0
        self._most_blocks = ahead_bytes // BLOCK_BYTES
        self._last_end = -1
        self._ahead_blocks = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Where the next read begins, in bytes."""
        self._require_open()
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go somewhere else, which costs nothing by itself; beyond the end is allowed, before the beginning is not."""
        self._require_open()
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size_bytes}.get(whence)
        if start is None or start + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), self.name)
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill a buffer, short only where the file ends."""
        view = memoryview(buffer).cast("B")
        data = self.read_at(self.tell(), len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        """The rest of the file, as one stream past the blocks."""
        start, wanted = self.tell(), self.size_bytes - self._position
        if wanted <= 0:
            return b""
        with self._reader.open(self._path, offset_bytes=start) as chunks:
            data = b"".join(_up_to(chunks, wanted))
        self._position += len(data)
        return self._whole(data, (start, wanted))

    def read_at(self, offset_bytes: int, size_bytes: int) -> bytes:
        """Bytes from an offset on, fewer where the file ends; the position stays where it is."""
        self._require_open()
        start, size = self._clipped((offset_bytes, size_bytes))
        goes_on = start == self._last_end
        self._last_end = start + size
        if size == 0:
            return b""
        if size > self._most_blocks * BLOCK_BYTES // 2:
            return self._fetched([(start, size)])[0]
        self._ahead_blocks = min(max(2 * self._ahead_blocks, 1), self._most_blocks // 2) if goes_on else 0
        first, last = start // BLOCK_BYTES, (start + size - 1) // BLOCK_BYTES
        data = b"".join(self._held(first, last))
        return data[start - first * BLOCK_BYTES :][:size]

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Several parts at once, in the order asked for: one vector read where the place has them; past the blocks."""
        self._require_open()
        return self._fetched([self._clipped(each) for each in ranges])

    def close(self) -> None:
        """Give the memory back."""
        if self._closes_reader and not self.closed:
            self._reader.close()
        self._blocks.clear()
        super().close()

    def _require_open(self) -> None:
        if self.closed:
            raise ValueError(f"I/O operation on closed file {self.name}")

    def _clipped(self, asked: Range) -> Range:
        offset, size = asked
        if offset < 0 or size < 0:
            raise ValueError(f"a range of {size} bytes from {offset} on")
        return offset, max(min(size, self.size_bytes - offset), 0)

    def _held(self, first: int, last: int) -> list[bytes]:
        """The blocks from one to another, both included; those that are missing are fetched with some ahead."""
        found = {number: self._blocks[number] for number in range(first, last + 1) if number in self._blocks}
        if len(found) <= last - first:
            end = min(last + self._ahead_blocks, (self.size_bytes - 1) // BLOCK_BYTES)
            found |= self._load(number for number in range(first, end + 1) if number not in self._blocks)
        for number in range(first, last + 1):
            self._blocks[number] = found[number]
            self._blocks.move_to_end(number)
        while len(self._blocks) > self._most_blocks:
            self._blocks.popitem(last=False)
        return [found[number] for number in range(first, last + 1)]

    def _load(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Fetch blocks, those beside each other as one range, and keep them."""
        runs: list[list[int]] = []
        for number in numbers:
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        ranges = [self._clipped((run[0] * BLOCK_BYTES, len(run) * BLOCK_BYTES)) for run in runs]
        loaded = {
            number: data[place * BLOCK_BYTES : (place + 1) * BLOCK_BYTES]
            for run, data in zip(runs, self._fetched(ranges), strict=True)
            for place, number in enumerate(run)
        }
        self._blocks.update(loaded)
        return loaded

    def _fetched(self, ranges: Sequence[Range]) -> list[bytes]:
        answers = self._reader.read_ranges(self._path, ranges) if ranges else []
        return [self._whole(data, asked) for data, asked in zip(answers, ranges, strict=True)]

    def _whole(self, data: bytes, asked: Range) -> bytes:
        offset, size = asked
        if len(data) != size:
            detail = f"asked for {size} bytes from {offset} on, given {len(data)} of a file of {self.size_bytes}"
            raise failure(TransferInterruptedError, "Reading", self.name, detail)
        return data


def _up_to(chunks: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:size_bytes]
        size_bytes -= min(len(chunk), size_bytes)
        if size_bytes == 0:
            return
