"""The bytes of an upload, in the form nrp-cmd asks for them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager

from nrp_cmd.async_client.streams import DataSource

from cern_assets.errors import SizeMismatchError
from cern_assets.model.uploads import Upload


class UploadSource(DataSource):
    """One upload as nrp-cmd's data source.

    It offers no checksum: nrp-cmd would read the whole file once more for a Content-MD5 header, under a semaphore
    that is 0 on a machine with one processor, and InvenioRDM does not check that header. `patience` is the time limit
    around the upload: it runs only while the repository has a chunk to take, so a slow source does not count, nor
    does a long file. `failure` keeps what went wrong on our side of the stream, which aiohttp would report as a
    failure of the network.
    """

    has_range_support = False

    def __init__(self, upload: Upload, patience: asyncio.Timeout, timeout_seconds: float) -> None:
        self.upload = upload
        self.opened = False
        self.failure: Exception | None = None
        self._patience = patience
        self._timeout_seconds = timeout_seconds

    async def open(self, offset: int = 0, count: int | None = None) -> "UploadStream":  # noqa: ARG002  # see below
        """Start again from the first byte, unless our own side failed before: that would only fail again.

        nrp-cmd asks for a part of the bytes (`offset`, `count`) in multipart transfers only, which are not used.
        """
        if self.failure is not None:
            raise self.failure
        self.opened = True
        return UploadStream(self)

    async def size(self) -> int:
        """Size in bytes."""
        return self.upload.size_bytes

    async def content_type(self) -> str:
        """No claim about the content: InvenioRDM guesses it from the key."""
        return "application/octet-stream"

    async def checksum(self, algo: str = "md5", offset: int = 0, count: int | None = None) -> str:
        """Never asked for, as `supported_checksums` is empty."""
        raise NotImplementedError

    def supported_checksums(self) -> list[str]:
        """None: see the class."""
        return []

    async def close(self) -> None:
        """Nothing is held between two calls of `open`."""

    def wait_for_repository(self) -> None:
        """From now on it is the repository that is waited for."""
        self._reschedule(asyncio.get_running_loop().time() + self._timeout_seconds)

    def stop_waiting(self) -> None:
        """From now on it is us, or aiohttp's own timeout watches."""
        self._reschedule(None)

    def _reschedule(self, when: float | None) -> None:
        if not self._patience.expired():
            self._patience.reschedule(when)


class UploadStream:
    """One pass over the bytes, read in threads, chunk by chunk, counted against the declared size.

    A chunk is read while the one before it is sent. What comes after the last one is asked for only when that was sent:
    a source may look then whether all of it may still be committed.
    """

    def __init__(self, source: UploadSource) -> None:
        self._source = source
        self._read_bytes = 0
        self._opened: AbstractContextManager[Iterator[bytes]] | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._reading: asyncio.Future[bytes | None] | None = None

    def __len__(self) -> int:
        return self._source.upload.size_bytes

    def __bool__(self) -> bool:
        """True: aiohttp takes a body of no bytes for no body, and would not read it to its end."""
        return True

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._source.stop_waiting()
        reading = self._reading or self._begun()
        try:
            chunk = await asyncio.shield(reading)
        except Exception as error:
            self._source.failure = error
            raise
        if chunk is None:
            raise StopAsyncIteration
        self._reading = self._begun() if self._read_bytes < self._source.upload.size_bytes else None
        self._source.wait_for_repository()
        return chunk

    async def read(self, n: int = -1) -> bytes:  # noqa: ARG002  # how much is read is the source's choice
        """The next chunk, empty at the end."""
        return await anext(self, b"")

    async def close(self) -> None:
        """Let go of the source, once the thread that still reads from it has its chunk."""
        self._source.stop_waiting()
        if self._reading is not None:
            await asyncio.wait([self._reading])
            if not self._reading.cancelled():
                self._reading.exception()  # it was told, or nobody waits for that chunk any more
        if self._opened is not None:
            await asyncio.to_thread(self._closed)

    def _begun(self) -> asyncio.Future[bytes | None]:
        self._reading = asyncio.ensure_future(asyncio.to_thread(self._next_chunk))
        return self._reading

    def _closed(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.__exit__(None, None, None)

    def _next_chunk(self) -> bytes | None:
        """The next chunk, None after the last, when the source is closed.

        Raises:
            SizeMismatchError: a chunk is one too many, or one is missing.
        """
        if self._opened is None:
            opened = self._source.upload.open()
            self._chunks = opened.__enter__()
            self._opened = opened
        chunk = next(self._chunks, None)
        self._read_bytes += len(chunk or b"")
        size_bytes = self._source.upload.size_bytes
        if self._read_bytes > size_bytes or (chunk is None and self._read_bytes < size_bytes):
            raise SizeMismatchError(
                f"{self._source.upload.key} was declared with {size_bytes:,} bytes, but "
                f"{'more than' if self._read_bytes > size_bytes else 'only'} {self._read_bytes:,} came.",
                field="files[].size",
                value=str(self._read_bytes),
                remedy="Fetch the file again.",
            )
        if chunk is None:
            self._closed()
        return chunk
