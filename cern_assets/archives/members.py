"""Members of an archive: what a ZIP needs to know of a file before its first byte."""

from collections.abc import Iterator
from dataclasses import dataclass

STORED, DEFLATED = 0, 8
"""Methods of APPNOTE.TXT 4.4.5."""


@dataclass(frozen=True)
class Member:
    """A file as a ZIP holds it: its name (a safe relative path), size in bytes, and CRC-32 as a number.

    The size of an archive and where each member stands in it do not depend on the CRC, so that a plan can be made of
    members whose bytes nobody has read yet (0). `deflated_bytes` is the size of the compressed bytes, None for a member
    that is stored.
    """

    name: str
    size_bytes: int
    crc32: int = 0
    deflated_bytes: int | None = None

    @property
    def encoded(self) -> bytes:
        """The name as it stands in the archive."""
        return self.name.encode()

    @property
    def packed_bytes(self) -> int:
        """What it takes in the archive, without its headers."""
        return self.size_bytes if self.deflated_bytes is None else self.deflated_bytes

    @property
    def method(self) -> int:
        """How it is packed."""
        return STORED if self.deflated_bytes is None else DEFLATED


class Packed:
    """Chunks of a member that are compressed already, as they stand in another archive."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


class Measured:
    """Chunks of a member whose size and CRC-32 were computed of just these chunks, in memory."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


type MemberBytes = tuple[Member, Iterator[bytes] | Packed | Measured]
"""A member, its CRC-32 known, with its bytes as chunks, compressed on their way in where the member says so."""
