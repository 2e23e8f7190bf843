"""The folder of content files: each is complete under its name, or not there."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from anyio import to_thread

_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Written:
    """What was written: size in bytes, and the MD5 as InvenioRDM writes checksums."""

    size_bytes: int
    checksum: str


class ContentFolder:
    """Content by file id (hexadecimal, so safe as a name)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob("*/*.writing"):
            leftover.unlink()

    def path(self, file_id: str, part: int | None = None) -> Path:
        """Where a file's content, or one part of it, is or will be."""
        name = file_id if part is None else f"{file_id}.part{part}"
        return self._folder / file_id[:2] / name

    async def write(self, chunks: AsyncIterator[bytes], file_id: str, part: int | None = None) -> Written:
        """Write a stream to the end, then give it its name; a stream that breaks off leaves nothing."""
        path = self.path(file_id, part)
        writing = path.with_name(f"{path.name}.{secrets.token_hex(4)}.writing")
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
            writing.replace(path)
        finally:
            writing.unlink(missing_ok=True)
        return Written(size_bytes + len(waiting), f"md5:{digest.hexdigest()}")

    def join(self, file_id: str, parts: int) -> Written | None:
        """Make one content of its parts and drop them; None if a part is missing."""
        paths = [self.path(file_id, part) for part in range(1, parts + 1)]
        if not all(path.exists() for path in paths):
            return None
        whole = self.path(file_id)
        writing = whole.with_name(f"{whole.name}.writing")
        digest = hashlib.md5(usedforsecurity=False)
        with writing.open("wb") as file:
            for path in paths:
                with path.open("rb") as part_file:
                    while piece := part_file.read(_PIECE_BYTES):
                        _take(piece, digest.update, file.write)
            size_bytes = file.tell()
        writing.replace(whole)
        for path in paths:
            path.unlink()
        return Written(size_bytes, f"md5:{digest.hexdigest()}")

    def link(self, file_id: str) -> str:
        """The same content under another id, which is given back; neither is harmed by the other's end."""
        other = uuid4().hex
        path = self.path(other)
        path.parent.mkdir(exist_ok=True)
        path.hardlink_to(self.path(file_id))
        return other

    def remove(self, file_id: str) -> None:
        """Delete a file's content and its parts, whatever there is."""
        for path in self._folder.glob(f"{file_id[:2]}/{file_id}*"):
            path.unlink(missing_ok=True)


def _take(piece: bytes, *takers: Callable[[bytes], object]) -> None:
    for taker in takers:
        taker(piece)
