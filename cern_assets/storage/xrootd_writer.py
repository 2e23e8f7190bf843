"""A file being written on an XRootD server."""

from collections.abc import Iterator
from typing import Any

from cern_assets.errors import TransferInterruptedError
from cern_assets.failures import failure
from cern_assets.storage.xrootd_reading import CHUNK_BYTES
from cern_assets.storage.xrootd_status import EXISTS, IS_FOLDER, WRITING, check, said


class XRootDWriter:
    """A `ports.ByteWriter` over an open file with a temporary name, of which some may be written already."""

    def __init__(
        self, files: Any, file: Any, *, temporary: str, place: str, uri: str, timeout: int, written_bytes: int
    ) -> None:
        self._files = files
        self._file = file
        self._temporary = temporary
        self._place = place
        self._uri = uri
        self._timeout = timeout
        self._committed = False
        self._sent_bytes = written_bytes
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    @property
    def written_bytes(self) -> int:
        """Bytes that are written or about to be."""
        return self._sent_bytes + self._pending_bytes

    def earlier(self) -> Iterator[bytes]:
        """What an earlier attempt wrote."""
        position, end = 0, self._sent_bytes
        while position < end:
            status, chunk = self._file.read(position, min(CHUNK_BYTES, end - position), timeout=self._timeout)
            if not status.ok or not chunk:
                raise failure(TransferInterruptedError, "Reading", self._uri, said(status))
            yield chunk
            position += len(chunk)

    def start_over(self) -> None:
        """Throw away what is written."""
        self._pending, self._pending_bytes = [], 0
        status, _ = self._file.truncate(0, timeout=self._timeout)
        check(status, "Writing", self._uri, WRITING)
        self._sent_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Append; small chunks are collected, as each call to the server costs a round trip."""
        self._pending.append(chunk)
        self._pending_bytes += len(chunk)
        if self._pending_bytes >= CHUNK_BYTES:
            self._flush()

    def commit(self, *, lasting: bool = True) -> None:  # noqa: ARG002  the server's power cut is not ours
        """Flush to disk, close, and move to the final name, which replaces an older file."""
        self._flush()
        status, _ = self._file.sync(timeout=self._timeout)
        check(status, "Flushing", self._uri, WRITING)
        status, _ = self._file.close(timeout=self._timeout)
        check(status, "Closing", self._uri, WRITING)
        status, _ = self._files.mv(self._temporary, self._place, timeout=self._timeout)
        if status.errno in (IS_FOLDER, EXISTS) and self._files.rmdir(self._place, timeout=self._timeout)[0].ok:
            status, _ = self._files.mv(self._temporary, self._place, timeout=self._timeout)
        check(status, "Moving to its name", self._uri, WRITING)
        self._committed = True

    def end(self, *, keep: bool) -> None:
        """Close, and delete the temporary file unless it is to be kept, if the server lets us: it is not listed."""
        if self._committed:
            return
        if keep and self._pending:
            self._send_what_is_left()
        if self._file.is_open():
            self._file.close(timeout=self._timeout)
        if not keep:
            self._files.rm(self._temporary, timeout=self._timeout)

    def _send_what_is_left(self) -> None:
        """For the next attempt; whether it arrives does not matter."""
        block = b"".join(self._pending)
        self._file.write(block, self._sent_bytes, len(block), timeout=self._timeout)

    def _flush(self) -> None:
        block = b"".join(self._pending)
        self._pending, self._pending_bytes = [], 0
        if block:
            status, _ = self._file.write(block, self._sent_bytes, len(block), timeout=self._timeout)
            check(status, "Writing", self._uri, WRITING)
            self._sent_bytes += len(block)
