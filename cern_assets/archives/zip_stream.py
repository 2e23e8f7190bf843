"""A ZIP archive as a stream: written in one pass, its size known before the first byte, the same bytes each time.

Members are stored, not deflated: physics data hardly shrinks, and deflated bytes depend on the zlib build. Sizes and
CRC-32 come from the manifest and stand in each local header (no data descriptors), so that members can be recovered
from a damaged archive. Names are UTF-8, times fixed, order is the manifest's, ZIP64 fields appear only where needed.
Layout after PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from cern_assets.errors import ChecksumMismatchError, SizeMismatchError
from cern_assets.model.manifests import StoredFile

_LIMIT_32 = 0xFFFFFFFF
_LIMIT_16 = 0xFFFF
_VERSION, _VERSION_ZIP64 = 20, 45
_MADE_ON_UNIX = 3 << 8
_UTF8_NAMES = 1 << 11
_STORED = 0
# 1980-01-01 00:00:00, the earliest time the format knows.
_TIME, _DATE = 0, (1 << 5) | 1
_REGULAR_FILE_0644 = 0o100644 << 16

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_ZIP64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_ZIP64 = struct.Struct("<4sLQL")

type OpenMember = Callable[[StoredFile], AbstractContextManager[Iterator[bytes]]]


@dataclass(frozen=True)
class _Entry:
    """A member with the offset of its local header."""

    file: StoredFile
    offset: int

    @property
    def name(self) -> bytes:
        return self.file.key.encode()

    @property
    def crc(self) -> int:
        checksum = self.file.checksum("crc32")
        if checksum is None:
            msg = f"the manifest has no CRC-32 of {self.file.key}"
            raise ValueError(msg)
        return int(checksum.value, 16)

    @property
    def large(self) -> bool:
        return self.file.size_bytes >= _LIMIT_32


def zip_size_bytes(files: Sequence[StoredFile]) -> int:
    """Exact size of the archive of these files."""
    entries = list(_laid_out(files))
    return _end_of_members(entries) + sum(len(part) for part in _directory(entries))


def zip_chunks(files: Sequence[StoredFile], open_member: OpenMember) -> Iterator[bytes]:
    """The archive's bytes, in order; `open_member` gives the bytes of one file.

    Raises:
        SizeMismatchError, ChecksumMismatchError: a member's bytes are no longer the manifest's.
    """
    entries = list(_laid_out(files))
    for entry in entries:
        yield _local_header(entry)
        with open_member(entry.file) as chunks:
            yield from _verified(entry, chunks)
    yield from _directory(entries)


def _laid_out(files: Iterable[StoredFile]) -> Iterator[_Entry]:
    offset = 0
    for file in files:
        entry = _Entry(file, offset)
        yield entry
        offset += len(_local_header(entry)) + file.size_bytes


def _end_of_members(entries: Sequence[_Entry]) -> int:
    if not entries:
        return 0
    last = entries[-1]
    return last.offset + len(_local_header(last)) + last.file.size_bytes


def _local_header(entry: _Entry) -> bytes:
    size = entry.file.size_bytes
    extra = struct.pack("<2H2Q", 1, 16, size, size) if entry.large else b""
    shown = _LIMIT_32 if entry.large else size
    version = _VERSION_ZIP64 if entry.large else _VERSION
    header = _LOCAL.pack(
        b"PK\x03\x04", version, _UTF8_NAMES, _STORED, _TIME, _DATE, entry.crc, shown, shown, len(entry.name), len(extra)
    )
    return header + entry.name + extra


def _verified(entry: _Entry, chunks: Iterator[bytes]) -> Iterator[bytes]:
    size, crc = 0, 0
    for chunk in chunks:
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if size != entry.file.size_bytes:
        raise SizeMismatchError(
            f"The stored file has {size} bytes where the manifest says {entry.file.size_bytes}.",
            uri=entry.file.path,
            remedy="Materialize raw_files of this recid again.",
        )
    if crc != entry.crc:
        raise ChecksumMismatchError(
            f"The stored file has CRC-32 {crc:08x} where the manifest says {entry.crc:08x}.",
            uri=entry.file.path,
            remedy="Delete the stored file and materialize raw_files of this recid again.",
        )


def _directory(entries: Sequence[_Entry]) -> Iterator[bytes]:
    start = _end_of_members(entries)
    size = 0
    for entry in entries:
        header = _central_header(entry)
        size += len(header)
        yield header
    count = len(entries)
    if count >= _LIMIT_16 or start >= _LIMIT_32 or size >= _LIMIT_32:
        yield _END_ZIP64.pack(
            b"PK\x06\x06", 44, _MADE_ON_UNIX | _VERSION_ZIP64, _VERSION_ZIP64, 0, 0, count, count, size, start
        )
        yield _LOCATOR_ZIP64.pack(b"PK\x06\x07", 0, start + size, 1)
    shown = min(count, _LIMIT_16)
    yield _END.pack(b"PK\x05\x06", 0, 0, shown, shown, min(size, _LIMIT_32), min(start, _LIMIT_32), 0)


def _central_header(entry: _Entry) -> bytes:
    size, offset = entry.file.size_bytes, entry.offset
    wide: list[int] = [size, size] if entry.large else []
    far = offset >= _LIMIT_32
    if far:
        wide.append(offset)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    shown = _LIMIT_32 if entry.large else size
    version = _VERSION_ZIP64 if wide else _VERSION
    header = _CENTRAL.pack(
        b"PK\x01\x02",
        _MADE_ON_UNIX | version,
        version,
        _UTF8_NAMES,
        _STORED,
        _TIME,
        _DATE,
        entry.crc,
        shown,
        shown,
        len(entry.name),
        len(extra),
        0,
        0,
        0,
        _REGULAR_FILE_0644,
        _LIMIT_32 if far else offset,
    )
    return header + entry.name + extra
