"""The layout of a ZIP: where each stands, and the bytes around them.

Sizes and CRC-32 stand in each local header (no data descriptors), so that members can be recovered from a damaged
archive. Names are UTF-8, times fixed, ZIP64 fields appear only where needed: the same members give the same bytes on
any machine. Layout after PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cern_assets.archives.members import Member

LAYOUT = "1"
"""The version of the plan and the bytes: to be counted up when either changes for the same files, and only then."""

LIMIT_32 = 0xFFFFFFFF
LIMIT_16 = 0xFFFF
UTF8_NAMES = 1 << 11
_VERSION, _VERSION_ZIP64 = 20, 45
_MADE_ON_UNIX = 3 << 8
# 1980-01-01 00:00:00, the earliest time the format knows.
_TIME, _DATE = 0, (1 << 5) | 1
_REGULAR_FILE_0644 = 0o100644 << 16

LOCAL_MARK, CENTRAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END_ZIP64_MARK, LOCATOR_ZIP64_MARK = b"PK\x06\x06", b"PK\x06\x07"
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END_ZIP64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_ZIP64 = struct.Struct("<4sLQL")


@dataclass(frozen=True)
class Placed:
    """A member with the offset of its local header."""

    member: Member
    offset: int

    @property
    def data_offset(self) -> int:
        """Where its first byte stands."""
        return self.offset + local_header_bytes(self.member)

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.data_offset + self.member.packed_bytes


def placed(members: Iterable[Member]) -> Iterator[Placed]:
    """The members one behind the other, in the order given."""
    offset = 0
    for member in members:
        place = Placed(member, offset)
        yield place
        offset = place.end


def zip_size_bytes(members: Sequence[Member]) -> int:
    """Exact size of the archive of these members, before its first byte."""
    places = list(placed(members))
    return end_of_members(places) + sum(len(part) for part in directory(places))


def directory_bytes(members: Iterable[Member]) -> int:
    """Size of the central directory alone, without what ends it."""
    return sum(len(_central_header(place)) for place in placed(members))


def end_of_members(places: Sequence[Placed]) -> int:
    """Where the central directory begins."""
    return places[-1].end if places else 0


def local_header_bytes(member: Member) -> int:
    """Size of what stands before a member's bytes."""
    return LOCAL.size + len(member.encoded) + (20 if _large(member) else 0)


def local_header(member: Member) -> bytes:
    """What stands before a member's bytes."""
    size, packed, large = member.size_bytes, member.packed_bytes, _large(member)
    extra = struct.pack("<2H2Q", 1, 16, size, packed) if large else b""
    shown, shown_packed = (LIMIT_32, LIMIT_32) if large else (size, packed)
    version = _VERSION_ZIP64 if large else _VERSION
    name = member.encoded
    header = LOCAL.pack(
        LOCAL_MARK,
        version,
        UTF8_NAMES,
        member.method,
        _TIME,
        _DATE,
        member.crc32,
        shown_packed,
        shown,
        len(name),
        len(extra),
    )
    return header + name + extra


def directory(places: Sequence[Placed]) -> Iterator[bytes]:
    """The central directory and what ends the archive, in parts."""
    start = end_of_members(places)
    size = 0
    for place in places:
        header = _central_header(place)
        size += len(header)
        yield header
    count = len(places)
    if count >= LIMIT_16 or start >= LIMIT_32 or size >= LIMIT_32:
        yield END_ZIP64.pack(
            END_ZIP64_MARK, 44, _MADE_ON_UNIX | _VERSION_ZIP64, _VERSION_ZIP64, 0, 0, count, count, size, start
        )
        yield LOCATOR_ZIP64.pack(LOCATOR_ZIP64_MARK, 0, start + size, 1)
    shown = min(count, LIMIT_16)
    yield END.pack(END_MARK, 0, 0, shown, shown, min(size, LIMIT_32), min(start, LIMIT_32), 0)


def _large(member: Member) -> bool:
    return max(member.size_bytes, member.packed_bytes) >= LIMIT_32


def _central_header(place: Placed) -> bytes:
    member, offset = place.member, place.offset
    size, packed, large, name = member.size_bytes, member.packed_bytes, _large(member), member.encoded
    wide: list[int] = [size, packed] if large else []
    far = offset >= LIMIT_32
    if far:
        wide.append(offset)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    shown, shown_packed = (LIMIT_32, LIMIT_32) if large else (size, packed)
    version = _VERSION_ZIP64 if wide else _VERSION
    header = CENTRAL.pack(
        CENTRAL_MARK,
        _MADE_ON_UNIX | version,
        version,
        UTF8_NAMES,
        member.method,
        _TIME,
        _DATE,
        member.crc32,
        shown_packed,
        shown,
        len(name),
        len(extra),
        0,
        0,
        0,
        _REGULAR_FILE_0644,
        LIMIT_32 if far else offset,
    )
    return header + name + extra
