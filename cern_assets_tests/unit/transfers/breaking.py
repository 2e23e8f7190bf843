"""A reader whose streams break where a test says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from cern_assets.errors import FileMissingError, StorageUnavailableError, TransferInterruptedError
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.ports import Range

type Break = tuple[int, Literal["cut", "ended"]]


class BreakingReader:
    """Has one file, named `file`, read in chunks of `chunk_bytes`.

    Each entry of `breaks` is for one opening, in order: at this offset its stream is cut with an error, or ends as if
    that were all. The first `refusals` calls find nobody. `offsets` tells at which offsets the file was opened,
    `calls` which of the other calls were made.
    """

    def __init__(
        self, content: bytes, *, breaks: Sequence[Break] = (), refusals: int = 0, chunk_bytes: int = 4
    ) -> None:
        self.content = content
        self.stated_size_bytes = len(content)
        self.breaks = list(breaks)
        self.refusals = refusals
        self.chunk_bytes = chunk_bytes
        self.offsets: list[int] = []
        self.calls: list[str] = []

    def close(self) -> None:
        pass

    def ping(self) -> str:
        return "breaking"

    def uri(self, path: str) -> str:
        return f"breaking:{path}"

    def size_bytes(self, path: str) -> int | None:
        self.calls.append("size_bytes")
        self._refuse(path)
        return self.stated_size_bytes if path == "file" else None

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        self._refuse(path)
        if path != "file":
            raise FileMissingError("There is no such file.", uri=self.uri(path))
        self.offsets.append(offset_bytes)
        yield self._chunks(offset_bytes)

    def _chunks(self, start: int) -> Iterator[bytes]:
        end, how = self.breaks.pop(0) if self.breaks else (len(self.content), "ended")
        for position in range(start, end, self.chunk_bytes):
            yield self.content[position : min(position + self.chunk_bytes, end)]
        if how == "cut":
            raise TransferInterruptedError("The stream broke.", uri=self.uri("file"))

    def _refuse(self, path: str) -> None:
        if self.refusals > 0:
            self.refusals -= 1
            raise StorageUnavailableError("Nobody is there.", uri=self.uri(path))

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        self.calls.append("read_ranges")
        self._refuse(path)
        return [self.content[start : start + size] for start, size in ranges]

    def checksum(self, path: str, algorithm: Algorithm) -> Checksum | None:  # noqa: ARG002
        return None

    def is_online(self, path: str) -> bool | None:  # noqa: ARG002
        return None

    def prepare(self, paths: Sequence[str]) -> str | None:  # noqa: ARG002
        return None
