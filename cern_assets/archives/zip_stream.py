"""A ZIP archive as a stream: written in one pass, its size known before the first byte, the same bytes each time.

Members are stored, not deflated: physics data hardly shrinks, and deflated bytes depend on the zlib build.
"""

import zlib
from collections.abc import Iterable, Iterator

from cern_assets.archives.layout import directory, local_header, placed
from cern_assets.archives.members import Member, MemberBytes
from cern_assets.errors import ChecksumMismatchError, SizeMismatchError


def zip_chunks(members: Iterable[MemberBytes]) -> Iterator[bytes]:
    """The archive's bytes, in the order of the members; each member's bytes are taken before the next one is asked for.

    Raises:
        SizeMismatchError, ChecksumMismatchError: a member's bytes are not the ones announced.
    """
    written: list[Member] = []
    for member, chunks in members:
        yield local_header(member)
        yield from _verified(member, chunks)
        written.append(member)
    yield from directory(list(placed(written)))


def _verified(member: Member, chunks: Iterator[bytes]) -> Iterator[bytes]:
    size, crc = 0, 0
    for chunk in chunks:
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if size != member.size_bytes:
        raise SizeMismatchError(
            f"The stored file has {size} bytes where the manifest says {member.size_bytes}.",
            uri=member.name,
            remedy="Materialize raw_files of this recid again.",
        )
    if crc != member.crc32:
        raise ChecksumMismatchError(
            f"The stored file has CRC-32 {crc:08x} where the manifest says {member.crc32:08x}.",
            uri=member.name,
            remedy="Delete the stored file and materialize raw_files of this recid again.",
        )
