"""The journey's ports over real parts: local folders and a running repository; only the source is a stand-in."""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from cern_assets.documents.journal import Journal
from cern_assets.documents.store import DocumentStore
from cern_assets.flows.batch import run_batch
from cern_assets.flows.stages import Adapters, Context, Shared
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.collections import Collection
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome
from cern_assets.model.publications import RemoteRecord
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.storage.local import LocalStore
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.transfers.slots import Slots
from cern_assets_tests.fakes.source import FakeSource
from cern_assets_tests.services.repository import RunningRepository

GIB = 1024**3
LIMITS = ArchiveLimits(max_files=100, max_file_bytes=GIB, max_record_bytes=GIB)


@dataclass
class World:
    """A source, a store and a repository, and the journey between them."""

    source: FakeSource
    context: Context
    folder: Path
    token: str

    def run(self, *recids: Recid, **changed: object) -> dict[str, StageOutcome]:
        """Run all stages; the outcomes of the (last) recid by stage."""
        outcomes = [outcome for batch in run_batch(self.changed(**changed), recids) for outcome in batch]
        return {outcome.stage: outcome for outcome in outcomes}

    def changed(self, **fields: object) -> Context:
        """The context with other values for fields of the adapters, the collection or what is shared."""
        adapters = {name: value for name, value in fields.items() if name in Adapters.__dataclass_fields__}
        shared = {name: value for name, value in fields.items() if name in Shared.__dataclass_fields__}
        policy = {name: value for name, value in fields.items() if name in Collection.model_fields}
        assert adapters.keys() | shared.keys() | policy.keys() == fields.keys()
        return Context(
            adapters=replace(self.context.adapters, **adapters),  # type: ignore[arg-type]  # names of fields
            collection=self.context.collection.model_copy(update=policy),
            shared=replace(self.context.shared, **shared),  # type: ignore[arg-type]
        )

    def statuses(self, *recids: Recid, **changed: object) -> dict[str, str]:
        """The same, statuses only."""
        return {stage: outcome.status for stage, outcome in self.run(*recids, **changed).items()}

    def held(self, recid: Recid) -> tuple[RemoteRecord, ...]:
        """What the depositor has in the repository under a recid."""
        return self.context.adapters.repository.find(CROSSWALK.identifier(recid)).own

    def forget(self, stage: str) -> None:
        """Lose all documents of a stage."""
        for path in list(self.context.adapters.store.list(f"documents/opendata/{stage}")):
            self.context.adapters.store.remove(path)


@contextmanager
def running_world(folder: Path, repository: RunningRepository, *, attempts: int = 2) -> Iterator[World]:
    """A world of a test's own in a folder, in front of a repository that others may use too."""
    source = FakeSource(folder / "source")
    (folder / "source").mkdir(exist_ok=True)
    store = LocalStore(folder / "store")
    adapter = NrpRepository(repository.url, repository.token, attempts=attempts, timeout_seconds=30)
    adapters = Adapters(
        source=source,
        files=LocalStore(folder / "source"),
        crosswalk=CROSSWALK,
        store=store,
        documents=DocumentStore(store),
        journal=Journal(store),
        repository=adapter,
        telemetry=SpoolSink(folder / "telemetry"),
    )
    slots = Slots(folder / "slots", count=8, slot_bytes=GIB, wait=time.sleep)
    shared = Shared(attempts=2, workers=4, slots=slots)
    collection = Collection(name="opendata", source="opendata", target="default", limits=LIMITS)
    yield World(source, Context(adapters, collection, shared), folder, repository.token)
    adapter.close()


def community_of(world: World, policy: str, name: str = "") -> str:
    """A community of the depositor's with such a review policy, by its slug."""
    slug = f"c-{zlib.crc32(str(world.folder).encode())}-{policy}{name and f'-{name}'}"
    body = {"slug": slug, "metadata": {"title": slug}, "access": {"visibility": "public", "review_policy": policy}}
    headers = {"Authorization": f"Bearer {world.token}"}
    url = f"{world.context.adapters.repository.url}/api/communities"
    httpx.post(url, headers=headers, json=body, timeout=30).raise_for_status()
    return slug


@pytest.fixture
def world(tmp_path: Path, embedded_repository: RunningRepository) -> Iterator[World]:
    """A world in front of the embedded repository."""
    with running_world(tmp_path, embedded_repository) as world:
        yield world


@pytest.fixture
def recid(request: pytest.FixtureRequest) -> str:
    """A recid of the test's own, as all tests share one repository."""
    return str(zlib.crc32(request.node.nodeid.encode()))
