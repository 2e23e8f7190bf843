"""A file of any size through one stream (L) and through parts (M): memory of both ends, and pace beside a bare client.

    make bench-upload [ARGS="--gib N --bare-gib N --json --check"]
    make bench-upload ARGS="--gib 8 --repository URL --token TOKEN"     on an instance of your own, which keeps nothing

The bytes lie nowhere: each MiB is 4 KiB of chance and zeros. The embedded repository, in a process of its own, counts
and digests all of them and keeps what is not zero, so that 100 GiB take 0.4 GiB of disk. Drafts are deleted at the end.

- memory: what each process has more at its most than before the upload (the repository's only where it is embedded);
- bare: httpx, announce, PUT in pieces of 1 MiB, commit, of a smaller file, in MiB a second.
"""

import hashlib
import multiprocessing
import os
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Queue
from uuid import uuid4

import httpx
from publish import MIB, payload
from report import Figure, answer, parser

from cern_assets.flows.publish.ways import way_of
from cern_assets.model.checksums import Checksum
from cern_assets.model.collections import TransferPolicy
from cern_assets.model.files import FileRef
from cern_assets.model.manifests import StoredFile
from cern_assets.model.publications import Draft
from cern_assets.model.uploads import InParts, Upload
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread

TIMEOUT_SECONDS = 3600.0
"""The embedded repository digests a file in parts while its commit waits: 100 GiB take it some minutes."""

PIECE = os.urandom(4096) + bytes(MIB - 4096)
_LOOK_SECONDS = 0.2


def _serve(folder: str, token: str, told: "Queue[tuple[str, int]]", ended: Event) -> None:
    with serve_in_thread(build_embedded(Path(folder), token=token, sparse=True)) as url:
        told.put((url, os.getpid()))
        ended.wait()


@contextmanager
def embedded(folder: Path, token: str) -> Iterator[tuple[str, int]]:
    """The embedded repository in a process of its own: its address and the process."""
    spawn = multiprocessing.get_context("spawn")
    told, ended = spawn.Queue(), spawn.Event()
    process = spawn.Process(target=_serve, args=(str(folder), token, told, ended))
    process.start()
    try:
        yield told.get(timeout=120)
    finally:
        ended.set()
        process.join()


def memory_mib(process: int) -> float:
    """What a process has in memory now."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / MIB


@dataclass
class Watched:
    """The most memory that processes had more than at the beginning, looked at while a block runs."""

    processes: tuple[int, ...]
    grown: dict[int, float] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look, some times a second."""
        before, ended = {process: memory_mib(process) for process in self.processes}, threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK_SECONDS):
                for process, first in before.items():
                    self.grown[process] = max(self.grown.get(process, 0.0), memory_mib(process) - first)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def pieces(count: int) -> Iterator[Iterator[bytes]]:
    """So many MiB."""
    yield (PIECE for _ in range(count))


def digest(mib: int) -> Checksum:
    """The MD5 of so many MiB."""
    found = hashlib.md5(usedforsecurity=False)
    for _ in range(mib):
        found.update(PIECE)
    return Checksum(algorithm="md5", value=found.hexdigest())


def in_one_stream(mib: int, md5: Checksum) -> Upload:
    """An upload of so many MiB."""
    return Upload("generated.bin", mib * MIB, lambda: md5, lambda: pieces(mib))


def in_parts(mib: int, md5: Checksum) -> Upload:
    """The same in parts, as many as a collection with `transfer: parts` has."""
    ref = FileRef(place="store", path="generated.bin")
    file = StoredFile(key=ref.path, ref=ref, size_bytes=mib * MIB, checksums=(md5,), verified=True)
    policy = TransferPolicy(how="parts")
    parts = InParts(
        part_bytes=way_of(file, policy, "").part_bytes,
        at_once=policy.at_once,
        open=lambda _offset, size: pieces(size // MIB),
    )
    return Upload("generated.bin", mib * MIB, lambda: md5, lambda: pieces(mib), parts)


def bare(url: str, token: str, draft: Draft, mib: int) -> float:
    """MiB a second of a client that does nothing else."""
    with httpx.Client(
        base_url=f"{url}/api/records/{draft.record_id}/draft",
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    ) as client:
        began = time.monotonic()
        client.post("/files", json=[{"key": "bare.bin"}]).raise_for_status()
        with pieces(mib) as content:
            length = {"Content-Length": str(mib * MIB)}
            client.put("/files/bare.bin/content", content=content, headers=length).raise_for_status()
        client.post("/files/bare.bin/commit").raise_for_status()
        return mib / (time.monotonic() - began)


def main(url: str, token: str, processes: Sequence[int], gib: int, bare_gib: int) -> list[Figure]:
    """Measure; the adapter raises where a size or an MD5 is not ours."""
    adapter = NrpRepository(url, token, attempts=1, timeout_seconds=TIMEOUT_SECONDS)
    md5, mib = digest(gib * 1024), gib * 1024
    ways: dict[str, Callable[[], Upload]] = {
        "L": lambda: in_one_stream(mib, md5),
        "M": lambda: in_parts(mib, md5),
    }
    figures, beside = [], 0.0
    for name, upload in ways.items():
        draft, watched = adapter.create_draft(payload(uuid4().hex, files=True)), Watched((os.getpid(), *processes))
        beside = beside or bare(url, token, draft, bare_gib * 1024)
        began = time.monotonic()
        with watched.watching():
            adapter.upload(draft, upload())
        pace = mib / (time.monotonic() - began)
        figures.append(Figure(f"{name}, {gib} GiB", pace, "MiB/s"))
        for process, grown in watched.grown.items():
            whose = "ours" if process == os.getpid() else "the repository's"
            figures.append(Figure(f"{name}, memory grown, {whose}", grown, "MiB", at_most=64))
        if name == "L":
            figures.append(Figure("L to bare", pace / beside, "x", at_least=0.95))
        adapter.delete_draft(draft)
    adapter.close()
    return [*figures, Figure(f"bare, {bare_gib} GiB", beside, "MiB/s")]


if __name__ == "__main__":
    arguments = parser("upload", __doc__)
    arguments.add_argument("--gib", type=int, default=100)
    arguments.add_argument("--bare-gib", type=int, default=4)
    arguments.add_argument("--repository", help="another repository than an embedded one")
    arguments.add_argument("--where", default="", help="what to call that repository on the page")
    arguments.add_argument("--token", default="benchmark")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-") as made, ExitStack() as running:
        where, servers = options.repository, []
        if not where:
            where, server = running.enter_context(embedded(Path(made) / "repository", options.token))
            servers = [server]
        answer(main(where, options.token, servers, options.gib, options.bare_gib), options)
