"""One seed's world: a source in memory, a store in a folder, and a repository of its own where things go wrong."""

import hashlib
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx

from cern_assets.documents.journal import Journal
from cern_assets.documents.leases import LeaseTerms
from cern_assets.documents.store import DocumentStore
from cern_assets.flows.batch import run_batch
from cern_assets.flows.stages import Adapters, Context, Shared
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.checksums import Checksum
from cern_assets.model.collections import Collection, TransferPolicy
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome
from cern_assets.ports import ByteReader, FileStore, Repository
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.repository.faults import Faults
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.http import HttpReader
from cern_assets.storage.local import LocalStore
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.transfers.slots import Slots
from cern_assets_tests.chaos.mortal import Killed, Life, Mortal
from cern_assets_tests.fakes.source import FakeSource

TOKEN = "a-depositor"
COMMUNITIES = {"first": "open", "further": "open", "reviewing": "closed"}
"""Those of a record at its source, in order, with how the target's communities of that name decide."""
SEARCH_LAG_SECONDS = 0.05
_GIB = 1024**3
_NO_SUCH_PROCESS = 2**30
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading the certificates of all authorities for each seed costs as much as one of its runs; nothing is encrypted."""


@dataclass(frozen=True)
class Policy:
    """What the collection of a seed says: how files go up, whether its records are in communities, and tombstones."""

    transfer: TransferPolicy = field(default_factory=TransferPolicy)
    in_communities: bool = False
    tombstones: bool = False

    @property
    def fetched(self) -> bool:
        """Whether the repository fetches files by itself."""
        return self.transfer.how == "fetch"


class ChaosWorld:
    """What workers of one seed share; each run opens what it works with anew.

    The source's bytes lie in a folder, or, where the repository is to fetch them, behind the web server at `web`.
    """

    def __init__(self, folder: Path, url: str, faults: Faults, telemetry: Path, policy: Policy, web: str) -> None:
        self.folder = folder
        self.policy = policy
        self.web = f"{web}/{folder.name}/source"
        self.telemetry = telemetry
        self.url = url
        self.faults = faults
        self.second_is_done = threading.Event()
        self.second_is_done.set()
        (folder / "source").mkdir(parents=True)
        self.source = FakeSource(folder / "source")
        authorised = {"Authorization": f"Bearer {TOKEN}"}
        self.client = httpx.Client(base_url=url, headers=authorised, timeout=30, verify=_NO_AUTHORITIES)
        self.communities: dict[str, str] = {}

    def put(self, recid: Recid, *, title: str, files: dict[str, bytes]) -> None:
        """Show a record at the source: with MD5s where the repository fetches files, and in its communities."""
        self.source.put(recid, title=title, files=files)
        record = self.source.fetch(recid).record
        assert record is not None
        if self.policy.fetched:
            listed = tuple(
                file.model_copy(update={"checksum": Checksum(algorithm="md5", value=_md5(files[file.key]))})
                for file in record.files
            )
            record = record.model_copy(update={"files": listed})
        self.source.put_record(record.model_copy(update={"communities": tuple(self.communities)}))

    def make_communities(self) -> None:
        """Make the communities of the target: two that take what their owner puts before them, and one that reviews."""
        for name, review in COMMUNITIES.items():
            access = {"visibility": "public", "review_policy": review}
            body = {"slug": f"the-{name}", "metadata": {"title": name}, "access": access}
            self.client.post("/api/communities", json=body).raise_for_status()
            self.communities[name] = f"the-{name}"

    def run(self, recids: Sequence[Recid], life: Life | None = None) -> list[StageOutcome]:
        """One worker's run over recids; nothing comes of one that is killed."""
        repository = NrpRepository(self.url, TOKEN, attempts=1, timeout_seconds=10)
        files: ByteReader = LocalStore(self.folder / "source")
        if self.policy.fetched:
            files = HttpReader(self.web, timeout_seconds=10)
        try:
            context = self._context(repository, files, life or Life(None, after_effect=False))
            return [outcome for outcomes in run_batch(context, recids) for outcome in outcomes]
        except Killed:
            self._bury()
            return []
        finally:
            repository.close()
            files.close()

    def _context(self, repository: NrpRepository, files: ByteReader, life: Life) -> Context:
        store = cast(FileStore, Mortal(LocalStore(self.folder / "store"), life))
        adapters = Adapters(
            source=self.source,
            files=files,
            crosswalk=CROSSWALK,
            store=store,
            documents=DocumentStore(store),
            journal=Journal(store),
            repository=cast(Repository, Mortal(repository, life)),
            telemetry=SpoolSink(self.telemetry),
        )
        shared = Shared(
            attempts=1,
            workers=1,
            slots=Slots(self.folder / "slots", count=8, slot_bytes=_GIB, wait=time.sleep),
            lease_terms=LeaseTerms(patience_seconds=0.3),
            search_lag_seconds=SEARCH_LAG_SECONDS,
        )
        limits = ArchiveLimits(max_files=100, max_file_bytes=_GIB, max_record_bytes=_GIB)
        collection = Collection(
            name="opendata",
            source="opendata",
            target="default",
            limits=limits,
            transfer=self.policy.transfer,
            files_mode="stream" if self.policy.fetched else "mirror",
            communities=self.communities,
            withdrawn="tombstone" if self.policy.tombstones else "keep",
        )
        return Context(adapters, collection, shared)

    def held_leases(self) -> list[str]:
        """What is wrong with leases when no worker runs: each is given back, or of a worker that was killed."""
        held = [note for _, note in self._leases() if note["holder"]["pid"] != _NO_SUCH_PROCESS]
        return [f"nobody gives back {len(held)} leases"] if held else []

    def _bury(self) -> None:
        """Have the leases of the killed worker say that a process holds them that is gone, as after a real kill.

        A second worker that still runs gives its own leases back first: they are not the dead one's.
        """
        self.second_is_done.wait()
        for path, note in self._leases():
            note["holder"]["pid"] = _NO_SUCH_PROCESS
            path.write_text(json.dumps(note))

    def _leases(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Those that were not given back and have words, with their files."""
        for path in (self.folder / "store" / "leases").rglob("*.json"):
            text = "" if path.with_suffix(".back").exists() else path.read_text()
            if text:
                yield path, json.loads(text)


@contextmanager
def running_chaos(folder: Path, faults: Faults, telemetry: Path, policy: Policy, web: str) -> Iterator[ChaosWorld]:
    """The world of a seed while the block runs; `web` serves the folder that its folder is in."""
    app = build_embedded(
        folder / "repository",
        token=TOKEN,
        faults=faults,
        fetches_from=[web.removeprefix("http://")] if policy.fetched else [],
        administrators=[TOKEN] if policy.tombstones else [],
    )
    with serve_in_thread(app) as url:
        world = ChaosWorld(folder, url, faults, telemetry, policy, web)
        with world.client:
            if policy.in_communities:
                world.make_communities()
            yield world


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
