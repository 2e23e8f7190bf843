"""Reading a ZIP from outside by ranges: its central directory, and, where that is lost, its local headers.

Nothing an archive says of itself is believed beyond its own size: offsets, counts and lengths are checked before they
are followed. Layout after PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cern_assets.archives.layout import (
    CENTRAL,
    CENTRAL_MARK,
    END,
    END_MARK,
    END_ZIP64,
    END_ZIP64_MARK,
    LIMIT_16,
    LIMIT_32,
    LOCAL,
    LOCAL_MARK,
    LOCATOR_ZIP64,
    LOCATOR_ZIP64_MARK,
)

type ReadAt = Callable[[int, int], bytes]
"""Bytes of an archive: `read(offset, size)`; fewer only at its end."""

MOST_ENTRIES = 5_000_000
MOST_DIRECTORY_BYTES = 1024**3
_LONGEST_COMMENT = LIMIT_16
_ENCRYPTED = 1
_ZIP64_EXTRA = 1


class BrokenArchiveError(ValueError):
    """The archive is not readable at a place; the message says what is wrong there."""


@dataclass(frozen=True)
class Entry:
    """A member as a header tells of it; `offset` is that of its local header, sizes are bytes.

    `header_bytes` is the size of the header it was read from, name and extra fields included.
    """

    name: bytes
    offset: int
    size_bytes: int
    packed_bytes: int
    crc32: int
    method: int
    flags: int
    header_bytes: int

    @property
    def shown(self) -> str:
        """The name for people; bytes that are no UTF-8 are replaced."""
        return self.name.decode("utf-8", "replace")

    @property
    def encrypted(self) -> bool:
        """Whether its bytes cannot be checked without a password."""
        return bool(self.flags & _ENCRYPTED)


@dataclass(frozen=True)
class Directory:
    """The central directory: its entries in order, where it begins, and where the archive ends."""

    entries: tuple[Entry, ...]
    start: int
    end: int


def read_directory(read: ReadAt, size_bytes: int) -> Directory:
    """Read the central directory of an archive of so many bytes.

    Raises:
        BrokenArchiveError: there is none, or it does not hold together.
    """
    count, directory_bytes, start, end = _read_end(read, size_bytes)
    if start + directory_bytes > size_bytes or directory_bytes > MOST_DIRECTORY_BYTES or count > MOST_ENTRIES:
        raise BrokenArchiveError(f"the directory should have {count} entries in {directory_bytes} bytes at {start}")
    text = read(start, directory_bytes)
    entries = tuple(_entries(text))
    if len(entries) != count:
        raise BrokenArchiveError(f"the directory has {len(entries)} entries where {count} are announced")
    return Directory(entries=entries, start=start, end=end)


def read_local(read: ReadAt, offset: int) -> Entry:
    """Read the local header at an offset.

    Raises:
        BrokenArchiveError: there is none.
    """
    head = read(offset, LOCAL.size)
    if len(head) < LOCAL.size or not head.startswith(LOCAL_MARK):
        raise BrokenArchiveError(f"no local header at {offset}")
    _, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = LOCAL.unpack(head)
    rest = read(offset + LOCAL.size, name_bytes + extra_bytes)
    if len(rest) < name_bytes + extra_bytes:
        raise BrokenArchiveError(f"the local header at {offset} is cut off")
    wide = _wide(rest[name_bytes:], [size == LIMIT_32, packed == LIMIT_32])
    return Entry(
        name=rest[:name_bytes],
        offset=offset,
        size_bytes=wide.pop(0) if size == LIMIT_32 else size,
        packed_bytes=wide.pop(0) if packed == LIMIT_32 else packed,
        crc32=crc,
        method=method,
        flags=flags,
        header_bytes=LOCAL.size + name_bytes + extra_bytes,
    )


def walk_locals(read: ReadAt, size_bytes: int) -> Iterator[Entry]:
    """The local headers one behind the other, for an archive whose directory is lost, up to the first that is none."""
    offset = 0
    while offset < size_bytes:
        try:
            entry = read_local(read, offset)
        except BrokenArchiveError:
            return
        yield entry
        offset += entry.header_bytes + entry.packed_bytes


def _read_end(read: ReadAt, size_bytes: int) -> tuple[int, int, int, int]:
    """Count of entries, size and start of the directory, and the end of the archive."""
    tail_start = max(0, size_bytes - END.size - _LONGEST_COMMENT)
    tail = read(tail_start, size_bytes - tail_start)
    at = tail.rfind(END_MARK)
    while at >= 0:
        if len(tail) - at >= END.size:
            fields = END.unpack_from(tail, at)
            if at + END.size + fields[7] == len(tail):
                break
        at = tail.rfind(END_MARK, 0, at)
    else:
        raise BrokenArchiveError("the archive has no end: no central directory, so that it was cut off or is no ZIP")
    count, directory_bytes, start = fields[4], fields[5], fields[6]
    locator_at = tail_start + at - LOCATOR_ZIP64.size
    locator = read(locator_at, LOCATOR_ZIP64.size) if locator_at >= 0 else b""
    if locator.startswith(LOCATOR_ZIP64_MARK):
        _, _, wide_at, _ = LOCATOR_ZIP64.unpack(locator)
        wide = read(wide_at, END_ZIP64.size)
        if len(wide) < END_ZIP64.size or not wide.startswith(END_ZIP64_MARK):
            raise BrokenArchiveError(f"no ZIP64 end of the directory at {wide_at}")
        _, _, _, _, _, _, _, count, directory_bytes, start = END_ZIP64.unpack(wide)
    return count, directory_bytes, start, size_bytes


def _entries(text: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(text):
        if len(text) - at < CENTRAL.size or not text.startswith(CENTRAL_MARK, at):
            raise BrokenArchiveError(f"no entry of the directory at its byte {at}")
        fields = CENTRAL.unpack_from(text, at)
        flags, method, crc, packed, size, name_bytes, extra_bytes, comment_bytes = (*fields[3:5], *fields[7:13])
        offset = fields[16]
        name_at = at + CENTRAL.size
        end = name_at + name_bytes + extra_bytes + comment_bytes
        if end > len(text):
            raise BrokenArchiveError(f"the entry of the directory at its byte {at} is cut off")
        extra = text[name_at + name_bytes : name_at + name_bytes + extra_bytes]
        wide = _wide(extra, [size == LIMIT_32, packed == LIMIT_32, offset == LIMIT_32])
        yield Entry(
            name=text[name_at : name_at + name_bytes],
            size_bytes=wide.pop(0) if size == LIMIT_32 else size,
            packed_bytes=wide.pop(0) if packed == LIMIT_32 else packed,
            offset=wide.pop(0) if offset == LIMIT_32 else offset,
            crc32=crc,
            method=method,
            flags=flags,
            header_bytes=end - at,
        )
        at = end


def _wide(extra: bytes, wanted: list[bool]) -> list[int]:
    """The 64-bit numbers of a ZIP64 extra field, as many as the header refers to it."""
    count = sum(wanted)
    if not count:
        return []
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _ZIP64_EXTRA and 8 * count <= length <= len(extra) - at - 4:
            return list(struct.unpack_from(f"<{count}Q", extra, at + 4))
        at += 4 + length
    raise BrokenArchiveError("a size or offset refers to a ZIP64 field that is not there")
