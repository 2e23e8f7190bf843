"""How small files get: measured before an archive is planned, as its size is known before its first byte."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from isal import isal_zlib

from cern_assets.archives.members import Member
from cern_assets.archives.zip_stream import deflated
from cern_assets.transfers.members import OpenFile

_WORKERS = 4


def by_suffix(suffixes: Sequence[str]) -> Callable[[str], bool]:
    """Whether a file of this name is to be compressed."""
    wanted = tuple(suffix.lower() for suffix in suffixes)
    return lambda name: bool(wanted) and name.lower().endswith(wanted)


def measured(members: Sequence[Member], open_file: OpenFile, deflates: Callable[[str], bool]) -> list[Member]:
    """The members with the compressed size of those that are to be compressed and get smaller by it.

    Each of these is read once for it, and its CRC-32 is known then.
    """
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="deflate") as pool:
        return list(pool.map(lambda each: _measured(each, open_file) if deflates(each.name) else each, members))


def _measured(member: Member, open_file: OpenFile) -> Member:
    crc, size = 0, 0
    with open_file(member.name) as chunks:

        def seen() -> Iterator[bytes]:
            nonlocal crc
            for chunk in chunks:
                crc = isal_zlib.crc32(chunk, crc)
                yield chunk

        for piece in deflated(seen()):
            size += len(piece)
    return replace(member, crc32=crc, deflated_bytes=size if size < member.size_bytes else None)
