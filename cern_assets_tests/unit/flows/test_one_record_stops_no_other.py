"""What one record meets alone stops that record alone, although others might have met it: seen in real batches."""

import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cern_assets.flows.batch import run_batch
from cern_assets.model.identifiers import Recid
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.http import HttpReader
from cern_assets_tests.services.ledgers import read_ledger
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, running_world

TOKEN = "a-depositor"
CONTENT = b"bytes of every file"
MORE_THAN_THE_DISK_BYTES = 10**13
"""Of which a file of holes takes none."""

COUNT = 12
BAD = 2


@dataclass
class Refusing:
    """A repository that refuses one record, by its id, with 403."""

    app: ASGIApp
    record_id: str = ""
    refused: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is about the record, and leave the rest to the application."""
        if scope["type"] == "http" and self.record_id and f"/{self.record_id}" in scope["path"]:
            self.refused.append(scope["path"])
            await JSONResponse({"status": 403, "message": "Permission denied."}, 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


@pytest.fixture
def repository(tmp_path: Path) -> Refusing:
    return Refusing(build_embedded(tmp_path / "repository", token=TOKEN))


@pytest.fixture
def world(tmp_path: Path, repository: Refusing) -> Iterator[World]:
    with serve_in_thread(repository) as url, running_world(tmp_path, RunningRepository(url, TOKEN)) as world:
        yield world


def _recids(world: World, *, claimed_bytes: int | None = None) -> list[Recid]:
    """Records with a file each, of which one has a record that claims a size."""
    recids = [world.source.put(str(number), files={"a.root": CONTENT}) for number in range(1, COUNT + 1)]
    if claimed_bytes is not None:
        uri = f"root://eospublic.cern.ch//eos/opendata/fake/{recids[BAD]}/a.root"
        checksum = f"adler32:{zlib.adler32(CONTENT):08x}"
        listed = [{"uri": uri, "size": claimed_bytes, "checksum": checksum}]
        metadata = {"title": "Huge", "type": {"primary": "Dataset"}, "date_published": "2024", "files": listed}
        world.source.put_record(parse_record({"recid": str(recids[BAD]), **metadata}))
    return recids


def _ended(world: World, recids: list[Recid], **changed: object) -> dict[Recid, str]:
    """How each recid ended: as its last stage did, or by the name of its problem."""
    ended = {}
    for outcomes in run_batch(world.changed(**changed), recids):
        last = outcomes[-1]
        ended[last.recid] = last.problem.code if last.problem else last.status
    return ended


def _only_the_bad_one_stops(ended: dict[Recid, str], recids: list[Recid]) -> str:
    """What the bad one met, where all others were published."""
    assert {recid: end for recid, end in ended.items() if recid != recids[BAD]} == {
        recid: "done" for recid in recids if recid != recids[BAD]
    }
    return ended[recids[BAD]]


@pytest.fixture
def file_server(world: World) -> Iterator[HttpReader]:
    """The source's files over HTTP; one of them may not be read."""

    async def answer(request: Request) -> Response:
        denied = request.path_params["recid"] == str(BAD + 1)
        return Response("denied", 403) if denied else Response(CONTENT)

    with _read_over_http(answer) as reader:
        yield reader


@contextmanager
def _read_over_http(answer: Callable[[Request], Awaitable[Response]]) -> Iterator[HttpReader]:
    app = Starlette(routes=[Route("/eos/opendata/fake/{recid}/a.root", answer, methods=["GET", "HEAD"])])
    with serve_in_thread(app) as url:
        reader = HttpReader(url, timeout_seconds=30)
        try:
            yield reader
        finally:
            reader.close()


def test_a_file_larger_than_the_free_space_stops_its_record_only(world: World) -> None:
    recids = _recids(world, claimed_bytes=MORE_THAN_THE_DISK_BYTES)
    with (world.folder / "source" / "eos" / "opendata" / "fake" / recids[BAD] / "a.root").open("r+b") as sparse:
        sparse.truncate(MORE_THAN_THE_DISK_BYTES)
    assert _only_the_bad_one_stops(_ended(world, recids, workers=2), recids) == "StorageFull"


@pytest.mark.parametrize(("claimed_bytes", "problem"), [(10**17, "StorageFull"), (10**18, "StorageUnavailable")])
def test_a_server_that_claims_more_bytes_than_any_disk_has_stops_its_record_only(
    world: World, claimed_bytes: int, problem: str
) -> None:
    recids = _recids(world, claimed_bytes=claimed_bytes)

    async def answer(request: Request) -> Response:
        lies = request.method == "HEAD" and request.path_params["recid"] == recids[BAD]
        return Response(headers={"Content-Length": str(claimed_bytes)}) if lies else Response(CONTENT)

    with _read_over_http(answer) as reader:
        assert _only_the_bad_one_stops(_ended(world, recids, workers=2, files=reader), recids) == problem


def test_a_file_that_its_server_does_not_let_us_read_stops_its_record_only(
    world: World, file_server: HttpReader
) -> None:
    recids = _recids(world)
    ended = _ended(world, recids, workers=2, files=file_server)
    assert _only_the_bad_one_stops(ended, recids) == "RecordRestricted"


def test_a_refusal_of_one_record_by_the_repository_stops_that_record_only_and_the_ledger_keeps_the_rest(
    world: World, repository: Refusing
) -> None:
    recids = _recids(world)
    assert set(_ended(world, recids).values()) == {"done"}
    (record,) = world.held(recids[BAD])
    repository.record_id = record.record_id
    world.source.put(str(recids[BAD]), title="Changed", files={"a.root": CONTENT})
    assert _only_the_bad_one_stops(_unchanged_is_done(_ended(world, recids, workers=2)), recids) == "CredentialsRefused"
    assert repository.refused
    ledger = read_ledger(world.folder / "telemetry", [("opendata", recid) for recid in recids])
    assert (ledger.totals["published"], ledger.totals["pending"], ledger.balanced) == (COUNT - 1, 1, True)


def _unchanged_is_done(ended: dict[Recid, str]) -> dict[Recid, str]:
    return {recid: "done" if end == "unchanged" else end for recid, end in ended.items()}
