"""Members of an archive: what a ZIP needs to know of a file before its first byte."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """A file as a ZIP stores it: its name (a safe relative path), size in bytes, and CRC-32 as a number.

    The size of an archive and where each member stands in it do not depend on the CRC, so that a plan can be made of
    members whose bytes nobody has read yet (0).
    """

    name: str
    size_bytes: int
    crc32: int = 0

    @property
    def encoded(self) -> bytes:
        """The name as it stands in the archive."""
        return self.name.encode()


type MemberBytes = tuple[Member, Iterator[bytes]]
"""A member, its CRC-32 known, with its bytes as chunks."""
