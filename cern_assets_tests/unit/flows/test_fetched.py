"""Files that the target fetches from the source's web server: compared as all are, and sent where it cannot."""

import hashlib
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.to_thread
import pytest
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.model.checksums import Checksum
from cern_assets.model.collections import TransferPolicy
from cern_assets.model.identifiers import Recid
from cern_assets.model.publications import Draft, Published, Receipt
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.http import HttpReader
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, running_world

TOKEN = "a-depositor"
RECID = Recid("7")
FILES = {"a.root": b"first", "b.root": b"second"}
HOW = {"files_mode": "stream", "transfer": TransferPolicy(how="fetch")}


class Web:
    """The source's files; the target, known by the encodings that it takes, may be given another answer."""

    def __init__(self, folder: Path) -> None:
        self.files: ASGIApp = StaticFiles(directory=folder, check_dir=False)
        self.to_the_target: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        ours = scope["type"] != "http" or dict(scope["headers"]).get(b"accept-encoding") == b"identity"
        answer = self.files if ours or self.to_the_target is None else self.to_the_target
        await answer(scope, receive, send)


@contextmanager
def _world(folder: Path, *, allowed: bool) -> Iterator[tuple[World, Web]]:
    web = Web(folder / "source")
    with serve_in_thread(web) as source:
        hosts = [source.removeprefix("http://")] if allowed else []
        app = build_embedded(folder / "repository", token=TOKEN, fetches_from=hosts)
        with serve_in_thread(app) as url, running_world(folder, RunningRepository(url, TOKEN)) as world:
            world.source.put(RECID, files=FILES)
            record = world.source.fetch(RECID).record
            assert record is not None
            md5s = {name: hashlib.md5(data, usedforsecurity=False).hexdigest() for name, data in FILES.items()}
            files = tuple(
                file.model_copy(update={"checksum": Checksum(algorithm="md5", value=md5s[file.key])})
                for file in record.files
            )
            world.source.put_record(record.model_copy(update={"files": files}))
            reader = HttpReader(source, timeout_seconds=10)
            yield World(world.source, world.changed(files=reader), folder, TOKEN), web
            reader.close()


class _Unpublishing(NrpRepository):
    """The repository of a world, of which the request to publish never arrives."""

    def publish(self, draft: Draft) -> Published:
        raise RepositoryUnavailableError("Nobody answered.", uri=draft.url)


def _receipt(world: World) -> Receipt:
    document = world.context.adapters.documents.read("opendata", "published_record", RECID, Receipt)
    assert document is not None
    return document.body


def _check_bytes(world: World) -> None:
    (record,) = world.held(RECID)
    for name, data in FILES.items():
        with world.context.adapters.repository.download(record, name) as chunks:
            assert b"".join(chunks) == data


def test_the_target_fetches_files_and_no_byte_of_them_is_sent(tmp_path: Path) -> None:
    with _world(tmp_path, allowed=True) as (world, _):
        outcome = world.run(RECID, **HOW)["published_record"]
        assert outcome.status == "done", outcome.problem
        assert {(way.key, way.transfer) for way in _receipt(world).ways} == {("a.root", "F"), ("b.root", "F")}
        assert "PUT" not in world.context.adapters.repository.spent.requests
        _check_bytes(world)
        assert world.statuses(RECID, **HOW)["published_record"] == "unchanged"


def test_a_target_that_allows_no_such_host_gets_the_bytes_and_the_receipt_says_why(tmp_path: Path) -> None:
    with _world(tmp_path, allowed=False) as (world, _):
        assert world.run(RECID, **HOW)["published_record"].status == "done"
        ways = _receipt(world).ways
        assert {way.transfer for way in ways} == {"L"}
        assert all("Domain not allowed" in way.reason for way in ways)
        _check_bytes(world)


@pytest.mark.parametrize("answer", [Response("not here", 404), Response("login")])
def test_what_the_target_could_not_fetch_or_fetched_wrong_is_sent(tmp_path: Path, answer: Response) -> None:
    with _world(tmp_path, allowed=True) as (world, web):
        web.to_the_target = answer
        assert world.run(RECID, **HOW)["published_record"].status == "done"
        ways = _receipt(world).ways
        assert {way.transfer for way in ways} == {"L"}
        assert all("could not fetch it" in way.reason for way in ways)
        _check_bytes(world)


def _held(web: Web) -> threading.Event:
    """Have the target wait for its files until what is given is set."""
    released = threading.Event()

    async def held(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.to_thread.run_sync(released.wait)
        await web.files(scope, receive, send)

    web.to_the_target = held
    return released


def test_a_fetch_that_takes_longer_than_a_worker_waits_is_gone_on_with_by_the_next_run(tmp_path: Path) -> None:
    with _world(tmp_path, allowed=True) as (world, web):
        released = _held(web)

        def released_by_who_waits() -> float:
            released.set()
            return time.monotonic()

        # More than a minute goes by between two looks.
        minutes, url = itertools.count(step=61.0), world.context.adapters.repository.url
        late = NrpRepository(url, TOKEN, attempts=1, timeout_seconds=30, clock=lambda: next(minutes))
        patient = NrpRepository(url, TOKEN, attempts=1, timeout_seconds=30, clock=released_by_who_waits)
        try:
            outcome = world.run(RECID, **HOW, repository=late)["published_record"]
            assert (outcome.status, "is still fetching" in str(outcome.problem)) == ("waiting", True)
            assert world.run(RECID, **HOW, repository=patient)["published_record"].status == "done"
        finally:
            released.set()
            late.close()
            patient.close()
        assert {way.transfer for way in _receipt(world).ways} == {"F"}
        assert patient.spent.requests["POST"] == 1, "published, and nothing announced again"
        _check_bytes(world)


def test_a_file_that_the_target_fetched_between_two_runs_has_its_way_in_the_receipt(tmp_path: Path) -> None:
    with _world(tmp_path, allowed=True) as (world, web):
        released = _held(web)
        minutes = itertools.count(step=61.0)
        repository = world.context.adapters.repository
        late = NrpRepository(repository.url, TOKEN, attempts=1, timeout_seconds=30, clock=lambda: next(minutes))
        try:
            assert world.run(RECID, **HOW, repository=late)["published_record"].status == "waiting"
            released.set()
            (draft,) = world.held(RECID)
            until = time.monotonic() + 30
            while not all(file.committed for file in repository.files(draft)):
                assert time.monotonic() < until
            announced = repository.spent.requests.get("POST", 0)
            assert world.run(RECID, **HOW)["published_record"].status == "done"
        finally:
            released.set()
            late.close()
        assert {(way.key, way.transfer) for way in _receipt(world).ways} == {("a.root", "F"), ("b.root", "F")}
        assert repository.spent.requests["POST"] == announced + 1, "it is published, and nothing else"
        _check_bytes(world)


def test_a_file_that_was_sent_in_place_of_a_fetch_by_a_run_that_ended_then_is_told_as_sent(tmp_path: Path) -> None:
    with _world(tmp_path, allowed=True) as (world, web):
        web.to_the_target = Response("not here", 404)
        repository = world.context.adapters.repository
        deaf = _Unpublishing(repository.url, TOKEN, attempts=1, timeout_seconds=30)
        try:
            assert world.run(RECID, **HOW, repository=deaf)["published_record"].status == "failed"
        finally:
            deaf.close()
        assert world.run(RECID, **HOW)["published_record"].status == "done"
        ways = _receipt(world).ways
        assert {(way.key, way.transfer) for way in ways} == {("a.root", "L"), ("b.root", "L")}
        assert all("could not fetch it" in way.reason for way in ways), ways
        assert "PUT" not in repository.spent.requests or repository.spent.sent == ()
