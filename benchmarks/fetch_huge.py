"""A file of any size at flat memory, and one whose copy is killed in its middle; what moved is counted at the server.

The huge file has holes only: it takes no room at the server, and what is written of it goes nowhere, while all of it
comes over the connection and through the digests.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measured import measured
from report import Figure

from cern_assets.model.checksums import Checksum
from cern_assets.ports import ByteWriter
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.transfer import transfer
from cern_assets_tests.services.xrootd import XRootDDaemon

MIB = 1024**2
GIB = 1024**3
TIMEOUT_SECONDS = 120.0
_PRIME = 65_521
_BLOCK_BYTES = 4 * MIB


class _Nowhere:
    """A writer that keeps nothing but the count."""

    def __init__(self) -> None:
        self.written_bytes = 0

    def earlier(self) -> Iterator[bytes]:
        """Nothing."""
        return iter(())

    def start_over(self) -> None:
        """Count anew."""
        self.written_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Count."""
        self.written_bytes += len(chunk)

    def commit(self, *, lasting: bool = True) -> None:
        """Nothing is to be named."""


class _Abyss(LocalStore):
    """A store that keeps nothing of what is written."""

    @contextmanager
    def create(self, path: str, *, size_bytes: int | None, resume: str | None = None) -> Iterator[ByteWriter]:  # noqa: ARG002
        """A writer of it."""
        yield _Nowhere()


def _huge_by_us(url: str, target: str, size_bytes: int) -> None:
    transfer(
        XRootDStore(url, timeout_seconds=TIMEOUT_SECONDS),
        "huge/file.root",
        _Abyss(Path(target)),
        "file.root",
        size_bytes=size_bytes,
        # Adler-32 of so many zeros.
        expected=Checksum(algorithm="adler32", value=f"{size_bytes % _PRIME:04x}0001"),
        algorithms=("adler32", "crc32", "md5"),
    )


def huge(root: Path, daemon: XRootDDaemon, size_gib: int) -> list[Figure]:
    """Peak memory of a copy, and what the server gave for it."""
    size_bytes = size_gib * GIB
    place = root / "huge/file.root"
    place.parent.mkdir()
    with place.open("wb") as file:
        file.truncate(size_bytes)
    before = _given_bytes(daemon)
    with tempfile.TemporaryDirectory() as target:
        said = measured(_huge_by_us, daemon.url, target, size_bytes)
    given = _given_bytes(daemon) - before
    place.unlink()
    name = f"huge, {size_gib} GiB"
    return [
        Figure(f"{name}: ours", said["seconds"], "s"),
        Figure(f"{name}: peak memory of ours", said["mib"], "MiB", at_most=256),
        Figure(f"{name}: bytes that the server gave, the file's are 1", given / size_bytes, "x", at_most=1.001),
    ]


def _resumed_by_us(url: str, target: str) -> None:
    reader = XRootDStore(url, timeout_seconds=TIMEOUT_SECONDS)
    transfer(
        reader,
        "large/file.root",
        LocalStore(Path(target)),
        "file.root",
        size_bytes=reader.size_bytes("large/file.root"),
        expected=reader.checksum("large/file.root", "adler32"),
        algorithms=("adler32", "crc32", "md5"),
        resume="thisfile",
    )


def killed(daemon: XRootDDaemon, size_bytes: int) -> list[Figure]:
    """What moves twice when a copy is killed at its half and begun again."""
    before = _given_bytes(daemon)
    with tempfile.TemporaryDirectory(prefix="cern-assets-fetch-") as target:
        process = multiprocessing.get_context("spawn").Process(target=_resumed_by_us, args=(daemon.url, target))
        process.start()
        while (on_disk := _partly_bytes(target)) < size_bytes // 2:
            assert process.is_alive(), "it ended before it could be killed"
            time.sleep(0.005)
        process.kill()
        process.join()
        on_disk = _partly_bytes(target)
        first = _given_bytes(daemon) - before
        measured(_resumed_by_us, daemon.url, target)
        assert LocalStore(Path(target)).size_bytes("file.root") == size_bytes
    second = _given_bytes(daemon) - before - first
    again = max(on_disk + second - size_bytes, 0)
    return [
        Figure("killed at half: what was on disk and came again", again / _BLOCK_BYTES, "blocks", at_most=1.0),
        Figure("killed at half: what was on its way and came again", (first - on_disk) / MIB, "MiB"),
    ]


def _partly_bytes(target: str) -> int:
    return max((each.size_bytes for each in LocalStore(Path(target)).leftovers()), default=0)


def _given_bytes(daemon: XRootDDaemon) -> int:
    """Bytes that the server has written so far, as the system counts them: to its clients, and a little to its log."""
    lines = Path(f"/proc/{daemon.pid}/io").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("wchar:")).split()[1])
