"""The bytes of an upload on their way: read ahead, and with a look at its source after the last one was sent."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cern_assets.errors import SizeMismatchError
from cern_assets.model.checksums import Checksum
from cern_assets.model.uploads import Upload
from cern_assets.repositories.nrp.stream import UploadSource, UploadStream

MD5 = Checksum(algorithm="md5", value="0" * 32)
SECONDS = 30.0


class Source:
    """Chunks of a source, and what it was asked."""

    def __init__(self, *chunks: bytes, broken: Exception | None = None) -> None:
        self.chunks, self.broken = chunks, broken
        self.told: list[str] = []
        self.second_is_read = threading.Event()

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """Tell of each step."""
        self.told.append("opened")

        def read() -> Iterator[bytes]:
            for number, chunk in enumerate(self.chunks, start=1):
                self.told.append(f"read {number}")
                if number == 2:
                    self.second_is_read.set()
                yield chunk
            self.told.append("ended")
            if self.broken is not None:
                raise self.broken

        yield read()
        self.told.append("closed")


def streamed[Result](
    source: Source, size_bytes: int, use: Callable[[UploadStream, UploadSource], Coroutine[Any, Any, Result]]
) -> Result:
    """What is done with a stream of the source's bytes."""

    async def run() -> Result:
        async with asyncio.timeout(SECONDS) as patience:
            upload = UploadSource(Upload("a.root", size_bytes, lambda: MD5, source.open), patience, SECONDS)
            stream = await upload.open()
            try:
                return await use(stream, upload)
            finally:
                await stream.close()

    return asyncio.run(run())


def test_a_source_ends_after_its_last_chunk_was_sent_and_is_closed_with_that() -> None:
    source = Source(b"small")

    async def use(stream: UploadStream, _source: UploadSource) -> tuple[bytes, list[str], list[bytes], list[str]]:
        return await anext(stream), list(source.told), [chunk async for chunk in stream], list(source.told)

    told = ["opened", "read 1", "ended", "closed"]
    assert streamed(source, 5, use) == (b"small", told[:2], [], told)


def test_a_chunk_is_read_while_the_one_before_it_is_sent() -> None:
    source = Source(b"one", b"two", b"three")

    async def use(stream: UploadStream, _source: UploadSource) -> tuple[bytes, bool, bytes]:
        first = await anext(stream)
        ahead = await asyncio.to_thread(source.second_is_read.wait, SECONDS)
        return first, ahead, b"".join([chunk async for chunk in stream])

    assert streamed(source, 11, use) == (b"one", True, b"twothree")


def test_what_a_source_says_at_its_end_is_a_failure_of_ours_when_all_was_sent() -> None:
    lost = RuntimeError("The lease is lost.")
    source = Source(b"one", b"two", broken=lost)

    async def use(stream: UploadStream, source: UploadSource) -> tuple[bytes, bytes, bool]:
        first, second = await anext(stream), await anext(stream)
        with pytest.raises(RuntimeError, match="lease"):
            await anext(stream)
        return first, second, source.failure is lost

    assert streamed(source, 6, use) == (b"one", b"two", True)


def test_a_stream_that_is_given_up_closes_its_source_after_the_chunk_that_is_being_read() -> None:
    source = Source(b"one", b"two", b"three")

    async def use(stream: UploadStream, _source: UploadSource) -> bytes:
        return await anext(stream)

    assert streamed(source, 11, use) == b"one"
    assert source.told[-1] == "closed"
    assert source.told.count("closed") == 1


@pytest.mark.parametrize(("size_bytes", "word"), [(4, "more than"), (12, "only")])
def test_a_source_of_another_size_is_told(size_bytes: int, word: str) -> None:
    async def use(stream: UploadStream, _source: UploadSource) -> bytes:
        return b"".join([chunk async for chunk in stream])

    with pytest.raises(SizeMismatchError, match=word):
        streamed(Source(b"one", b"two"), size_bytes, use)


def test_a_file_without_bytes_has_no_chunk_and_is_closed() -> None:
    source = Source()

    async def use(stream: UploadStream, _source: UploadSource) -> list[bytes]:
        return [chunk async for chunk in stream]

    assert streamed(source, 0, use) == []
    assert source.told == ["opened", "ended", "closed"]
