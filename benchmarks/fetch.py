"""What fetching costs: bytes from an XRootD server to the disk, verified, beside the client's own copy and others.

    make bench-fetch [ARGS="--large-mib N --small N --json --check"]

A file of 2 GiB and 2,000 of 10 KiB, served by a loopback XRootD daemon (Debian's `xrootd-server`) from memory
(/dev/shm) where there is room. Each way runs in a process of its own and writes to the usual folder for temporary
files, one after the other in one run; the median of the repetitions counts.

- ours: `transfer` with Adler-32, CRC-32 and MD5, compared with what the source states, flushed to disk before a file
  has its name;
- xrdcp: `xrdcp`, which verifies nothing and flushes nothing; for the small files `xrdcp -r --parallel 4`;
- for scale: `xrdcp` without page checksums (XRD_CPUSEPGWRTRD=0), `cp` of the served file, and MD5 alone, the slowest of
  the digests, which no way that computes it can pass.
"""

import hashlib
import multiprocessing
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from memory import peak_mib
from report import Figure, answer, parser

from cern_assets.model.checksums import Algorithm
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.movers import Movers
from cern_assets.transfers.transfer import transfer
from cern_assets_tests.services.xrootd import xrootd_daemon

MIB = 1024**2
SMALL_BYTES = 10 * 1024
TIMEOUT_SECONDS = 120.0
ALGORITHMS: tuple[Algorithm, ...] = ("adler32", "crc32", "md5")


def large_by_us(url: str, target: str) -> None:
    """One file, with three digests."""
    reader = XRootDStore(url, timeout_seconds=TIMEOUT_SECONDS)
    size = reader.size_bytes("large/file.root")
    expected = reader.checksum("large/file.root", "adler32")
    transfer(
        reader,
        "large/file.root",
        LocalStore(Path(target)),
        "file.root",
        size_bytes=size,
        expected=expected,
        algorithms=ALGORITHMS,
    )


def small_by_us(url: str, target: str) -> None:
    """Many files, with three digests."""
    reader, store = XRootDStore(url, timeout_seconds=TIMEOUT_SECONDS), LocalStore(Path(target))
    paths = sorted(reader.list("small"))
    with closing(Movers()) as movers, store.batch() as batch:
        movers.small(
            lambda path: transfer(
                reader, path, batch, path, size_bytes=SMALL_BYTES, expected=None, algorithms=ALGORITHMS
            ),
            paths,
        )


def large_by_xrdcp(url: str, target: str) -> None:
    """The client as it comes."""
    _run("xrdcp", "-s", f"{url}/large/file.root", f"{target}/file.root")


def large_without_pages(url: str, target: str) -> None:
    """The client without its checksums of pages."""
    _run("xrdcp", "-s", f"{url}/large/file.root", f"{target}/file.root", XRD_CPUSEPGWRTRD="0")


def small_by_xrdcp(url: str, target: str) -> None:
    """The client, four files at a time."""
    _run("xrdcp", "-s", "-r", "--parallel", "4", f"{url}/small", target)


def _run(*command: str, **variables: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **variables})


def _measured(way: Callable[..., None], *places: str) -> dict[str, float]:
    """Seconds of a way, and the peak MiB of its process."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_child, args=(way, places, theirs))
    process.start()
    theirs.close()
    said: dict[str, float] = ours.recv()
    process.join()
    return said


def _child(way: Callable[..., None], places: tuple[str, ...], answered: Any) -> None:
    began = time.monotonic()
    way(*places)
    seconds = time.monotonic() - began
    answered.send({"seconds": seconds, "mib": peak_mib()})


def copy(root: str, target: str) -> None:
    """The served file, by the system."""
    _run("cp", f"{root}/large/file.root", f"{target}/file.root")


def md5_alone(root: str, _target: str) -> None:
    """The slowest digest over the bytes in memory."""
    with Path(root, "large/file.root").open("rb") as file:
        hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))


def make_files(root: Path, large_bytes: int, small: int) -> None:
    """Files of random bytes, each its own."""
    block = os.urandom(16 * MIB)
    (root / "large").mkdir()
    with (root / "large/file.root").open("wb") as file:
        for number in range(-(-large_bytes // len(block))):
            file.write(number.to_bytes(8, "big"))
            file.write(memoryview(block)[8 : min(len(block), large_bytes - number * len(block))])
    for number in range(small):
        place = root / f"small/run{number // 100:03}/{number:05}.root"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(number.to_bytes(8, "big") + block[8:SMALL_BYTES])


def _medians(ways: dict[str, Callable[[str], dict[str, float]]], repetitions: int) -> dict[str, dict[str, float]]:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory(prefix="cern-assets-fetch-") as target:
                found[name].append(way(target))
            os.sync()  # so that what one way left to be written is not paid for by the next
    return {
        name: {
            "seconds": statistics.median(each["seconds"] for each in runs),
            "mib": max(each["mib"] for each in runs),
        }
        for name, runs in found.items()
    }


def main(large_mib: int, small: int, repetitions: int) -> list[Figure]:
    """Measure."""
    with _served() as (root, url):
        make_files(root, large_mib * MIB, small)
        XRootDStore(url, timeout_seconds=TIMEOUT_SECONDS).checksum("large/file.root", "adler32")  # once, for all ways
        large = _medians(
            {
                "ours": lambda target: _measured(large_by_us, url, target),
                "xrdcp": lambda target: _measured(large_by_xrdcp, url, target),
                "xrdcp without page checksums": lambda target: _measured(large_without_pages, url, target),
                "cp": lambda target: _measured(copy, str(root), target),
                "md5 alone": lambda target: _measured(md5_alone, str(root), target),
            },
            repetitions,
        )
        many = _medians(
            {
                "ours": lambda target: _measured(small_by_us, url, target),
                "xrdcp --parallel 4": lambda target: _measured(small_by_xrdcp, url, target),
            },
            repetitions,
        )
    return [
        *(Figure(f"large: {name}", said["seconds"], "s") for name, said in large.items()),
        Figure(
            "large: speed of ours, xrdcp is 1", large["xrdcp"]["seconds"] / large["ours"]["seconds"], "x", at_least=1.0
        ),
        Figure("large: speed of ours, md5 alone is 1", large["md5 alone"]["seconds"] / large["ours"]["seconds"], "x"),
        Figure("large: peak memory of ours", large["ours"]["mib"], "MiB", at_most=256),
        *(Figure(f"small: {name}", said["seconds"], "s") for name, said in many.items()),
        Figure(
            "small: speed of ours, xrdcp --parallel 4 is 1",
            many["xrdcp --parallel 4"]["seconds"] / many["ours"]["seconds"],
            "x",
            at_least=1.0,
        ),
        Figure("small: peak memory of ours", many["ours"]["mib"], "MiB", at_most=256),
    ]


@contextmanager
def _served() -> Iterator[tuple[Path, str]]:
    """A folder that an XRootD daemon serves, in memory where there is room."""
    memory = Path("/dev/shm")
    fast = str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 8 * 1024**3 else None
    root = Path(tempfile.mkdtemp(prefix="cern-assets-fetch-", dir=fast))
    root.chmod(0o777)
    try:
        with xrootd_daemon(root) as daemon:
            yield root, daemon.url
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    arguments = parser("fetch", __doc__)
    arguments.add_argument("--large-mib", type=int, default=2048, help="size of the large file in MiB")
    arguments.add_argument("--small", type=int, default=2000, help="files of 10 KiB")
    arguments.add_argument("--repetitions", type=int, default=3, help="the median of each way counts")
    given = arguments.parse_args()
    answer(main(given.large_mib, given.small, given.repetitions), given)
