"""What packing costs: archives from an XRootD server to it, and on a local disk, beside what people do without us.

    make bench-archive [ARGS="--large N --small N --json --check"]

Two sets of files, 50 of 102 MiB and 20,000 of 20 KiB, on a loopback XRootD daemon (Debian's `xrootd-server`) and in a
local folder, all of it in memory (/dev/shm) where there is room. Each way runs in a process of its own, in one run:

- naive: `xrdcp -r` to disk (the usual folder for temporary files), Python's `zipfile`, `md5sum`, `xrdcp` back;
- copy: our own copy of each file from server to server, which computes CRC-32 and MD5 as the archive does;
- zip: `zip -0 -r` and `md5sum` on the local folder;
- ours: `write_archive` over the same stores, with MD5. Bytes that pass are counted at the stores.

Then one byte of the large archive is turned over and the archive is repaired.
"""

import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measured import measured
from report import Figure, answer, parser

from cern_assets.archives.members import Member
from cern_assets.ports import FileStore, Range
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.transfer import transfer
from cern_assets.transfers.zip_files import folder_members, repair_archive, write_folder
from cern_assets_tests.services.xrootd import xrootd_daemon

MIB = 1024**2
LARGE_BYTES, SMALL_BYTES = 102 * MIB + 419_430, 20 * 1024
TIMEOUT_SECONDS = 120.0


class Counted(XRootDStore):
    """A store that counts the bytes it hands out."""

    def __init__(self, url: str) -> None:
        super().__init__(url, timeout_seconds=TIMEOUT_SECONDS)
        self.read_bytes = 0

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        """Count what is taken."""
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield self._counted(chunks)

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        """Count what is taken."""
        found = super().read_ranges(path, ranges)
        self.read_bytes += sum(map(len, found))
        return found

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.read_bytes += len(chunk)
            yield chunk


def make_files(folder: Path, count: int, size_bytes: int) -> None:
    """Files of random bytes, each its own, in folders of a hundred."""
    block = os.urandom(size_bytes)
    for number in range(count):
        place = folder / f"run{number // 100:03}" / f"{number:05}.root"
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.write(number.to_bytes(8, "big"))
            file.write(memoryview(block)[8:])


def by_us(source: str, target: str, name: str) -> dict[str, float]:
    """One pass, from store to store."""
    reader, store = _stores(source, target)
    written = write_folder(store, name, reader, _members(reader), ("md5",))
    read = reader.read_bytes if isinstance(reader, Counted) else 0
    content = sum(member.size_bytes for member in written.members)
    return {"read": read / content, "written": written.size_bytes / content}


def by_copy(source: str, target: str, name: str) -> dict[str, float]:
    """Each file by itself, with the same digests."""
    reader, store = _stores(source, target)
    for member in _members(reader):
        transfer(
            reader,
            member.name,
            store,
            f"{name}/{member.name}",
            size_bytes=member.size_bytes,
            expected=None,
            algorithms=("crc32", "md5"),
        )
    return {}


def naively(source: str, target: str, name: str) -> dict[str, float]:
    """Download, pack, digest, upload."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-naive-") as place:
        folder = Path(place)
        (folder / "files").mkdir()
        _run("xrdcp", "-s", "-r", source, f"{folder}/files")
        with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_STORED) as archive:
            for path in sorted((folder / "files").rglob("*.root")):
                archive.write(path, path.relative_to(folder / "files"))
        _run("md5sum", str(folder / "all.zip"))
        _run("xrdcp", "-s", "-f", str(folder / "all.zip"), f"{target}/{name}")
    return {}


def by_zip(source: str, target: str, name: str) -> dict[str, float]:
    """Info-ZIP without compression."""
    _run("zip", "-q", "-0", "-r", f"{target}/{name}", ".", cwd=source)
    _run("md5sum", f"{target}/{name}")
    return {}


def by_repair(source: str, target: str, name: str) -> dict[str, float]:
    """What is fetched for one byte that turned over."""
    reader, store = _stores(source, target)
    assert isinstance(reader, Counted)
    members = _members(reader)
    repaired = repair_archive(store, name, reader, members, ("md5",))
    assert len(repaired.fetched) == 1, repaired.fetched
    return {"fetched": reader.read_bytes / members[0].size_bytes}


def _members(reader: FileStore) -> list[Member]:
    return list(folder_members(reader))


def _stores(source: str, target: str) -> tuple[Any, FileStore]:
    if source.startswith("root://"):
        return Counted(source), XRootDStore(target, timeout_seconds=TIMEOUT_SECONDS)
    return LocalStore(Path(source)), LocalStore(Path(target))


def _run(*command: str, cwd: str | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd, stdout=subprocess.DEVNULL)


def _fast() -> str | None:
    """A folder in memory with room for all of it, None for the usual place."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 20 * 1024**3 else None


def _turn_over(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


def _ways(root: Path, url: str, kind: str) -> Iterator[tuple[str, Callable[[], dict[str, float]]]]:
    """Ways by name, in the order in which they run."""
    source, target = f"{url}/{kind}", f"{url}/out"
    local, out = str(root / kind), str(root / "local")
    yield "ours", lambda: measured(by_us, source, target, f"{kind}.zip")
    yield "naive", lambda: measured(naively, source, target, f"{kind}-naive.zip")
    yield "copy", lambda: measured(by_copy, source, target, f"{kind}-copy")
    yield "ours locally", lambda: measured(by_us, local, out, f"{kind}.zip")
    yield "zip locally", lambda: measured(by_zip, local, out, f"{kind}-zip.zip")


def main(large: int, small: int, repetitions: int) -> list[Figure]:
    """Measure."""
    figures = []
    targets = {"large": (3.0, 1.5, 1.5), "small": (3.0, 1.0, 1.5)}
    with _served() as (root, url):
        for kind, count, size in (("large", large, LARGE_BYTES), ("small", small, SMALL_BYTES)):
            make_files(root / kind, count, size)
            (root / "local").mkdir(exist_ok=True)
            found: dict[str, dict[str, float]] = {}
            for repetition in range(repetitions):
                for name, way in sorted(_ways(root, url, kind), reverse=repetition % 2 == 1, key=lambda pair: pair[0]):
                    said = way()
                    found[name] = min(found.get(name, said), said, key=lambda each: each["seconds"])
                    _forget(root, keep="large.zip")
            seconds = {name: said["seconds"] for name, said in found.items()}
            naive, zipped, copied = targets[kind]
            figures += [
                *(Figure(f"{kind}: {name}", value, "s") for name, value in seconds.items()),
                Figure(f"{kind}: naive to ours", seconds["naive"] / seconds["ours"], "x", at_least=naive),
                Figure(
                    f"{kind}: zip and md5sum to ours, locally",
                    seconds["zip locally"] / seconds["ours locally"],
                    "x",
                    at_least=zipped,
                ),
                Figure(f"{kind}: copy to ours", seconds["copy"] / seconds["ours"], "x", at_least=copied),
                Figure(
                    f"{kind}: peak memory", max(found["ours"]["mib"], found["ours locally"]["mib"]), "MiB", at_most=256
                ),
                Figure(f"{kind}: bytes read, each", found["ours"]["read"], "times", at_most=1.0),
                Figure(f"{kind}: bytes written, each", found["ours"]["written"], "times", at_most=1.01),
            ]
        _turn_over(root / "out/large.zip", LARGE_BYTES // 2)
        repaired = measured(by_repair, f"{url}/large", f"{url}/out", "large.zip")
        figures.append(Figure("repair: fetched, of one member", repaired["fetched"], "times", at_most=1.0))
    return figures


@contextmanager
def _served() -> Iterator[tuple[Path, str]]:
    """A folder that an XRootD daemon serves."""
    root = Path(tempfile.mkdtemp(prefix="cern-assets-archive-", dir=_fast()))
    root.chmod(0o777)
    try:
        with xrootd_daemon(root) as daemon:
            yield root, daemon.url
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _forget(root: Path, *, keep: str) -> None:
    """Make room: what was written is not needed, but for the archive that is repaired."""
    for place in (root / "out", root / "local"):
        for path in place.glob("*"):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != keep or place.name == "local":
                path.unlink()


if __name__ == "__main__":
    arguments = parser("archive", __doc__)
    arguments.add_argument("--large", type=int, default=50, help="files of 102 MiB")
    arguments.add_argument("--small", type=int, default=20_000, help="files of 20 KiB")
    arguments.add_argument("--repetitions", type=int, default=2, help="in alternating order; the best of each counts")
    given = arguments.parse_args()
    answer(main(given.large, given.small, given.repetitions), given)
