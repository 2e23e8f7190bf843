"""Two processes at the same recid at the same time make one record, also when one of them is stopped and woken."""

import os
import signal
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from anyio import to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from cern_assets.model.identifiers import Recid
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.publisher import outcomes_of, publishing

TOKEN = "a-depositor"
RECID = "900002"
WITHIN_SECONDS = 60


@dataclass
class Gate:
    """Holds the first request of a kind until it is opened; those after it pass."""

    app: ASGIApp
    method: str = ""
    ending: str = ""
    arrived: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, in time or late."""
        held = scope["type"] == "http" and scope["method"] == self.method and scope["path"].endswith(self.ending)
        if held and not self.arrived.is_set():
            self.arrived.set()
            await to_thread.run_sync(self.opened.wait, WITHIN_SECONDS)
        await self.app(scope, receive, send)


@dataclass
class Place:
    """A repository behind a gate, and what two machines that share a store are told."""

    gate: Gate
    url: str
    store_url: str
    folder: Path
    portal_url: str

    def machine(self, name: str) -> dict[str, str]:
        """The settings of a machine: a home of its own, and a short lease."""
        return {
            "CERN_ASSETS_HOME": str(self.folder / name),
            "CERN_ASSETS_STORE_URL": self.store_url,
            "CERN_ASSETS_OPENDATA_API_URL": self.portal_url,
            "CERN_ASSETS_OPENDATA_FILES_URL": self.portal_url,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
            "CERN_ASSETS_REPOSITORY_URL": self.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": TOKEN,
            "CERN_ASSETS_LEASE_SECONDS": "3",
            "CERN_ASSETS_CLOCK_SKEW_SECONDS": "1",
            "CERN_ASSETS_SEARCH_LAG_SECONDS": "1",
        }

    def held(self) -> list[str]:
        """The states of what the repository holds under the recid."""
        adapter = NrpRepository(self.url, TOKEN, attempts=1, timeout_seconds=30)
        try:
            return [record.state for record in adapter.find(CROSSWALK.identifier(Recid(RECID))).own]
        finally:
            adapter.close()


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, sample_portal_url: str) -> Iterator[Place]:
    gate = Gate(build_embedded(tmp_path / "repository", token=TOKEN))
    store_url = str(tmp_path / "store")
    if request.param == "xrootd":
        store_url = f"{request.getfixturevalue('xrootd_url')}/{uuid.uuid4().hex}"
    with serve_in_thread(gate) as url:
        yield Place(gate, url, store_url, tmp_path, sample_portal_url)


MOMENTS = {
    "looking for drafts": ("GET", "/api/user/records"),
    "creating": ("POST", "/api/records"),
    "sending bytes": ("PUT", "/content"),
    "publishing": ("POST", "/actions/publish"),
}


@pytest.mark.parametrize(
    ("place", "moment"),
    [
        ("local", "looking for drafts"),
        ("local", "sending bytes"),
        ("local", "publishing"),
        pytest.param("xrootd", "creating", marks=pytest.mark.service),
    ],
    indirect=["place"],
)
def test_a_process_that_is_stopped_past_its_lease_and_woken_again_writes_nothing_more(
    place: Place, moment: str
) -> None:
    place.gate.method, place.gate.ending = MOMENTS[moment]
    with publishing(RECID, variables=place.machine("first")) as first:
        assert place.gate.arrived.wait(WITHIN_SECONDS)
        os.kill(first.pid, signal.SIGSTOP)
        with publishing(RECID, variables=place.machine("second")) as second:
            assert outcomes_of(second)["published_record"]["status"] == "done"
        place.gate.opened.set()
        os.kill(first.pid, signal.SIGCONT)
        outcome = outcomes_of(first)["published_record"]
    assert (outcome["status"], outcome["problem"]["code"]) == ("waiting", "RecordHeld")
    with publishing(RECID, variables=place.machine("first")) as again:
        assert outcomes_of(again)["published_record"]["status"] in ("done", "unchanged")
    assert place.held() == ["published"]


@pytest.mark.parametrize("place", ["local"], indirect=True)
@pytest.mark.parametrize("moment", ["creating", "sending bytes", "publishing"])
def test_a_process_that_is_killed_leaves_nothing_that_the_next_does_not_bring_to_the_same_record(
    place: Place, moment: str
) -> None:
    place.gate.method, place.gate.ending = MOMENTS[moment]
    with publishing(RECID, variables=place.machine("first")) as first:
        assert place.gate.arrived.wait(WITHIN_SECONDS)
        first.kill()
    place.gate.opened.set()  # the request was sent: it takes effect although nobody waits for its answer
    with publishing(RECID, variables=place.machine("second")) as second:
        outcome = outcomes_of(second)["published_record"]
        assert outcome["status"] == "done", outcome["problem"]
    assert place.held() == ["published"]


@pytest.mark.service
@pytest.mark.parametrize("place", ["xrootd"], indirect=True)
def test_many_processes_at_the_same_recids_publish_each_once(place: Place) -> None:
    recids = ("900001", "900002", "900003", "900004")
    names = ("first", "second", "third")
    machines = [publishing(*recids, variables=place.machine(name)) for name in names]
    with machines[0] as first, machines[1] as second, machines[2] as third:
        statuses = [outcomes_of(process)["published_record"]["status"] for process in (first, second, third)]
    assert set(statuses) <= {"done", "unchanged", "waiting"}
    found = httpx.get(f"{place.url}/api/records", params={"size": 100}).json()["hits"]
    assert found["total"] == len(recids)
