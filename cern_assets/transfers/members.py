"""The bytes of many files one after the other, read ahead: small ones by several threads, large ones as a stream.

Memory is bounded by bytes, whatever the files: what is read and not yet used is at most `AHEAD_BYTES`, or one file of
`WHOLE_BYTES` whose CRC-32 has to be known before its first byte is written.
"""

import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import replace

from cern_assets.archives.members import Member, MemberBytes
from cern_assets.transfers.lanes import read_ahead

AHEAD_BYTES = 32 * 1024**2
WHOLE_BYTES = 128 * 1024**2
_SMALL_BYTES = 4 * 1024**2
_READERS = 8
_MOST_FILES = 64

type OpenFile = Callable[[str], AbstractContextManager[Iterator[bytes]]]
"""Opens a file by its member's name."""


def known_members(members: Sequence[Member], open_file: OpenFile) -> Iterator[MemberBytes]:
    """Members whose CRC-32 is known, with their bytes, each file read once."""
    return _in_order(
        members, open_file, lambda member, _data: member, lambda member: (member, _streamed(member, open_file))
    )


def measured_members(
    members: Sequence[Member], open_file: OpenFile, *, whole_bytes: int = WHOLE_BYTES
) -> Iterator[MemberBytes]:
    """Members of which only name and size are known; the CRC-32 is computed from the bytes.

    A file over `whole_bytes` is read twice, as its CRC-32 stands before its bytes; any other once.
    """
    return _in_order(members, open_file, _with_crc, lambda member: _measured(member, open_file, whole_bytes))


def _with_crc(member: Member, data: bytes) -> Member:
    return replace(member, crc32=zlib.crc32(data))


def _in_order(
    members: Sequence[Member],
    open_file: OpenFile,
    settled: Callable[[Member, bytes], Member],
    large: Callable[[Member], MemberBytes],
) -> Iterator[MemberBytes]:
    with ThreadPoolExecutor(_READERS, thread_name_prefix="member") as pool:
        ahead: deque[tuple[Member, Future[bytes] | None]] = deque()
        waiting = iter(members)
        held = 0
        upcoming = next(waiting, None)
        try:
            while upcoming is not None or ahead:
                while upcoming is not None and len(ahead) < _MOST_FILES and (held < AHEAD_BYTES or not ahead):
                    small = upcoming.size_bytes <= _SMALL_BYTES
                    ahead.append((upcoming, pool.submit(_whole, upcoming, open_file) if small else None))
                    held += upcoming.size_bytes if small else 0
                    upcoming = next(waiting, None)
                member, read = ahead.popleft()
                if read is None:
                    yield large(member)
                else:
                    data = read.result()
                    held -= member.size_bytes
                    yield settled(member, data), iter((data,))
        finally:
            for _, read in ahead:
                if read is not None:
                    read.cancel()


def _whole(member: Member, open_file: OpenFile) -> bytes:
    """All bytes of a file, but no more than one beyond its size: enough to see that it grew."""
    parts, size = [], 0
    with open_file(member.name) as chunks:
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > member.size_bytes:
                break
    return b"".join(parts)


def _streamed(member: Member, open_file: OpenFile) -> Iterator[bytes]:
    with open_file(member.name) as chunks, closing(read_ahead(chunks)) as ahead:
        yield from ahead


def _measured(member: Member, open_file: OpenFile, whole_bytes: int) -> MemberBytes:
    if member.size_bytes <= whole_bytes:
        with open_file(member.name) as chunks:
            parts = list(_at_most(chunks, member.size_bytes))
        return replace(member, crc32=_crc(iter(parts))), iter(parts)
    with open_file(member.name) as chunks:
        crc = _crc(read_ahead(chunks))
    return replace(member, crc32=crc), _streamed(member, open_file)


def _at_most(chunks: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    given = 0
    for chunk in chunks:
        yield chunk
        given += len(chunk)
        if given > size_bytes:
            return


def _crc(chunks: Iterator[bytes]) -> int:
    crc = 0
    for chunk in chunks:
        crc = zlib.crc32(chunk, crc)
    return crc
