"""The one place that copies a stream of bytes and verifies it on the way."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Self

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from cern_assets.errors import (
    ChecksumMismatchError,
    FileMissingError,
    SizeMismatchError,
    StorageUnavailableError,
    TransferInterruptedError,
)
from cern_assets.failures import failure
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.values import Value
from cern_assets.ports import ByteReader, ByteWriter, FileStore
from cern_assets.transfers.hashing import Hasher
from cern_assets.transfers.lanes import DigestLanes, read_ahead
from cern_assets.transfers.least_rate import LeastRate, Watch
from cern_assets.transfers.movers import SMALL_BYTES

_WORTH_BYTES = 16 * 1024**2
"""Bytes, or a hundredth of the file if that is less, after which a read that broke may break again as often."""

_USUAL_RATE = LeastRate()
_PASSING = (TransferInterruptedError, StorageUnavailableError)
_ASK_CURATORS = "Ask the source's curators which of the two is right."


class Transferred(Value):
    """A file that was copied and found right.

    `checksums` has the algorithms asked for and that of the expected checksum, computed over the bytes as they passed.
    """

    size_bytes: int
    checksums: tuple[Checksum, ...]


def transfer(
    reader: ByteReader,
    source_path: str,
    store: FileStore,
    target_path: str,
    *,
    size_bytes: int | None,
    expected: Checksum | None,
    algorithms: tuple[Algorithm, ...],
    attempts: int = 4,
    check: Callable[[], None] = lambda: None,
    moved: Callable[[int], None] = lambda _bytes: None,
    resume: str | None = None,
    at_once_bytes: int = SMALL_BYTES,
    least_rate: LeastRate = _USUAL_RATE,
) -> Transferred:
    """Copy a file in one pass: each chunk is hashed and written, and the file gets its name only if all is right.

    `size_bytes` and `expected` are what the source's record declares, None where it does not. A stream that breaks is
    continued where it broke; `attempts` limits the tries in a row that bring next to nothing (less than 16 MiB and a
    hundredth of the file), the first of which comes at once and the others after growing pauses. A stream that gives
    less than `least_rate` counts as broken. What breaks while writing is not tried again here. `check` is called before
    each chunk is written, and stops the copy by raising; `moved` is told the size of each that was. With `resume` (see
    `FileStore.create`), what is written by then is kept for the next attempt, which reads only the rest from the
    source; it needs an `expected` checksum to be sure of the whole. A file of up to `at_once_bytes` is read by one
    call.

    Raises:
        FileMissingError: the reader has no such file.
        SizeMismatchError: the reader's file has another size than declared; nothing was written. Or the stream did not
            end where it should; nothing was committed.
        ChecksumMismatchError: the bytes are not the declared ones; nothing was committed.
        TransferInterruptedError, StorageUnavailableError: no further byte after the last attempt.
        StorageFullError, CredentialsRefusedError, RecordRestrictedError: from the reader or the store.
    """
    wanted = tuple(dict.fromkeys((*algorithms, expected.algorithm) if expected else algorithms))
    if size_bytes is not None and 0 < size_bytes <= at_once_bytes and resume is None:
        check()
        content = _whole(reader, source_path, size_bytes, attempts)
        hasher = Hasher(wanted)
        hasher.update(content)
        _require_expected(hasher.checksums(), expected, reader.uri(source_path))
        with store.create(target_path, size_bytes=size_bytes) as writer:
            writer.write(content)
            writer.commit()
        moved(size_bytes)
        return Transferred(size_bytes=size_bytes, checksums=hasher.checksums())
    size = agreed_size(reader, source_path, declared=size_bytes, attempts=attempts)
    with store.create(target_path, size_bytes=size, resume=resume) as writer:
        gone_on = 0 < writer.written_bytes <= size
        if writer.written_bytes and not gone_on:
            writer.start_over()
        stream = partial(_Stream, reader, source_path, size_bytes=size, attempts=attempts, least_rate=least_rate)
        checksums = _filled(writer, stream, wanted, check, moved)
        if gone_on and expected not in checksums:
            # What lay there may be what is wrong: a crash of the machine can tear the end of a file.
            writer.start_over()
            checksums = _filled(writer, stream, wanted, check, moved)
        _require_expected(checksums, expected, reader.uri(source_path))
        writer.commit()
    return Transferred(size_bytes=size, checksums=checksums)


def _whole(reader: ByteReader, path: str, size_bytes: int, attempts: int) -> bytes:
    """A small file in one call: what is longer than declared shows in the one byte more that is asked for."""
    content = _persistently(lambda: reader.read_ranges(path, [(0, size_bytes + 1)])[0], attempts)
    if len(content) != size_bytes:
        agreed_size(reader, path, declared=size_bytes, attempts=attempts)
        detail = f"it gave {len(content)} of {size_bytes} bytes"
        raise failure(TransferInterruptedError, "Reading", reader.uri(path), detail)
    return content


def _filled(
    writer: ByteWriter,
    stream: "Callable[[int], _Stream]",
    algorithms: tuple[Algorithm, ...],
    check: Callable[[], None],
    moved: Callable[[int], None],
) -> tuple[Checksum, ...]:
    """Write what is missing, and give the checksums of the whole; reading, digests and writing go on side by side."""
    with DigestLanes(algorithms) as lanes:
        with closing(read_ahead(writer.earlier())) as earlier:
            for chunk in earlier:
                check()
                lanes.update(chunk)
        with stream(writer.written_bytes) as opened, closing(read_ahead(iter(opened))) as chunks:
            for chunk in chunks:
                check()
                lanes.update(chunk)
                writer.write(chunk)
                moved(len(chunk))
        return lanes.checksums()


class _Stream:
    """The bytes of a file, over as many openings of it as they take."""

    def __init__(
        self, reader: ByteReader, path: str, position: int, *, size_bytes: int, attempts: int, least_rate: LeastRate
    ) -> None:
        self._reader = reader
        self._path = path
        self._size_bytes = size_bytes
        self._attempts = attempts
        self._watch = partial(Watch, least_rate, reader.uri(path))
        self._watching = self._watch()
        self._position = position
        self._opened = ExitStack()
        self._chunks: Iterator[bytes] | None = None
        self._failures = 0
        self._failed_at = 0
        self._worth_bytes = max(1, min(size_bytes // 100, _WORTH_BYTES))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := _persistently(self._next, max(1, self._attempts - self._failures))) is not None:
            self._position += len(chunk)
            if self._position > self._size_bytes:
                raise SizeMismatchError(
                    f"The file goes on after the {self._size_bytes} bytes that it should have.",
                    uri=self._reader.uri(self._path),
                    field="size",
                    value=str(self._size_bytes),
                    remedy=_ASK_CURATORS,
                )
            yield chunk

    def _next(self) -> bytes | None:
        """Read the next chunk, None at the end; after an error the file is opened again at its offset."""
        try:
            if self._chunks is None:
                self._chunks = self._opened.enter_context(self._reader.open(self._path, offset_bytes=self._position))
                self._watching = self._watch()
            asked = time.monotonic()
            chunk = next(self._chunks, None)
            if chunk is not None:
                self._watching.waited(time.monotonic() - asked, len(chunk))
            if chunk is None and self._position < self._size_bytes:
                detail = f"the stream ended after {self._position} of {self._size_bytes} bytes"
                raise failure(TransferInterruptedError, "Reading", self._reader.uri(self._path), detail)
        except _PASSING:
            self._close()
            self._count_failure()
            raise
        return chunk

    def _count_failure(self) -> None:
        """Count failures since enough bytes came: a server that gives one byte a connection is not asked for ever."""
        if self._position - self._failed_at >= self._worth_bytes:
            self._failures, self._failed_at = 0, self._position
        self._failures += 1

    def _close(self) -> None:
        self._chunks = None
        self._opened.close()


def _persistently[Result](call: Callable[[], Result], attempts: int) -> Result:
    """Call until it works, at most `attempts` times; only what the reader may recover from is tried again.

    The first try comes before anything is set up for others, as this stands around every chunk and every small file.
    """
    try:
        return call()
    except _PASSING:
        if attempts <= 1:
            raise
    retrying = Retrying(
        retry=retry_if_exception_type(_PASSING),
        stop=stop_after_attempt(attempts - 1),
        wait=wait_exponential_jitter(multiplier=0.5, max=10, jitter=0.5),
        reraise=True,
    )
    return retrying(call)


def agreed_size(reader: ByteReader, path: str, *, declared: int | None, attempts: int) -> int:
    """The size of a file, as its place and its record say it.

    Raises:
        FileMissingError: the place has no such file.
        SizeMismatchError: the two differ.
    """
    found = _persistently(lambda: reader.size_bytes(path), attempts)
    if found is None:
        raise failure(FileMissingError, "Looking at the file", reader.uri(path), "there is no such file")
    if declared is not None and found != declared:
        raise SizeMismatchError(
            f"The file has {found} bytes, its record declares {declared}.",
            uri=reader.uri(path),
            field="size",
            value=str(declared),
            remedy=_ASK_CURATORS,
        )
    return found


def _require_expected(checksums: tuple[Checksum, ...], expected: Checksum | None, uri: str) -> None:
    if expected is None or expected in checksums:
        return
    found = next(checksum for checksum in checksums if checksum.algorithm == expected.algorithm)
    raise ChecksumMismatchError(
        f"The bytes have {found}, their record declares {expected}.",
        found=str(found),
        uri=uri,
        field="checksum",
        value=str(expected),
        remedy=_ASK_CURATORS,
    )


def verified_chunks(
    chunks: Iterator[bytes], size_bytes: int, expected: Checksum | None, *, uri: str
) -> Iterator[bytes]:
    """The same chunks, of which the last is only handed out if all of them are what was declared.

    Raises:
        SizeMismatchError, ChecksumMismatchError: they are not.
    """
    hasher = Hasher((expected.algorithm,) if expected else ())
    last = b""
    for chunk in chunks:
        hasher.update(chunk)
        if last:
            yield last
        last = chunk
    if hasher.size_bytes != size_bytes:
        raise SizeMismatchError(
            f"The file has {hasher.size_bytes} bytes, its record declares {size_bytes}.",
            uri=uri,
            field="size",
            value=str(size_bytes),
            remedy=_ASK_CURATORS,
        )
    _require_expected(hasher.checksums(), expected, uri)
    if last:
        yield last
