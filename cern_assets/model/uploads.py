"""Files on their way into a repository."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from cern_assets.model.checksums import Checksum


@dataclass(frozen=True)
class InParts:
    """How a file is sent in parts: `part_bytes` each, the last one has the rest, `at_once` of them side by side.

    `open` gives the bytes of a range (offset and size), from several threads at once. `arrived` is told the number,
    from 1, of each part that the repository took; the parts in `sent` it took from an earlier attempt.
    """

    part_bytes: int
    at_once: int
    open: Callable[[int, int], AbstractContextManager[Iterator[bytes]]]
    arrived: Callable[[int], None] = lambda _number: None
    sent: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Upload:
    """A file to upload: its size is known before the first byte.

    `open` starts again from the first byte at each call, for attempts after the first. `md5` is asked for when all
    bytes of an attempt were handed out: of a file that is made while it is sent, it is known then. With `parts` it is
    sent in parts, where the repository offers that; with `address`, the repository is asked to fetch it from there.
    """

    key: str
    size_bytes: int
    md5: Callable[[], Checksum]
    open: Callable[[], AbstractContextManager[Iterator[bytes]]]
    parts: InParts | None = None
    address: str = ""
