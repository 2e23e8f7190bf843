"""How many requests a record costs, at the repository: as `docs/reference/requests.md` says, and no more."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from cern_assets.model.identifiers import Recid
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.conventions.sources import CHECKOUT
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, running_world

PAGE = CHECKOUT / "docs" / "reference" / "requests.md"
TOKEN = "a-depositor"
FILES = {f"{number}.root": bytes([number]) * 10 for number in range(5)}


@dataclass
class Counter:
    """Notes the requests that an application is sent."""

    app: ASGIApp
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] == "http":
            self.asked.append(f"{scope['method']} {scope['path']}")
        await self.app(scope, receive, send)


@dataclass
class Counted:
    """A world whose repository is counted."""

    world: World
    counter: Counter

    def requests(self, recid: str, **changed: object) -> list[str]:
        """What the repository is asked while a recid is run."""
        self.counter.asked.clear()
        outcomes = self.world.run(Recid(recid), **changed)
        assert outcomes["published_record"].succeeded, outcomes["published_record"].problem
        return list(self.counter.asked)


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    counter = Counter(build_embedded(tmp_path / "repository", token=TOKEN))
    with serve_in_thread(counter) as url, running_world(tmp_path, RunningRepository(url, TOKEN)) as world:
        yield Counted(world, counter)


def _stated(case: str, **numbers: int) -> int:
    """What the page says of a case, with numbers for its letters."""
    rows = re.findall(r"^\| (.+?) \| ([0-9nmd +]+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    terms = dict(rows)[case].split(" + ")
    counts = [re.fullmatch(r"(\d*)([a-z]?)", term) for term in terms]
    return sum(int(count[1] or 1) * (numbers[count[2]] if count[2] else 1) for count in counts if count)


def test_a_new_record_without_files(counted: Counted) -> None:
    counted.world.source.put("1")
    assert len(counted.requests("1")) == _stated("new, without files") == 4


def test_a_new_record_with_files(counted: Counted) -> None:
    counted.world.source.put("1", files=FILES)
    assert len(counted.requests("1")) == _stated("new, with n files", n=5) == 15


def test_an_unchanged_record_costs_one_request(counted: Counted) -> None:
    counted.world.source.put("1", files=FILES)
    counted.requests("1")
    assert len(counted.requests("1")) == _stated("unchanged") == 1


def test_changed_metadata_cost_six_requests(counted: Counted) -> None:
    counted.world.source.put("1", title="Before", files=FILES)
    counted.requests("1")
    counted.world.source.put("1", title="After", files=FILES)
    assert len(counted.requests("1")) == _stated("metadata changed") == 6


def test_changed_files_cost_two_requests_each(counted: Counted) -> None:
    counted.world.source.put("1", files=FILES)
    counted.requests("1")
    counted.world.source.put("1", files={**FILES, "0.root": b"other", "new.root": b"new"})
    asked = counted.requests("1")
    assert len(asked) == _stated("files changed: m sent, d taken out or replaced", m=2, d=1) == 14, asked


def test_a_lost_receipt_costs_three_requests(counted: Counted) -> None:
    counted.world.source.put("1", files=FILES)
    counted.requests("1")
    counted.world.forget("published_record")
    assert len(counted.requests("1")) == _stated("unchanged, its receipt lost") == 3


def test_a_record_costs_one_connection_for_each_worker_and_not_one_for_each_request(counted: Counted) -> None:
    recids = [str(number) for number in range(1, 9)]
    for recid in recids:
        counted.world.source.put(recid)
    clients: set[object] = set()
    counted.counter.app = _noting_clients(counted.counter.app, clients)
    for recid in recids:
        counted.requests(recid)
    assert len(clients) == 1


def _noting_clients(app: ASGIApp, clients: set[object]) -> ASGIApp:
    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        clients.add(scope.get("client"))
        await app(scope, receive, send)

    return noting
