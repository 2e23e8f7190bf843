"""A ZIP archive as a stream: written in one pass, its size known before the first byte, the same bytes each time.

Members are stored unless they say otherwise: physics data hardly shrinks, and deflated bytes depend on the zlib build.
"""

import zlib
from collections.abc import Iterable, Iterator

from isal import isal_zlib

from cern_assets.archives.layout import directory, local_header, placed
from cern_assets.archives.members import DEFLATED, Measured, Member, MemberBytes, Packed
from cern_assets.errors import ChecksumMismatchError, SizeMismatchError

_LEVEL = 6


def zip_chunks(members: Iterable[MemberBytes]) -> Iterator[bytes]:
    """The archive's bytes, in the order of the members; each member's bytes are taken before the next one is asked for.

    Raises:
        SizeMismatchError, ChecksumMismatchError: a member's bytes are not the ones announced.
    """
    written: list[Member] = []
    for member, chunks in members:
        yield local_header(member)
        if isinstance(chunks, Packed):
            yield from _measured(member, iter(chunks))
        else:
            plain = iter(chunks) if isinstance(chunks, Measured) else _verified(member, chunks)
            yield from _measured(member, deflated(plain)) if member.method == DEFLATED else plain
        written.append(member)
    yield from directory(list(placed(written)))


def deflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes compressed, without zlib's own header, as a ZIP holds them."""
    machine = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    for chunk in chunks:
        if piece := machine.compress(chunk):
            yield piece
    yield machine.flush()


def _measured(member: Member, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Compressed bytes, which must be as many as announced: what follows stands where it was planned to."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        yield chunk
    if size != member.packed_bytes:
        raise SizeMismatchError(
            f"The file takes {size} bytes when compressed, where {member.packed_bytes} were planned.",
            uri=member.name,
            remedy="Run it again: the file changed while it was read.",
        )


def _verified(member: Member, chunks: Iterator[bytes]) -> Iterator[bytes]:
    size, crc = 0, 0
    for chunk in chunks:
        size += len(chunk)
        crc = isal_zlib.crc32(chunk, crc)
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
