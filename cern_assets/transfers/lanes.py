"""Digests beside the stream: each in a thread of its own, while the next bytes are read and the last ones written.

Python's hash functions release the interpreter's lock over large buffers, so that the slowest digest alone is the limit
instead of the sum of all, and reading and writing cost nothing beside it.
"""

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from queue import Empty, Queue
from types import TracebackType
from typing import Self

from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.transfers.hashing import Hasher

_QUEUED = 4
"""Chunks that may wait for a digest: with chunks of 4 MiB a few tens of MiB at the most."""


class DigestLanes:
    """Several digests of one stream, each in its thread; use as a context manager.

    Leaving the block ends the threads, whatever happened in it.
    """

    def __init__(self, algorithms: Iterable[Algorithm]) -> None:
        self.size_bytes = 0
        self._lanes = [_Lane(algorithm) for algorithm in dict.fromkeys(algorithms)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes:
            lane.end()

    def update(self, chunk: bytes) -> None:
        """Hand the next bytes to every lane; waits where one is far behind."""
        self.size_bytes += len(chunk)
        for lane in self._lanes:
            lane.put(chunk)

    def checksums(self) -> tuple[Checksum, ...]:
        """The sums of all bytes, in the order asked for; no bytes may follow."""
        for lane in self._lanes:
            lane.end()
        return tuple(checksum for lane in self._lanes for checksum in lane.hasher.checksums())


class _Lane:
    def __init__(self, algorithm: Algorithm) -> None:
        self.hasher = Hasher((algorithm,))
        self._queue: Queue[bytes | None] = Queue(_QUEUED)
        self._thread = threading.Thread(target=self._run, name=f"digest-{algorithm}", daemon=True)
        self._thread.start()

    def put(self, chunk: bytes) -> None:
        self._queue.put(chunk)

    def end(self) -> None:
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (chunk := self._queue.get()) is not None:
            self.hasher.update(chunk)


def read_ahead(chunks: Iterator[bytes], most: int = _QUEUED) -> Generator[bytes]:
    """The same chunks, read by a thread while the last ones are still being used; at most `most` are held.

    An error of the reader is raised where its chunk would have come. Closing the iterator ends the thread.
    """
    queue: Queue[bytes | BaseException | None] = Queue(most)
    stop = threading.Event()

    def run() -> None:
        try:
            for chunk in chunks:
                queue.put(chunk)
                if stop.is_set():
                    break
        except BaseException as error:  # noqa: BLE001  it is raised again in the thread that asks
            queue.put(error)
        queue.put(None)

    thread = threading.Thread(target=run, name="read-ahead", daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        while thread.is_alive():  # it may wait for room in the queue
            with suppress(Empty):
                queue.get(timeout=0.1)
