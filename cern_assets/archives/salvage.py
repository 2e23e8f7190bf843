"""What of a damaged archive is still good: which members need not be read again from where they came.

A member is good if its bytes have the CRC-32 that its directory entry or its local header states, so that a flipped bit
in either header costs nothing, and an archive that was cut off keeps all members before the cut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cern_assets.archives.members import DEFLATED, STORED, Member
from cern_assets.archives.reading import BrokenArchiveError, Entry, ReadAt, read_directory, read_local, walk_locals
from cern_assets.archives.verification import OpenAt, member_crc

_METHODS = (STORED, DEFLATED)


@dataclass(frozen=True)
class Salvaged:
    """A good member, and where its bytes begin in the old archive."""

    member: Member
    data_offset: int


def salvage(
    read: ReadAt,
    open_at: OpenAt,
    size_bytes: int,
    wanted: Sequence[Member],
    deflates: Callable[[str], bool] = lambda _name: False,
) -> dict[str, Salvaged]:
    """The good ones among the wanted members, by name: same name and size, bytes as a header says.

    `deflates` says by name which are to be compressed where that makes them smaller: a member that is packed otherwise
    is not what a fresh archive would hold.

    A wanted member with a CRC-32 other than 0 must have just that one; with 0 it is not known, and the archive's own
    word counts.
    """
    found: dict[str, Salvaged] = {}
    candidates = _candidates(read, size_bytes, wanted)
    for member in wanted:
        for entry, data_offset in candidates.get(member.encoded, ()):
            if entry.size_bytes != member.size_bytes or (member.crc32 and entry.crc32 != member.crc32):
                continue
            if (entry.method == DEFLATED) != deflates(member.name):
                continue
            if member_crc(open_at, data_offset, entry) == entry.crc32:
                packed = entry.packed_bytes if entry.method == DEFLATED else None
                found[member.name] = Salvaged(Member(member.name, member.size_bytes, entry.crc32, packed), data_offset)
                break
    return found


def _candidates(read: ReadAt, size_bytes: int, wanted: Sequence[Member]) -> dict[bytes, list[tuple[Entry, int]]]:
    """Where a member's bytes may stand, by what the directory says and by what the local headers say."""
    found: dict[bytes, list[tuple[Entry, int]]] = {}
    names = {member.encoded for member in wanted}
    try:
        listed = read_directory(read, size_bytes).entries
    except BrokenArchiveError:
        listed = ()
    for entry in listed:
        if entry.name in names and entry.method in _METHODS and not entry.encrypted:
            for place in _places(read, entry):
                found.setdefault(entry.name, []).append(place)
    if len(found) < len(names):
        for header in walk_locals(read, size_bytes):
            known = found.setdefault(header.name, []) if header.name in names and header.method in _METHODS else None
            if known is not None and not header.encrypted:
                known.append((header, header.offset + header.header_bytes))
    return found


def _places(read: ReadAt, entry: Entry) -> list[tuple[Entry, int]]:
    """By its local header where that can be read, else as this package would have written it."""
    wide = 20 if entry.size_bytes >= 0xFFFFFFFF else 0
    assumed = entry.offset + 30 + len(entry.name) + wide
    try:
        header = read_local(read, entry.offset)
    except BrokenArchiveError:
        return [(entry, assumed)]
    stated = header.offset + header.header_bytes
    places = [(entry, stated), (header, stated)] if header.crc32 != entry.crc32 else [(entry, stated)]
    return places if stated == assumed else [*places, (entry, assumed)]
