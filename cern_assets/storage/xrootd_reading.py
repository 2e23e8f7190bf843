"""Reading an open file of an XRootD server: several reads under way, none of them waited for without end.

The client's time limits end with the first byte of an answer: one that comes a byte a second is waited for as long as
it takes. Hence reads are asked for with a callback, and what has not come in time is abandoned: kept until the client
is done with it, as it still writes there.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cern_assets.errors import TransferInterruptedError
from cern_assets.failures import failure
from cern_assets.ports import Range
from cern_assets.storage.xrootd_status import check, said

CHUNK_BYTES = 4 * 1024**2
_AT_ONCE = 4
"""Reads under way of a fast server; a slow one is asked for a chunk at a time, so that each comes in its time."""
_FAST_SHARE = 1 / 20
_GRACE_SECONDS = 2.0  # the client, which tells more, has the first say; it looks at its clock once a second
_MOST_PIECES, _PIECE_BYTES = 1024, 2_097_136  # what the protocol allows in one vector read

_abandoned: list[tuple[Any, "_Answer"]] = []


class XRootDReading:
    """An open file of the bindings, to be read and closed; `timeout` is how many seconds each answer may take."""

    def __init__(self, file: Any, uri: str, timeout: int) -> None:
        self._file = file
        self._uri = uri
        self._timeout = timeout
        self._abandoned = False

    def close(self) -> None:
        """Close the file, unless an answer is still to come."""
        if not self._abandoned:
            self._file.close(timeout=self._timeout)

    def chunks(self, position: int) -> Iterator[bytes]:
        """The bytes from an offset on, in chunks of 4 MiB, of which the next ones are asked for before they are needed.

        Raises:
            TransferInterruptedError: one did not come.
        """
        under_way: deque[_Answer] = deque()
        at_once = 1
        try:
            while True:
                while len(under_way) < at_once:
                    under_way.append(self._asked(self._file.read, position, CHUNK_BYTES))
                    position += CHUNK_BYTES
                began = time.monotonic()
                chunk = self._arrived(under_way.popleft())
                fast = time.monotonic() - began < _FAST_SHARE * self._timeout
                at_once = _AT_ONCE if fast else 1
                if chunk:
                    yield chunk
                if len(chunk) < CHUNK_BYTES:  # the protocol gives fewer bytes than asked for at the end only
                    return
        finally:
            for answer in under_way:
                if not answer.waited_for(0 if self._abandoned else self._timeout):
                    self._abandon(answer)

    def part(self, offset: int, size_bytes: int) -> bytes:
        """Some bytes, fewer where the file ends.

        Raises:
            TransferInterruptedError: they did not come.
        """
        parts: list[bytes] = []
        while size_bytes > 0:
            asked = min(CHUNK_BYTES, size_bytes)
            parts.append(self._arrived(self._asked(self._file.read, offset, asked)))
            if len(parts[-1]) < asked:
                break
            offset, size_bytes = offset + asked, size_bytes - asked
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def parts(self, ranges: Sequence[Range]) -> list[bytes]:
        """Several parts by vector reads, which the protocol limits in number and size, and to what is there.

        Raises:
            TransferInterruptedError: they did not come.
        """
        status, found = self._file.stat(timeout=self._timeout)
        check(status, "Looking at the file", self._uri)
        end = int(found.size)
        pieces = [list(_pieces(offset, size, end)) for offset, size in ranges]
        flat = [piece for of_range in pieces for piece in of_range]
        read: list[bytes] = []
        for start in range(0, len(flat), _MOST_PIECES):
            answer = self._arrived(self._asked(self._file.vector_read, flat[start : start + _MOST_PIECES]))
            read += [bytes(chunk.buffer) for chunk in answer.chunks]
        rest = iter(read)
        return [b"".join(next(rest) for _ in of_range) for of_range in pieces]

    def _asked(self, call: Callable[..., Any], *args: Any) -> "_Answer":
        answer = _Answer()
        status = call(*args, timeout=self._timeout, callback=answer)
        if not status.ok:  # it was not even sent, and nobody will call
            answer(status, None)
        return answer

    def _arrived(self, answer: "_Answer") -> Any:
        if not answer.waited_for(self._timeout + _GRACE_SECONDS):
            self._abandon(answer)
            detail = f"the answer was not complete after {self._timeout} seconds"
            raise failure(TransferInterruptedError, "Reading", self._uri, detail)
        if not answer.status.ok:
            raise failure(TransferInterruptedError, "Reading", self._uri, said(answer.status))
        return answer.response

    def _abandon(self, answer: "_Answer") -> None:
        """Let go of an answer that may still come; neither it nor its file may be freed before."""
        self._abandoned = True
        _abandoned[:] = [each for each in _abandoned if not each[1].waited_for(0)]
        _abandoned.append((self._file, answer))


class _Answer:
    """What a call brings, told by a thread of the client."""

    def __init__(self) -> None:
        self._came = threading.Event()
        self.status: Any = None
        self.response: Any = None

    def __call__(self, status: Any, response: Any, _hosts: Any = None) -> None:
        self.status, self.response = status, response
        self._came.set()

    def waited_for(self, seconds: float) -> bool:
        """Whether it is there after so long a time."""
        return self._came.wait(seconds)


def _pieces(offset: int, size_bytes: int, end: int) -> Iterator[Range]:
    """A range in pieces of a vector read, up to the end of the file."""
    stop = min(offset + size_bytes, end)
    for start in range(offset, stop, _PIECE_BYTES):
        yield start, min(_PIECE_BYTES, stop - start)
