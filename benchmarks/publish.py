"""What publishing costs: a large upload, and small records a second, beside bare clients and nrp-cmd's own upload.

    make bench-publish [ARGS="--upload-mib N --generated-gib N --records N --repetitions N --json --check"]
    make bench-publish ARGS="--repository URL --token TOKEN"       on an instance of your own, which keeps the records

The embedded repository runs in a process of its own and shares the machine with who asks it. The ways take turns within
a repetition, in alternating order; medians are compared.

- upload, ours: a file of the local store through the adapter, with its MD5 compared at the end;
- upload, generated: bytes that lie nowhere, as many GiB as asked for, and how much the memory of this process grew;
- upload, bare: httpx, announce, PUT in pieces of 1 MiB, commit; and nrp-cmd's own `files.upload` (transfer L);
- records, ours: deposits through the whole stage (lease, journal on a local store, both searches, comparison, receipt);
- flushes: how often this process has its store flush a file or a folder for a record (`os.fsync`), those of folders
  that are made for the first recids of a part of the store included;
- CPU: of the thread that talks to the repository (client), and of those in which the records' own work is done, as a
  process runs one thread at a time;
- records, bare: the same requests in the same number of threads by a kept httpx client each, which looks at no answer
  but for the ids in it: the server's own ceiling.
"""

import asyncio
import hashlib
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Queue
from typing import Any
from uuid import uuid4

import httpx
from cpu import used_by_threads
from nrp_cmd.async_client.connection import AsyncConnection
from nrp_cmd.async_client.invenio.files import AsyncInvenioFilesClient
from nrp_cmd.types.info import RepositoryInfo, RepositoryInfoLinks
from pydantic import SecretStr
from report import Figure, answer, parser
from yarl import URL

from cern_assets.flows.deposits import Deposit, publish_deposit, read_deposit
from cern_assets.flows.given_files import files_given
from cern_assets.model.checksums import Checksum
from cern_assets.model.uploads import Upload
from cern_assets.model.values import JsonObject
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.settings import load_settings
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.local import LocalStore
from cern_assets.wiring import opened_for_deposits

MIB = 1024**2
TIMEOUT_SECONDS = 120.0
WORKERS = 8
ONE_FILE = "data.bin"


def payload(identifier: str, *, files: bool) -> dict[str, Any]:
    """A record that can be published."""
    return {
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": files},
        "metadata": {
            "title": f"A record of a benchmark, {identifier}",
            "publication_date": "2026",
            "publisher": "CERN",
            "resource_type": {"id": "dataset"},
            "creators": [{"person_or_org": {"type": "organizational", "name": "CMS Collaboration"}}],
            "identifiers": [{"scheme": "other", "identifier": identifier}],
        },
    }


def _serve(folder: str, token: str, told: "Queue[str]", ended: Event) -> None:
    with serve_in_thread(build_embedded(Path(folder), token=token)) as url:
        told.put(url)
        ended.wait()


@contextmanager
def embedded(folder: Path, token: str) -> Iterator[str]:
    """The embedded repository in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    told, ended = spawn.Queue(), spawn.Event()
    process = spawn.Process(target=_serve, args=(str(folder), token, told, ended))
    process.start()
    try:
        yield told.get(timeout=TIMEOUT_SECONDS)
    finally:
        ended.set()
        process.join()


class Bench:
    """One repository, and the ways to publish into it."""

    def __init__(self, url: str, token: str, folder: Path) -> None:
        self.url, self.token, self.folder = url, token, folder
        self.large = folder / "files" / "large.bin"
        self.small = folder / "small"
        self.large_md5 = ""

    def bare(self) -> httpx.Client:
        """A client that keeps its connections."""
        return httpx.Client(
            base_url=f"{self.url}/api",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    def upload_by_us(self, record_id: str, adapter: NrpRepository) -> None:
        """Through the adapter; the MD5 is known, as it is of a stored file."""
        draft = adapter.read_draft(record_id)
        assert draft is not None
        md5, store = Checksum(algorithm="md5", value=self.large_md5), LocalStore(self.large.parent)
        adapter.upload(
            draft, Upload("large.bin", self.large.stat().st_size, lambda: md5, lambda: store.open("large.bin"))
        )

    def upload_generated(self, record_id: str, adapter: NrpRepository, gib: int) -> float:
        """Bytes that are made while they are sent; the growth of this process's memory in MiB."""
        draft = adapter.read_draft(record_id)
        assert draft is not None
        piece, digest = os.urandom(MIB), hashlib.md5(usedforsecurity=False)

        used = [_memory_mib()]

        def pieces() -> Iterator[bytes]:
            for number in range(gib * 1024):
                digest.update(piece)
                yield piece
                if number % 64 == 0:
                    used.append(_memory_mib())

        @contextmanager
        def opened() -> Iterator[Iterator[bytes]]:
            yield pieces()

        md5 = lambda: Checksum(algorithm="md5", value=digest.hexdigest())  # noqa: E731  known at the end
        adapter.upload(draft, Upload("generated.bin", gib * 1024 * MIB, md5, opened))
        return max(used) - used[0]

    def upload_bare(self, record_id: str) -> None:
        """The same three requests."""
        with self.bare() as client:
            files = f"/records/{record_id}/draft/files"
            client.post(files, json=[{"key": "large.bin"}]).raise_for_status()
            with self.large.open("rb") as file:
                pieces = iter(lambda: file.read(MIB), b"")
                length = {"Content-Length": str(self.large.stat().st_size)}
                client.put(f"{files}/large.bin/content", content=pieces, headers=length).raise_for_status()
            client.post(f"{files}/large.bin/commit").raise_for_status()

    def upload_by_nrp_cmd(self, record_id: str) -> None:
        """As its command line does it."""
        base = URL(self.url)
        info = RepositoryInfo(
            schema="local://repository-info-v1.0.0.json",
            name=self.url,
            description="",
            version="",
            invenio_version="",
            links=RepositoryInfoLinks(self_=base, records=base / "api" / "records", requests=base / "api" / "requests"),
        )
        client = AsyncInvenioFilesClient(AsyncConnection(tokens={base: self.token}), info)
        asyncio.run(
            client.upload(base / "api" / "records" / record_id / "draft" / "files", "large.bin", {}, self.large)
        )

    def new_draft(self) -> str:
        """The id of a draft that takes files."""
        with self.bare() as client:
            made = client.post("/records", json=payload(uuid4().hex, files=True))
            return str(made.raise_for_status().json()["id"])

    def records_by_us(self, count: int, *, with_file: bool) -> None:
        """Deposits through the stage."""
        folder, given = files_given(self.small) if with_file else (Path(), ())
        deposits = [read_deposit(payload(uuid4().hex, files=with_file), given) for _ in range(count)]
        settings = load_settings(
            home=self.folder / "home", repository_url=self.url, repository_token=SecretStr(self.token)
        )
        with opened_for_deposits(settings, self.url, folder) as context, ThreadPoolExecutor(WORKERS) as pool:

            def publish(deposit: Deposit) -> None:
                outcome, _ = publish_deposit(context, deposit)
                assert outcome.succeeded, outcome.problem

            list(pool.map(publish, deposits))

    def records_bare(self, count: int, *, with_file: bool) -> None:
        """The same requests."""
        bodies = [payload(uuid4().hex, files=with_file) for _ in range(count)]
        with self.bare() as client, ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda body: self._publish_bare(client, body, with_file=with_file), bodies))

    def _publish_bare(self, client: httpx.Client, body: JsonObject, *, with_file: bool) -> None:
        metadata: Any = body["metadata"]
        query = {"q": f'metadata.identifiers.identifier:"{metadata["identifiers"][0]["identifier"]}"', "size": "25"}
        client.get("/records", params=query).raise_for_status()
        client.get("/user/records", params=query).raise_for_status()
        draft = f"/records/{client.post('/records', json=body).raise_for_status().json()['id']}/draft"
        if with_file:
            client.post(f"{draft}/files", json=[{"key": ONE_FILE}]).raise_for_status()
            content = (self.small / ONE_FILE).read_bytes()
            client.put(f"{draft}/files/{ONE_FILE}/content", content=content).raise_for_status()
            client.post(f"{draft}/files/{ONE_FILE}/commit").raise_for_status()
        client.post(f"{draft}/actions/publish").raise_for_status()


@contextmanager
def counted_flushes() -> Iterator[list[int]]:
    """The descriptors that this process has flushed while the block runs."""
    flushed: list[int] = []
    flush = os.fsync

    def counted(descriptor: int) -> None:
        flushed.append(descriptor)
        flush(descriptor)

    os.fsync = counted  # type: ignore[assignment]  # for as long as the block runs
    try:
        yield flushed
    finally:
        os.fsync = flush


def _memory_mib() -> float:
    """What this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / MIB


def seconds(work: Callable[[], None]) -> float:
    """How long it takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def measured(ways: dict[str, Callable[[], None]], repetitions: int) -> dict[str, float]:
    """The median seconds of each way; they take turns, as others may load the machine."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for repetition in range(repetitions):
        for name in sorted(ways, reverse=repetition % 2 == 1):
            took[name].append(seconds(ways[name]))
    return {name: statistics.median(times) for name, times in took.items()}


def main(bench: Bench, upload_mib: int, generated_gib: int, count: int, repetitions: int) -> list[Figure]:
    """Measure."""
    for folder in (bench.large.parent, bench.small):
        folder.mkdir()
    bench.large.write_bytes(os.urandom(MIB) * upload_mib)
    bench.large_md5 = hashlib.md5(bench.large.read_bytes(), usedforsecurity=False).hexdigest()
    (bench.small / ONE_FILE).write_bytes(os.urandom(MIB))
    adapter = NrpRepository(bench.url, bench.token, attempts=1, timeout_seconds=TIMEOUT_SECONDS)
    drafts = iter([bench.new_draft() for _ in range(3 * repetitions)])
    upload = measured(
        {
            "ours": lambda: bench.upload_by_us(next(drafts), adapter),
            "bare": lambda: bench.upload_bare(next(drafts)),
            "nrp-cmd": lambda: bench.upload_by_nrp_cmd(next(drafts)),
        },
        repetitions,
    )
    grown = bench.upload_generated(bench.new_draft(), adapter, generated_gib)
    adapter.close()
    figures = [
        Figure(f"memory grown by an upload of {generated_gib} GiB", grown, "MiB", at_most=64),
        *(Figure(f"upload, {name}", upload_mib / took, "MiB/s") for name, took in upload.items()),
        Figure("upload, ours to bare", upload["bare"] / upload["ours"], "x", at_least=0.95),
        Figure("upload, ours to nrp-cmd", upload["nrp-cmd"] / upload["ours"], "x", at_least=1.5),
    ]
    for kind, with_file in (("metadata only", False), ("one file", True)):
        took = measured(
            {
                "ours": partial(bench.records_by_us, count, with_file=with_file),
                "bare": partial(bench.records_bare, count, with_file=with_file),
            },
            repetitions,
        )
        figures += [
            *(Figure(f"{kind}, {name}", count / each, "records/s") for name, each in took.items()),
            Figure(f"{kind}, ours to bare", took["bare"] / took["ours"], "x", at_least=0.95),
        ]
        with counted_flushes() as flushed, used_by_threads() as used:
            bench.records_by_us(count, with_file=with_file)
        with used_by_threads() as used_bare:
            bench.records_bare(count, with_file=with_file)
        figures += [
            Figure(f"{kind}, flushes of ours", len(flushed) / count, "a record", at_most=15),
            Figure(f"{kind}, CPU of our client", 1000 * used["nrp-repository"] / count, "ms a record"),
            Figure(f"{kind}, CPU of our records", 1000 * used["ThreadPoolExecutor"] / count, "ms a record"),
            Figure(f"{kind}, CPU of bare", 1000 * used_bare["ThreadPoolExecutor"] / count, "ms a record"),
        ]
    return figures


if __name__ == "__main__":
    arguments = parser("publish", __doc__)
    arguments.add_argument("--upload-mib", type=int, default=256)
    arguments.add_argument("--generated-gib", type=int, default=1, help="size of the upload that lies nowhere")
    arguments.add_argument("--records", type=int, default=100, help="records of a kind in a repetition")
    arguments.add_argument("--repetitions", type=int, default=3)
    arguments.add_argument("--repository", help="another repository than an embedded one; it keeps what is published")
    arguments.add_argument("--where", default="", help="what to call that repository on the page")
    arguments.add_argument("--token", default="benchmark")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-") as made, ExitStack() as running:
        place = Path(made)
        at = options.repository or running.enter_context(embedded(place / "repository", options.token))
        found = main(
            Bench(at, options.token, place),
            options.upload_mib,
            options.generated_gib,
            options.records,
            options.repetitions,
        )
    answer(found, options)
