"""One seed's world: a source in memory, a store in a folder, and a repository of its own where things go wrong."""

import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx

from cern_assets.documents.journal import Journal
from cern_assets.documents.leases import LeaseTerms
from cern_assets.documents.store import DocumentStore
from cern_assets.flows.batch import run_batch
from cern_assets.flows.stages import Adapters, Context, Shared
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.collections import Collection, TransferPolicy
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome
from cern_assets.ports import FileStore, Repository
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.repository.faults import Faults
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.local import LocalStore
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.transfers.slots import Slots
from cern_assets_tests.chaos.mortal import Killed, Life, Mortal
from cern_assets_tests.fakes.source import FakeSource

TOKEN = "a-depositor"
SEARCH_LAG_SECONDS = 0.05
_GIB = 1024**3
_NO_SUCH_PROCESS = 2**30
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading the certificates of all authorities for each seed costs as much as one of its runs; nothing is encrypted."""


class ChaosWorld:
    """What workers of one seed share; each run opens what it works with anew."""

    def __init__(self, folder: Path, url: str, faults: Faults, telemetry: Path, transfer: TransferPolicy) -> None:
        self.folder = folder
        self.transfer = transfer
        self.telemetry = telemetry
        self.url = url
        self.faults = faults
        self.second_is_done = threading.Event()
        self.second_is_done.set()
        (folder / "source").mkdir(parents=True)
        self.source = FakeSource(folder / "source")
        authorised = {"Authorization": f"Bearer {TOKEN}"}
        self.client = httpx.Client(base_url=url, headers=authorised, timeout=30, verify=_NO_AUTHORITIES)

    def run(self, recids: Sequence[Recid], life: Life | None = None) -> list[StageOutcome]:
        """One worker's run over recids; nothing comes of one that is killed."""
        repository = NrpRepository(self.url, TOKEN, attempts=1, timeout_seconds=10)
        try:
            context = self._context(repository, life or Life(None, after_effect=False))
            return [outcome for outcomes in run_batch(context, recids) for outcome in outcomes]
        except Killed:
            self._bury()
            return []
        finally:
            repository.close()

    def _context(self, repository: NrpRepository, life: Life) -> Context:
        store = cast(FileStore, Mortal(LocalStore(self.folder / "store"), life))
        adapters = Adapters(
            source=self.source,
            files=LocalStore(self.folder / "source"),
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
            name="opendata", source="opendata", target="default", limits=limits, transfer=self.transfer
        )
        return Context(adapters, collection, shared)

    def _bury(self) -> None:
        """Have the leases of the killed worker say that a process holds them that is gone, as after a real kill.

        A second worker that still runs gives its own leases back first: they are not the dead one's.
        """
        self.second_is_done.wait()
        for path in (self.folder / "store" / "leases").rglob("*.json"):
            if text := path.read_text():
                note = json.loads(text)
                note["holder"]["pid"] = _NO_SUCH_PROCESS if not note["given_back"] else note["holder"]["pid"]
                path.write_text(json.dumps(note))


@contextmanager
def running_chaos(folder: Path, faults: Faults, telemetry: Path, transfer: TransferPolicy) -> Iterator[ChaosWorld]:
    """The world of a seed while the block runs."""
    with serve_in_thread(build_embedded(folder / "repository", token=TOKEN, faults=faults)) as url:
        world = ChaosWorld(folder, url, faults, telemetry, transfer)
        with world.client:
            yield world
