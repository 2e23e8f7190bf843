"""The folder of content files: each is whole and on the disk under its name, or not there, but for those in parts."""

import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from anyio import create_task_group, to_thread

_PIECE_BYTES = 1024 * 1024
_BLOCK_BYTES = 4096
_ZEROS = bytes(_BLOCK_BYTES)


@dataclass(frozen=True)
class Written:
    """What was written: its id, its size in bytes, and the MD5 as InvenioRDM writes checksums."""

    file_id: str
    size_bytes: int
    checksum: str


class ContentFolder:
    """Content by file id (hexadecimal, so safe as a name); an id is given out once.

    Content never changes once it is whole; that which comes in parts is written in place until it is committed.
    """

    def __init__(self, folder: Path, *, sparse: bool = False) -> None:
        """With `sparse`, blocks of 4 KiB that are zeros are not written: they take no room where nothing stood."""
        self._folder = folder
        self._sparse = sparse
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, file_id: str) -> Path:
        """Where a file's content is or will be."""
        return self._folder / file_id[:2] / file_id

    async def write(self, chunks: AsyncIterator[bytes]) -> Written:
        """Write a stream to the end under an id of its own; a stream that breaks off leaves nothing."""
        file_id = uuid4().hex
        path = self.path(file_id)
        writing = path.with_name(f"{file_id}.writing")
        writing.parent.mkdir(exist_ok=True)
        digest, size_bytes = hashlib.md5(usedforsecurity=False), 0
        try:
            with writing.open("wb") as file:
                # A piece is digested and written while the next one comes in.
                async with aclosing(_pieces(chunks)) as pieces:
                    piece = await anext(pieces, b"")
                    while piece:
                        take = partial(_take, piece, digest.update, partial(self._put, file, size_bytes))
                        size_bytes += len(piece)
                        piece = await _beside(take, pieces)
                file.truncate(size_bytes)
                await to_thread.run_sync(_settle, file, path)
        finally:
            writing.unlink(missing_ok=True)
        return Written(file_id, size_bytes, f"md5:{digest.hexdigest()}")

    def prepare(self, file_id: str, size_bytes: int) -> None:
        """Make a file of zeros, for parts to be written into it."""
        path = self.path(file_id)
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size_bytes)
            os.fsync(file.fileno())
        _sync_folder(path.parent)
        _sync_folder(path.parent.parent)

    async def write_part(self, chunks: AsyncIterator[bytes], file_id: str, offset_bytes: int) -> None:
        """Write a part at its place; what came before a stream broke off stays there."""
        with self.path(file_id).open("r+b") as file:
            async for piece in _pieces(chunks):
                await to_thread.run_sync(self._put, file, offset_bytes, piece)
                offset_bytes += len(piece)
            await to_thread.run_sync(_flush, file)

    def measured(self, file_id: str) -> Written:
        """The size and the MD5 of what was written for a file, whatever it is."""
        with self.path(file_id).open("rb") as file:
            digest = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False))
            return Written(file_id, file.tell(), f"md5:{digest.hexdigest()}")

    def _put(self, file: BinaryIO, offset_bytes: int, piece: bytes) -> None:
        for start, content in _with_content(piece) if self._sparse else ((0, piece),):
            file.seek(offset_bytes + start)
            file.write(content)

    def link(self, file_id: str) -> str:
        """The same content under another id, which is given back; neither is harmed by the other's end."""
        other = uuid4().hex
        path = self.path(other)
        path.parent.mkdir(exist_ok=True)
        path.hardlink_to(self.path(file_id))
        _sync_folder(path.parent)
        return other

    def remove(self, file_id: str) -> None:
        """Delete a file's content, if there is any."""
        self.path(file_id).unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Delete what a killed server left: half-written content, and content that no file has (by ids)."""
        for path in self._folder.glob("*/*"):
            if path.name.partition(".")[0] not in known:
                path.unlink()


async def _beside(work: Callable[[], None], pieces: AsyncIterator[bytes]) -> bytes:
    """Do work in a thread, and give the next piece that came meanwhile, empty after the last; both have ended then."""
    piece = b""
    try:
        async with create_task_group() as together:
            together.start_soon(to_thread.run_sync, work)
            piece = await anext(pieces, b"")
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return piece


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes in pieces of 1 MiB or a little more, the last one shorter."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= _PIECE_BYTES:
            piece, waiting = bytes(waiting), bytearray()
            yield piece
    if waiting:
        yield bytes(waiting)


def _with_content(piece: bytes) -> Iterator[tuple[int, bytes]]:
    """Those blocks of a piece that are not zeros from end to end, each with where it begins in the piece."""
    for start in range(0, len(piece), _BLOCK_BYTES):
        block = piece[start : start + _BLOCK_BYTES]
        if block != _ZEROS[: len(block)]:
            yield start, block


def _take(piece: bytes, *takers: Callable[[bytes], object]) -> None:
    for taker in takers:
        taker(piece)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _settle(file: BinaryIO, path: Path) -> None:
    """Give a file its name once its bytes are on the disk, and wait until the name is there too."""
    _flush(file)
    Path(file.name).replace(path)
    _sync_folder(path.parent)
    _sync_folder(path.parent.parent)  # the folder of two letters may be new


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
