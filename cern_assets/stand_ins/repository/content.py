"""The folder of content files: each is complete and on the disk under its name, or not there."""

import hashlib
import os
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from anyio import to_thread

_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Written:
    """What was written: its id, its size in bytes, and the MD5 as InvenioRDM writes checksums."""

    file_id: str
    size_bytes: int
    checksum: str


class ContentFolder:
    """Content by file id (hexadecimal, so safe as a name); an id is given out once, and its content never changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, file_id: str, part: int | None = None) -> Path:
        """Where a file's content, or one part of it, is or will be."""
        name = file_id if part is None else f"{file_id}.part{part}"
        return self._folder / file_id[:2] / name

    async def write(self, chunks: AsyncIterator[bytes]) -> Written:
        """Write a stream to the end under an id of its own; a stream that breaks off leaves nothing."""
        file_id = uuid4().hex
        return await self._write(chunks, file_id, self.path(file_id))

    async def write_part(self, chunks: AsyncIterator[bytes], file_id: str, part: int) -> Written:
        """Write a part; one that was there before is replaced once this one is whole."""
        return await self._write(chunks, file_id, self.path(file_id, part))

    async def _write(self, chunks: AsyncIterator[bytes], file_id: str, path: Path) -> Written:
        writing = path.with_name(f"{uuid4().hex}.writing")
        writing.parent.mkdir(exist_ok=True)
        digest, size_bytes, waiting = hashlib.md5(usedforsecurity=False), 0, bytearray()
        try:
            with writing.open("wb") as file:
                async for chunk in chunks:
                    waiting += chunk
                    if len(waiting) >= _PIECE_BYTES:
                        piece, waiting = bytes(waiting), bytearray()
                        await to_thread.run_sync(_take, piece, digest.update, file.write)
                        size_bytes += len(piece)
                _take(bytes(waiting), digest.update, file.write)
                await to_thread.run_sync(_settle, file, path)
        finally:
            writing.unlink(missing_ok=True)
        return Written(file_id, size_bytes + len(waiting), f"md5:{digest.hexdigest()}")

    def join(self, file_id: str, parts: int) -> Written | None:
        """Make one content, with an id of its own, of the parts of a file, which stay; None if one is missing."""
        paths = [self.path(file_id, part) for part in range(1, parts + 1)]
        if not all(path.exists() for path in paths):
            return None
        whole = uuid4().hex
        path = self.path(whole)
        writing = path.with_name(f"{whole}.writing")
        writing.parent.mkdir(exist_ok=True)
        digest = hashlib.md5(usedforsecurity=False)
        with writing.open("wb") as file:
            for part_path in paths:
                with part_path.open("rb") as part_file:
                    while piece := part_file.read(_PIECE_BYTES):
                        _take(piece, digest.update, file.write)
            size_bytes = file.tell()
            _settle(file, path)
        return Written(whole, size_bytes, f"md5:{digest.hexdigest()}")

    def link(self, file_id: str) -> str:
        """The same content under another id, which is given back; neither is harmed by the other's end."""
        other = uuid4().hex
        path = self.path(other)
        path.parent.mkdir(exist_ok=True)
        path.hardlink_to(self.path(file_id))
        _sync_folder(path.parent)
        return other

    def remove(self, file_id: str) -> None:
        """Delete a file's content and its parts, whatever there is."""
        for path in self._folder.glob(f"{file_id[:2]}/{file_id}*"):
            path.unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Delete what a killed server left: half-written content, and content that no file has (by ids)."""
        for path in self._folder.glob("*/*"):
            if path.name.partition(".")[0] not in known:
                path.unlink()


def _take(piece: bytes, *takers: Callable[[bytes], object]) -> None:
    for taker in takers:
        taker(piece)


def _settle(file: BinaryIO, path: Path) -> None:
    """Give a file its name once its bytes are on the disk, and wait until the name is there too."""
    file.flush()
    os.fsync(file.fileno())
    Path(file.name).replace(path)
    _sync_folder(path.parent)
    _sync_folder(path.parent.parent)  # the folder of two letters may be new


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
