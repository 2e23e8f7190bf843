"""Guards that a large file is whole, whatever its size, its blocks, and what its file system can do."""

import errno
import os
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from cern_assets.storage.local import LocalStore
from cern_assets.storage.past_cache import ALIGNED_BYTES, BLOCK_BYTES, FROM_BYTES, PastCache
from cern_assets_tests.contract.stores import get

MIB = 1024**2
CONTENT = os.urandom(MIB) * 65 + b"an end that fills no page"
ODD_BYTES = 3 * MIB + 17


def _written(store: LocalStore, *, resume: str | None = None) -> None:
    with store.create("large", size_bytes=len(CONTENT), resume=resume) as writer:
        for start in range(writer.written_bytes, len(CONTENT), ODD_BYTES):
            writer.write(CONTENT[start : start + ODD_BYTES])
        assert writer.written_bytes == len(CONTENT)
        writer.commit()


def _in_the_cache(place: Path, offset: int) -> bool:
    """Whether the system has a page of a file in memory."""
    with place.open("rb") as file:
        try:
            return os.preadv(file.fileno(), [bytearray(1)], offset, os.RWF_NOWAIT) == 1
        except BlockingIOError:
            return False


@pytest.mark.parametrize("resume", [None, "word1"])
def test_a_large_file_is_whole_though_its_chunks_fill_no_blocks(tmp_path: Path, resume: str | None) -> None:
    store = LocalStore(tmp_path)
    _written(store, resume=resume)
    assert get(store, "large") == CONTENT


def test_a_large_file_pushes_nothing_out_of_the_systems_cache(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    with FileIO(probe, "x") as file:
        blocks = PastCache(file)
        blocks.append(bytes(BLOCK_BYTES))
        can = blocks._past and not _in_the_cache(probe, 0)  # a file system in memory has all of it there
    _written(LocalStore(tmp_path))
    assert _in_the_cache(tmp_path / "large", 0) is not can
    assert _in_the_cache(tmp_path / "large", len(CONTENT) - 1)


def test_a_large_file_is_gone_on_with_at_the_last_page_that_is_whole(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with store.create("large", size_bytes=len(CONTENT), resume="word1") as writer:
        writer.write(CONTENT[:ODD_BYTES])
    with store.create("large", size_bytes=len(CONTENT), resume="word1") as writer:
        assert writer.written_bytes == ODD_BYTES - ODD_BYTES % ALIGNED_BYTES
        assert b"".join(writer.earlier()) == CONTENT[: writer.written_bytes]
    _written(store, resume="word1")
    assert get(store, "large") == CONTENT


def test_a_large_file_that_is_started_over_has_nothing_of_what_was_there(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with store.create("large", size_bytes=FROM_BYTES) as writer:
        writer.write(b"x" * (2 * BLOCK_BYTES + 5))
        writer.start_over()
        writer.write(b"y" * (BLOCK_BYTES + 5))
        writer.commit()
    assert get(store, "large") == b"y" * (BLOCK_BYTES + 5)


class _Refusing(FileIO):
    """A file of a file system that takes the flag, and refuses the first write that comes of it."""

    refused = 0

    def write(self, block: Any, /) -> int:
        if not self.refused:
            self.refused += 1
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return super().write(block)


class _CuttingShort(FileIO):
    """A file of which a write takes an odd part."""

    def write(self, block: Any, /) -> int:
        with memoryview(block) as whole:
            return super().write(bytes(whole[:12_345]) if len(whole) > 12_345 and self.tell() else block)


@pytest.mark.parametrize("kind", [_Refusing, _CuttingShort])
def test_a_file_system_that_cannot_is_written_to_as_usual(tmp_path: Path, kind: type[FileIO]) -> None:
    with kind(tmp_path / "file", "x") as file:
        blocks = PastCache(file)
        for start in range(0, 3 * BLOCK_BYTES, BLOCK_BYTES // 2 + 1):
            blocks.append(CONTENT[start : min(start + BLOCK_BYTES // 2 + 1, 3 * BLOCK_BYTES)])
        blocks.finish()
    assert (tmp_path / "file").read_bytes() == CONTENT[: 3 * BLOCK_BYTES]


def test_another_error_of_the_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with FileIO(tmp_path / "file") as file:  # open for reading only
        blocks = PastCache(file)
        with pytest.raises(OSError, match=r"not open for writing|Bad file descriptor"):
            blocks.append(bytes(BLOCK_BYTES))
