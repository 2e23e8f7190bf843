"""What fetching costs: bytes from an XRootD server to the disk, verified, beside the client's own copy and others.

    make bench-fetch [ARGS="--large-mib N --small N --huge-gib N --json --check"]

A file of 2 GiB and 2,000 of 10 KiB, served by a loopback XRootD daemon (Debian's `xrootd-server`) from memory
(/dev/shm) where there is room. Each way runs in a process of its own and writes to the usual folder for temporary
files, one after the other in one run. Of seconds the median of the repetitions counts, of ratios the median of those
of each repetition. CPU is that of the way, without the server's.

- ours: `transfer` with Adler-32, CRC-32 and MD5, compared with what the source states, flushed to disk before a file
  has its name;
- xrdcp: `xrdcp`, which verifies nothing and flushes nothing; for the small files `xrdcp -r --parallel 4`;
- for scale: `xrdcp` without page checksums (XRD_CPUSEPGWRTRD=0), `cp` of the served file, and MD5 alone, the slowest of
  the digests, which no way that computes it can pass;
- the same small files over HTTP from the sample portal: `cern-assets fetch`, and cernopendata-client 1.0.2, which
  compares sizes only and is installed into `.cache/peers`; once more with the portal 20 ms away;
- a huge file with holes only, which goes nowhere (8 GiB; `--huge-gib 100` for the whole), and one that is killed at
  its half and gone on with: what moved is counted at the server. With `--only-huge-gib N`, the huge one alone.
"""

import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fetch_huge import huge, killed
from fetch_portal import brought, by_peer, by_us, peer_is_there, portal_of
from measured import measured
from report import Figure, answer, parser

from cern_assets.model.checksums import Algorithm
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.movers import Movers
from cern_assets.transfers.transfer import transfer
from cern_assets_tests.services.xrootd import XRootDDaemon, xrootd_daemon

MIB = 1024**2
_AWAY_SECONDS = 0.02
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


type Way = Callable[[str], dict[str, float]]


class _Ran:
    """What came of ways that were run by turns."""

    def __init__(self, ways: dict[str, Way], repetitions: int) -> None:
        self._runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for _ in range(repetitions):
            for name, way in ways.items():
                with tempfile.TemporaryDirectory(prefix="cern-assets-fetch-") as target:
                    self._runs[name].append(way(target))
                os.sync()  # so that what one way left to be written is not paid for by the next

    def median(self, name: str, what: str = "seconds") -> float:
        """Of a way's repetitions."""
        return statistics.median(each[what] for each in self._runs[name])

    def peak_mib(self, name: str) -> float:
        """Of all repetitions of a way."""
        return max(each["mib"] for each in self._runs[name])

    def speed(self, name: str, peer: str) -> float:
        """How much faster a way is than a peer, of which each repetition is held against its neighbour."""
        pairs = zip(self._runs[name], self._runs[peer], strict=True)
        return statistics.median(theirs["seconds"] / ours["seconds"] for ours, theirs in pairs)

    def seconds(self, prefix: str) -> list[Figure]:
        """Of each way."""
        return [Figure(f"{prefix}: {name}", self.median(name), "s") for name in self._runs]


def huge_alone(size_gib: int) -> list[Figure]:
    """Measure the huge file and nothing else."""
    with _served() as (root, daemon):
        return huge(root, daemon, size_gib)


def main(large_mib: int, small: int, huge_gib: int, repetitions: int) -> list[Figure]:
    """Measure."""
    with _served() as (root, daemon):
        make_files(root, large_mib * MIB, small)
        # Once, for all ways.
        XRootDStore(daemon.url, timeout_seconds=TIMEOUT_SECONDS).checksum("large/file.root", "adler32")
        return [
            *_large(root, daemon.url, repetitions),
            *_many(daemon.url, repetitions),
            *_over_http(root, repetitions),
            *killed(daemon, large_mib * MIB),
            *(huge(root, daemon, huge_gib) if huge_gib else ()),
        ]


def _large(root: Path, url: str, repetitions: int) -> list[Figure]:
    ran = _Ran(
        {
            "ours": lambda target: measured(large_by_us, url, target),
            "xrdcp": lambda target: measured(large_by_xrdcp, url, target),
            "xrdcp without page checksums": lambda target: measured(large_without_pages, url, target),
            "cp": lambda target: measured(copy, str(root), target),
            "md5 alone": lambda target: measured(md5_alone, str(root), target),
        },
        repetitions,
    )
    return [
        *ran.seconds("large"),
        Figure("large: CPU of ours", ran.median("ours", "cpu"), "s"),
        Figure("large: CPU of xrdcp", ran.median("xrdcp", "cpu"), "s"),
        Figure("large: speed of ours, xrdcp is 1", ran.speed("ours", "xrdcp"), "x", at_least=1.0),
        Figure("large: speed of ours, md5 alone is 1", ran.speed("ours", "md5 alone"), "x"),
        Figure("large: peak memory of ours", ran.peak_mib("ours"), "MiB", at_most=256),
    ]


def _many(url: str, repetitions: int) -> list[Figure]:
    ran = _Ran(
        {
            "ours": lambda target: measured(small_by_us, url, target),
            "xrdcp --parallel 4": lambda target: measured(small_by_xrdcp, url, target),
        },
        repetitions,
    )
    speed = ran.speed("ours", "xrdcp --parallel 4")
    return [
        *ran.seconds("small"),
        Figure("small: speed of ours, xrdcp --parallel 4 is 1", speed, "x", at_least=1.0),
        Figure("small: peak memory of ours", ran.peak_mib("ours"), "MiB", at_most=256),
    ]


def _over_http(root: Path, repetitions: int) -> list[Figure]:
    if not peer_is_there():
        print("cernopendata-client could not be installed; its figures are left out.", file=sys.stderr)
        return []
    files = sum(1 for _ in (root / "small").rglob("*.root"))

    def whole(way: Callable[[str, str], None]) -> Way:
        def run(target: str) -> dict[str, float]:
            said = measured(way, url, target)
            assert brought(target) == files
            return said

        return run

    ways = {"cern-assets fetch": whole(by_us), "cernopendata-client": whole(by_peer)}
    with portal_of(root / "small") as url:
        near = _Ran(ways, repetitions)
    with portal_of(root / "small", away_seconds=_AWAY_SECONDS) as url:
        away = _Ran(ways, 1)
    return [
        *near.seconds("small, HTTP"),
        Figure("small, HTTP: CPU of cern-assets fetch", near.median("cern-assets fetch", "cpu"), "s"),
        Figure("small, HTTP: CPU of cernopendata-client", near.median("cernopendata-client", "cpu"), "s"),
        Figure("small, HTTP: speed of ours, cernopendata-client is 1", near.speed(*ways), "x", at_least=5.0),
        *away.seconds("small, HTTP, 20 ms away"),
        Figure("small, HTTP, 20 ms away: speed of ours, cernopendata-client is 1", away.speed(*ways), "x"),
    ]


@contextmanager
def _served() -> Iterator[tuple[Path, XRootDDaemon]]:
    """A folder that an XRootD daemon serves, in memory where there is room."""
    memory = Path("/dev/shm")
    fast = str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 8 * 1024**3 else None
    root = Path(tempfile.mkdtemp(prefix="cern-assets-fetch-", dir=fast))
    root.chmod(0o777)
    try:
        with xrootd_daemon(root) as daemon:
            yield root, daemon
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    arguments = parser("fetch", __doc__)
    arguments.add_argument("--large-mib", type=int, default=2048, help="size of the large file in MiB")
    arguments.add_argument("--small", type=int, default=2000, help="files of 10 KiB")
    arguments.add_argument("--huge-gib", type=int, default=8, help="size of the huge file in GiB; 0 leaves it out")
    arguments.add_argument("--repetitions", type=int, default=3, help="the median of each way counts")
    arguments.add_argument("--only-huge-gib", type=int, help="the huge file alone, and its size in GiB")
    given = arguments.parse_args()
    if given.only_huge_gib:
        given.name = "fetch, huge"
        answer(huge_alone(given.only_huge_gib), given)
    else:
        answer(main(given.large_mib, given.small, given.huge_gib, given.repetitions), given)
