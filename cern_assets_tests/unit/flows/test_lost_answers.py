"""Whichever request's answer is lost, before or after it took effect: the next run comes to the same one record."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cern_assets.flows.publish.communities import shown_request
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import InclusionAsked, InclusionWanted, ReviewAsked
from cern_assets.model.publications import Published, Receipt
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, community_of, running_world

TOKEN = "a-depositor"
MOST_REQUESTS = 40
COMMUNITIES = [("open", "first"), ("open", "taking"), ("closed", "reviewing")]
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

    def brought(self, recid: str, number: int, *, done: bool, **changed: object) -> bool:
        """Run until it is published, losing that answer of the first run; whether there was such a request."""
        self.losing.asked, self.losing.lost, self.losing.done = 0, number, done
        last = self.world.run(Recid(recid), search_lag_seconds=0.0, **changed)["published_record"]
        there_was = self.losing.asked >= number
        self.losing.lost = 0
        for _ in range(3):
            if last.succeeded:
                break
            assert last.status == "failed", last.problem
            last = self.world.run(Recid(recid), search_lag_seconds=0.0, **changed)["published_record"]
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
    document = place.world.context.adapters.documents.read("opendata", "published_record", Recid(recid), Receipt)
    assert document is not None
    assert {(way.key, way.transfer) for way in document.body.ways} == {(key, "L") for key in files}


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


def _put_before(place: Place, recid: Recid, *communities: str) -> None:
    """Have a record be in communities of the source."""
    record = place.world.source.fetch(recid).record
    assert record is not None
    place.world.source.put_record(record.model_copy(update={"communities": communities}))


def _inclusions(place: Place, recid: Recid) -> list[tuple[str, str]]:
    """The requests about the record to communities, by id and status."""
    (record,) = place.world.held(recid)
    url = f"{place.world.context.adapters.repository.url}/api/records/{record.record_id}/requests"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30).raise_for_status().json()
    return [(hit["id"], hit["status"]) for hit in answer["hits"]["hits"]]


@pytest.mark.parametrize("done", [True, False], ids=["after it was done", "before it was done"])
def test_each_answer_of_a_record_for_three_communities_may_be_lost_and_each_is_asked_once(
    place: Place, done: bool
) -> None:
    first, taking, reviewing = (community_of(place.world, policy, name) for policy, name in COMMUNITIES)
    names = {"one": first, "two": taking, "three": reviewing}
    for number in range(1, MOST_REQUESTS):
        recid = Recid(str(number))
        place.world.source.put(recid, title="New", files=FILES)
        _put_before(place, recid, *names)
        lost = place.brought(recid, number, done=done, communities=names)
        last = place.world.run(recid, search_lag_seconds=0.0, communities=names)["published_record"]
        assert [(each.code, each.value) for each in last.findings] == [("community-asked", reviewing)]
        assert sorted(status for _, status in _inclusions(place, recid)) == ["accepted", "submitted"]
        entries = place.world.context.adapters.journal.entries("opendata", recid)
        asked = [entry.what for entry in entries if isinstance(entry.what, InclusionAsked)]
        shown = {id_ for id_, status in _inclusions(place, recid) if status == "submitted"}
        assert shown == {each.request_id for each in asked if each.community == reviewing}
        (held,) = place.world.held(recid)
        assert isinstance(held, Published)
        assert {first, taking} <= set(held.communities)
        if not lost:
            assert number > 15
            return
    pytest.fail("a record costs more requests than anybody expects")


def test_a_request_whose_answer_was_lost_is_waited_for_as_long_as_the_search_may_lag(place: Place) -> None:
    recid, reviewing = Recid("95"), community_of(place.world, "closed", "lagging")
    place.world.source.put(recid)
    journal, repository = place.world.context.adapters.journal, place.world.context.adapters.repository
    (receipt,) = [place.world.run(recid)["published_record"]]
    record = repository.read_published(str(receipt.facts["record_id"]))
    assert record is not None
    wanted = InclusionWanted(repository=repository.url, record_id=record.record_id, community=reviewing)
    since = journal.note("opendata", recid, wanted).at
    began = time.time()
    context = place.world.changed(search_lag_seconds=0.4)
    assert shown_request(context, wanted, since=since) is None
    assert time.time() >= since + 0.4 > began
    asked = repository.include(record, reviewing)
    assert shown_request(context, wanted, since=since) == asked


def test_a_community_that_somebody_else_asked_already_is_told_as_asked(place: Place) -> None:
    recid, reviewing = Recid("96"), community_of(place.world, "closed", "by-hand")
    place.world.source.put(recid)
    done = place.world.run(recid)["published_record"]
    repository = place.world.context.adapters.repository
    record = repository.read_published(str(done.facts["record_id"]))
    assert record is not None
    asked = repository.include(record, reviewing)
    first = community_of(place.world, "open", "first")
    repository.include(record, first)
    _put_before(place, recid, "one", "two")
    table = {"one": first, "two": reviewing}
    (told,) = place.world.run(recid, communities=table)["published_record"].findings
    assert (told.code, asked.request_id in told.message) == ("community-asked", True)


@pytest.mark.parametrize("done", [True, False], ids=["after it was done", "before it was done"])
def test_each_answer_of_a_record_that_a_community_reviews_may_be_lost_and_it_is_put_before_it_once(
    place: Place, done: bool
) -> None:
    reviewing = community_of(place.world, "closed", "review")
    for number in range(1, MOST_REQUESTS):
        recid = Recid(str(number))
        place.world.source.put(recid, title="New", files=FILES)
        place.losing.asked, place.losing.lost, place.losing.done = 0, number, done
        place.world.run(recid, search_lag_seconds=0.0, community=reviewing)
        lost, place.losing.lost = place.losing.asked >= number, 0
        for _ in range(3):
            outcome = place.world.run(recid, search_lag_seconds=0.0, community=reviewing)["published_record"]
        assert outcome.status == "waiting", outcome.problem
        entries = place.world.context.adapters.journal.entries("opendata", recid)
        (asked,) = {entry.what.request_id for entry in entries if isinstance(entry.what, ReviewAsked)}
        assert outcome.problem is not None
        assert outcome.problem.ticket == asked, "it is known which request it is, whose ever answer was lost"
        if not lost:
            assert number > 8
            return
    pytest.fail("a record costs more requests than anybody expects")


def test_what_lies_before_a_community_is_taken_back_and_discarded_when_its_source_withdraws_it(place: Place) -> None:
    recid, reviewing = Recid("97"), community_of(place.world, "closed", "withdrawn")
    place.world.source.put(recid, files=FILES)
    waiting = place.world.run(recid, community=reviewing)["published_record"]
    assert waiting.problem is not None
    place.world.source.withdraw(recid)
    outcome = place.world.run(recid, community=reviewing)["raw_record"]
    assert (outcome.status, [each.code for each in outcome.findings]) == ("withdrawn", ["draft-discarded"])
    assert place.world.held(recid) == ()


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
