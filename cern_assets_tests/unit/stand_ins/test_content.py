"""The folder of content files of the embedded repository: which bytes it keeps, and how much room they take."""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from cern_assets.stand_ins.repository.content import ContentFolder

MIB = 1024 * 1024
BYTES = b"".join(os.urandom(5000) + bytes(MIB - 5000) for _ in range(8)) + bytes(3) + b"the end" + bytes(5)


async def _in_chunks(size_bytes: int) -> AsyncIterator[bytes]:
    for start in range(0, len(BYTES), size_bytes):
        yield BYTES[start : start + size_bytes]


@pytest.mark.parametrize("chunk_bytes", [65_536, 65_535, 1_000_003, MIB])
def test_zeros_take_no_room_however_the_stream_is_cut_and_all_bytes_come_back(tmp_path: Path, chunk_bytes: int) -> None:
    folder = ContentFolder(tmp_path, sparse=True)
    written = anyio.run(folder.write, _in_chunks(chunk_bytes))
    path = folder.path(written.file_id)
    assert path.read_bytes() == BYTES
    assert written.checksum == f"md5:{hashlib.md5(BYTES, usedforsecurity=False).hexdigest()}"
    assert path.stat().st_blocks * 512 < MIB


def test_zeros_of_a_part_take_no_room_either(tmp_path: Path) -> None:
    folder = ContentFolder(tmp_path, sparse=True)
    folder.prepare("ab01", MIB + len(BYTES))
    anyio.run(folder.write_part, _in_chunks(100_000), "ab01", MIB)
    assert folder.path("ab01").read_bytes() == bytes(MIB) + BYTES
    assert folder.path("ab01").stat().st_blocks * 512 < MIB
