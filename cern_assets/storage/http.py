"""Files behind a web server, read-only: the portal's `/eos/opendata/...` and what stands in for it."""

import base64
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from urllib.parse import quote

import httpx

from cern_assets.errors import (
    CernAssetsError,
    FileMissingError,
    RecordRestrictedError,
    StorageUnavailableError,
    TransferInterruptedError,
)
from cern_assets.failures import failure
from cern_assets.model.checksums import Algorithm, Checksum, parse_checksum
from cern_assets.origins import may_lead_to
from cern_assets.ports import Range
from cern_assets.recording import call
from cern_assets.storage.paths import safe_path
from cern_assets.web_answers import authorities, bounded

_KINDS: dict[int, type[CernAssetsError]] = {
    401: RecordRestrictedError,
    403: RecordRestrictedError,
    404: FileMissingError,
    410: FileMissingError,
}
_RANGE_NOT_SATISFIABLE = 416
_SLOWEST = 10
_NUMBER = re.compile("[0-9]{1,18}")
"""Of bytes; a number of five thousand digits is none, and Python does not read it."""
_NOTHING_MORE: Mapping[str, str] = MappingProxyType({})

# The portal now and then sends its error page as 200 instead of the file; cernopendata-client knows it by these two.
_ERROR_PAGE_BYTES = 3846
_ERROR_PAGE_ADLER32 = 0xA82D5324


class HttpReader:
    """A `ports.ByteReader` over the files below `base_url`; many threads may share it.

    `timeout_seconds` is how long a silent server is waited for; one that gives less than 1 KiB a second for ten times
    as long is given up. Redirects are followed within its origin and to `redirect_hosts` only.
    """

    def __init__(self, base_url: str, *, timeout_seconds: float, redirect_hosts: Collection[str] = ()) -> None:
        self._base = base_url.rstrip("/")
        self._redirect_hosts = redirect_hosts
        # Sizes and offsets count the file's own bytes, so that no encoding may come between.
        self._client = httpx.Client(
            verify=authorities(),
            timeout=timeout_seconds,
            follow_redirects=True,
            headers={"Accept-Encoding": "identity"},
            event_hooks={
                "request": [self._refuse_elsewhere],
                "response": [
                    bounded(seconds=_SLOWEST * timeout_seconds, least_bytes=_SLOWEST * timeout_seconds * 1024)
                ],
            },
        )

    def _refuse_elsewhere(self, request: httpx.Request) -> None:
        """Asked before each request, those of redirects among them."""
        if not may_lead_to(self._base, str(request.url), self._redirect_hosts):
            raise failure(StorageUnavailableError, "Reading", self._base, f"it redirects to {request.url.host}")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ping(self) -> str:
        """Say that the server answers; which answer it gives to its root does not matter, short of its own failure."""
        url = f"{self._base}/"
        try:
            status = self._client.head(url).status_code
        except httpx.HTTPError as error:
            raise failure(StorageUnavailableError, "Asking", url, _said(error)) from error
        if status >= 500:
            raise failure(StorageUnavailableError, "Asking", url, f"the answer was {status}")
        return f"{url} answers"

    def uri(self, path: str) -> str:
        """Name a file by its URL, with all but letters, digits, `/` and `-._~` percent-encoded."""
        return f"{self._base}/{quote(safe_path(path), safe='/~')}"

    def size_bytes(self, path: str) -> int | None:
        """Size of a file, None if there is none."""
        try:
            with self._answer("HEAD", path) as answer:
                size_bytes = _content_length(answer)
        except FileMissingError:
            return None
        if size_bytes == _ERROR_PAGE_BYTES:
            with self.open(path) as chunks:  # raises if it is the error page
                next(chunks)
        return size_bytes

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        """Read a file from an offset on, in the chunks in which it arrives; nothing at or beyond its end."""
        with self._content(path, offset_bytes, f"bytes={offset_bytes}-" if offset_bytes else "") as chunks:
            yield chunks

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        """Read parts of a file, a request each: few servers take several ranges in one."""
        found = []
        for offset, size_bytes in ranges:
            asked = f"bytes={offset}-{offset + max(size_bytes, 1) - 1}"
            with self._content(path, offset, asked) as chunks:
                found.append(_first_bytes(chunks, size_bytes))
        return found

    def checksum(self, path: str, algorithm: Algorithm) -> Checksum | None:
        """The `Digest` header (RFC 3230), which XRootD's and dCache's web servers send."""
        with self._answer("HEAD", path, {"Want-Digest": algorithm}) as answer:
            return _digest(answer.headers.get("Digest", ""), algorithm)

    def is_online(self, path: str) -> bool | None:  # noqa: ARG002  the port's signature
        """None: a web server does not tell."""
        return None

    def prepare(self, paths: Sequence[str]) -> str | None:  # noqa: ARG002  the port's signature
        """None: a web server takes no such request."""
        return None

    @contextmanager
    def _content(self, path: str, offset_bytes: int, asked: str) -> Iterator[Iterator[bytes]]:
        with self._answer("GET", path, {"Range": asked} if asked else {}) as answer:
            if answer.status_code == _RANGE_NOT_SATISFIABLE:
                yield iter(())
            else:
                chunks = _without_error_page(_chunks(answer), answer)
                yield _skipping(chunks, _bytes_to_skip(answer, offset_bytes))

    @contextmanager
    def _answer(self, method: str, path: str, headers: Mapping[str, str] = _NOTHING_MORE) -> Iterator[httpx.Response]:
        url = self.uri(path)
        try:
            with call("files", method, "/*") as made:
                answer = self._client.send(self._client.build_request(method, url, headers=headers), stream=True)
                made.http_status = answer.status_code
        except httpx.HTTPError as error:
            raise failure(StorageUnavailableError, "Reading", url, _said(error)) from error
        try:
            _check(answer, url, ranged="Range" in headers)
            yield answer
        finally:
            answer.close()


def _first_bytes(chunks: Iterator[bytes], size_bytes: int) -> bytes:
    parts, wanted = [], size_bytes
    while wanted > 0 and (chunk := next(chunks, b"")):
        parts.append(chunk[:wanted])
        wanted -= len(parts[-1])
    return b"".join(parts)


def _digest(header: str, algorithm: Algorithm) -> Checksum | None:
    """`adler32=00620062, md5=CY9rzUYh03PK3k6DJie09g==`: hexadecimal for sums, base64 for hashes."""
    for entry in header.split(","):
        name, _, value = entry.strip().partition("=")
        if name.lower().replace("-", "") == algorithm:
            try:
                text = value if algorithm in ("adler32", "crc32") else base64.b64decode(value, validate=True).hex()
                return parse_checksum(f"{algorithm}:{text}")
            except ValueError:
                return None
    return None


def _check(answer: httpx.Response, url: str, *, ranged: bool) -> None:
    """Raise for an answer that carries no bytes of the file."""
    status = answer.status_code
    if status in (200, 206) or (ranged and status == _RANGE_NOT_SATISFIABLE):
        return
    raise failure(_KINDS.get(status, StorageUnavailableError), "Reading", url, f"the answer was {status}")


def _content_length(answer: httpx.Response) -> int:
    length = answer.headers.get("Content-Length", "")
    if not _NUMBER.fullmatch(length):
        raise failure(
            StorageUnavailableError, "Reading", str(answer.url), "the answer does not say how long the file is"
        )
    return int(length)


def _bytes_to_skip(answer: httpx.Response, offset_bytes: int) -> int:
    """How many bytes of the answer lie before the offset: all of them where a server ignores `Range`."""
    if answer.status_code == 200:
        return offset_bytes
    stated = answer.headers.get("Content-Range", "")
    match = re.match(r"bytes ([0-9]{1,18})-", stated)
    if match is None or int(match[1]) > offset_bytes:
        raise failure(
            StorageUnavailableError, "Reading", str(answer.url), f"asked from byte {offset_bytes}, given {stated!r}"
        )
    return offset_bytes - int(match[1])


def _chunks(answer: httpx.Response) -> Iterator[bytes]:
    """Read the body; httpx itself notices one that is shorter than announced."""
    try:
        yield from answer.iter_raw()  # with a chunk size, what came before a break would be lost
    except httpx.HTTPError as error:
        raise failure(TransferInterruptedError, "Reading", str(answer.url), _said(error)) from error


def _without_error_page(chunks: Iterator[bytes], answer: httpx.Response) -> Iterator[bytes]:
    """Pass the body on unless it is the portal's error page; only a body of just its length is held back to look."""
    if answer.status_code != 200 or _content_length(answer) != _ERROR_PAGE_BYTES:
        yield from chunks
        return
    body = b"".join(chunks)
    if zlib.adler32(body) == _ERROR_PAGE_ADLER32:
        raise failure(StorageUnavailableError, "Reading", str(answer.url), "the portal sent its error page as the file")
    yield body


def _skipping(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    for chunk in chunks:
        rest = chunk[count:]
        count -= len(chunk) - len(rest)
        if rest:
            yield rest


def _said(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__} {error}".strip()
