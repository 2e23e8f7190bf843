"""Whichever request's answer is lost, before or after it took effect: the next run comes to the same one record."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cern_assets.model.identifiers import Recid
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, running_world

TOKEN = "a-depositor"
MOST_REQUESTS = 40
FILES = {"a.root": b"first", "b.root": b"second"}


@dataclass
class Losing:
    """Answers the request of a number with 504, after it was done or instead of doing it."""

    app: ASGIApp
    lost: int = 0
    done: bool = True
    asked: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, but once."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.asked += 1
        if self.asked != self.lost:
            await self.app(scope, receive, send)
            return
        if self.done:
            await self.app(scope, receive, _nowhere)
        await JSONResponse({"message": "Gateway Timeout"}, 504)(scope, receive, send)


async def _nowhere(_message: object) -> None:
    """The answer gets lost."""


@dataclass
class Place:
    """A world before a repository that loses an answer."""

    world: World
    losing: Losing

    def brought(self, recid: str, number: int, *, done: bool) -> bool:
        """Run until it is published, losing that answer of the first run; whether there was such a request."""
        self.losing.asked, self.losing.lost, self.losing.done = 0, number, done
        last = self.world.run(Recid(recid), search_lag_seconds=0.0)["published_record"]
        there_was = self.losing.asked >= number
        self.losing.lost = 0
        for _ in range(3):
            if last.succeeded:
                break
            assert last.status == "failed", last.problem
            last = self.world.run(Recid(recid), search_lag_seconds=0.0)["published_record"]
        assert last.succeeded, last.problem
        return there_was


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    losing = Losing(build_embedded(tmp_path / "repository", token=TOKEN))
    with serve_in_thread(losing) as url, running_world(tmp_path, RunningRepository(url, TOKEN), attempts=1) as world:
        yield Place(world, losing)


def _check(place: Place, recid: str, *, title: str, files: dict[str, bytes]) -> None:
    (record,) = place.world.held(Recid(recid))
    assert record.state == "published"
    assert isinstance(record.payload["metadata"], dict)
    assert record.payload["metadata"]["title"] == title
    repository = place.world.context.adapters.repository
    for file in repository.files(record):
        with repository.download(record, file.key) as chunks:
            assert b"".join(chunks) == files[file.key]
    assert {file.key for file in repository.files(record)} == set(files)


@pytest.mark.parametrize("done", [True, False], ids=["after it was done", "before it was done"])
def test_each_answer_of_a_new_record_an_edit_and_a_new_version_may_be_lost(place: Place, done: bool) -> None:
    changed = {**FILES, "a.root": b"changed", "c.root": b"third"}
    for number in range(1, MOST_REQUESTS):
        recid, lost = str(number), []
        place.world.source.put(recid, title="New", files=FILES)
        lost.append(place.brought(recid, number, done=done))
        _check(place, recid, title="New", files=FILES)
        place.world.source.put(recid, title="Edited", files=FILES)
        lost.append(place.brought(recid, number, done=done))
        _check(place, recid, title="Edited", files=FILES)
        place.world.source.put(recid, title="Edited", files=changed)
        lost.append(place.brought(recid, number, done=done))
        _check(place, recid, title="Edited", files=changed)
        if not any(lost):
            assert number > 10
            return
    pytest.fail("a record costs more requests than anybody expects")


@pytest.mark.parametrize("number", range(3, 9))
@pytest.mark.parametrize("done", [True, False])
def test_what_was_begun_for_a_record_that_its_source_then_withdraws_is_discarded(
    place: Place, number: int, *, done: bool
) -> None:
    recid = Recid(f"7{number}{int(done)}")
    place.world.source.put(recid, files=FILES)
    place.losing.asked, place.losing.lost, place.losing.done = 0, number, done
    place.world.run(recid, search_lag_seconds=0.0)
    place.losing.lost = 0
    place.world.source.withdraw(recid)
    outcome = place.world.run(recid, search_lag_seconds=0.0)["raw_record"]
    assert outcome.status == "withdrawn"
    assert [record.state for record in place.world.held(recid)] == []
    began = place.losing.asked
    place.world.run(recid, search_lag_seconds=0.0)
    lost_creation = number == 3
    assert (place.losing.asked > began) == lost_creation, "nothing is asked again where no draft can come up any more"


@pytest.mark.parametrize("number", [5, 8])
def test_what_was_begun_for_a_record_that_is_then_left_out_is_discarded(place: Place, number: int) -> None:
    recid = Recid(f"8{number}")
    place.world.source.put(recid, files=FILES)
    place.losing.asked, place.losing.lost, place.losing.done = 0, number, False
    assert place.world.statuses(recid)["published_record"] == "failed"
    place.losing.lost = 0
    assert [record.state for record in place.world.held(recid)] == ["draft"]
    outcome = place.world.run(recid, left_out={recid: "Not ours to bring in"})["raw_record"]
    assert outcome.status == "left_out"
    assert [finding.code for finding in outcome.findings] == ["draft-discarded"]
    assert place.world.held(recid) == ()
    asked = place.losing.asked
    again = place.world.run(recid, left_out={recid: "Not ours to bring in"})["raw_record"]
    assert (again.status, again.findings, place.losing.asked) == ("left_out", (), asked)


def test_a_published_record_that_is_then_left_out_stays_as_it_is(place: Place) -> None:
    recid = Recid("90")
    place.world.source.put(recid, files=FILES)
    place.world.run(recid)
    outcome = place.world.run(recid, left_out={recid: "Not ours to bring in"})["raw_record"]
    assert (outcome.status, outcome.findings) == ("left_out", ())
    assert [record.state for record in place.world.held(recid)] == ["published"]
