"""What an answer of a web server may cost: time only while bytes come, and nothing where it only sends us elsewhere.

And whom it may come from.
"""

import functools
import ssl
import time
from collections.abc import Callable, Iterator

import httpx


@functools.cache
def authorities() -> ssl.SSLContext:
    """Whose certificates of web servers are believed: as httpx has it, read once, as that takes a client 20 ms."""
    return httpx.create_ssl_context()


def bounded(*, seconds: float, least_bytes: float) -> Callable[[httpx.Response], None]:
    """A hook for the answers of an `httpx.Client`, those of redirects among them.

    Each `seconds` must bring at least `least_bytes` as they are sent, or the end; with infinity, all has to come within
    them. Else reading raises `httpx.ReadTimeout`. The body of a redirect is not read, however long it is.
    """

    def bound(response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        if response.has_redirect_location:
            response.stream.close()
            response.stream = httpx.ByteStream(b"")
        else:
            response.stream = _Paced(response.stream, seconds, least_bytes)

    return bound


class _Paced(httpx.SyncByteStream):
    """Looked at before anything is unpacked: bytes that unpack to nothing are bytes of an answer that does not end."""

    def __init__(self, stream: httpx.SyncByteStream, seconds: float, least_bytes: float) -> None:
        self._stream = stream
        self._seconds = seconds
        self._least_bytes = least_bytes

    def __iter__(self) -> Iterator[bytes]:
        waited, came, asked = 0.0, 0, time.monotonic()
        for chunk in self._stream:
            waited += time.monotonic() - asked
            came += len(chunk)
            if waited > self._seconds:
                if came < self._least_bytes:
                    raise httpx.ReadTimeout(f"{came} bytes in {self._seconds:g} seconds are too few")
                waited, came = 0.0, 0
            yield chunk
            asked = time.monotonic()  # what the reader does between two chunks is no fault of the server

    def close(self) -> None:
        self._stream.close()
