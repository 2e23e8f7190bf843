"""Files in parts, through the whole journey: killed and gone on with, refused, lied about, left behind, undone."""

import multiprocessing
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cern_assets.flows.batch import run_batch
from cern_assets.flows.undo import undo, undo_plan
from cern_assets.model.collections import TransferPolicy
from cern_assets.model.identifiers import Recid
from cern_assets.model.publications import Draft
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, running_world

TOKEN = "a-depositor"
RECID = Recid("7")
PART, PARTS = 100_000, 8
CONTENT = random.Random(7).randbytes(PARTS * PART - 5)
IN_PARTS = TransferPolicy(how="parts", part_bytes=PART, at_once=2)


@dataclass
class Door:
    """An application whose requests for parts are noted; those of some parts arrive changed, or kill who sent them."""

    app: ASGIApp
    asked: Counter[int] = field(default_factory=Counter)
    changed: set[int] = field(default_factory=set)
    deadly: int = 0
    sender: int = 0
    first_byte: Callable[[], object] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        found = re.search(r"/content/(\d+)$", scope["path"]) if scope["type"] == "http" else None
        number = int(found[1]) if found else 0
        self.asked.update([number] if number else [])
        if number and number == self.deadly and self.sender:
            os.kill(self.sender, signal.SIGKILL)
        if self.first_byte and scope["type"] == "http" and scope["method"] == "PUT" and "/content" in scope["path"]:
            told, self.first_byte = self.first_byte, None
            told()

        async def altered() -> Message:
            message = await receive()
            return {**message, "body": bytes(len(message.get("body", b"")))}

        await self.app(scope, altered if number in self.changed else receive, send)


@contextmanager
def _served(folder: Path, transfers: Collection[str] = ("L", "M")) -> Iterator[tuple[Door, RunningRepository]]:
    door = Door(build_embedded(folder / "repository", token=TOKEN, transfers=transfers))
    with serve_in_thread(door) as url:
        yield door, RunningRepository(url, TOKEN)


def _put(world: World) -> None:
    world.source.put(RECID, files={"large.root": CONTENT})


def _publish(folder: Path, repository: RunningRepository) -> None:
    with running_world(folder, repository) as world:
        _put(world)
        world.run(RECID, transfer=IN_PARTS)


def _bytes(world: World) -> bytes:
    (record,) = world.held(RECID)
    assert record.state == "published"
    with world.context.adapters.repository.download(record, "large.root") as chunks:
        return b"".join(chunks)


def test_an_uploader_that_was_killed_in_the_middle_is_gone_on_with(tmp_path: Path) -> None:
    with _served(tmp_path) as (door, repository):
        process = multiprocessing.get_context("spawn").Process(target=_publish, args=(tmp_path, repository))
        door.deadly = 6
        process.start()
        door.sender = process.pid or 0
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        before, door.sender = set(door.asked), 0
        with running_world(tmp_path, repository) as world:
            kinds = [entry.what for entry in world.context.adapters.journal.entries("opendata", RECID)]
            noted = {what.number for what in kinds if what.kind == "part sent"}
            assert len(noted) >= 4
            door.asked.clear()
            _put(world)
            assert world.run(RECID, transfer=IN_PARTS)["published_record"].status == "done"
            assert set(door.asked) == set(range(1, PARTS + 1)) - noted
            assert before | set(door.asked) == set(range(1, PARTS + 1))
            assert _bytes(world) == CONTENT


def test_a_part_that_the_repository_garbled_is_told_and_all_is_sent_anew(tmp_path: Path) -> None:
    with _served(tmp_path) as (door, repository), running_world(tmp_path, repository) as world:
        _put(world)
        door.changed = {3}
        outcome = world.run(RECID, transfer=IN_PARTS)["published_record"]
        assert outcome.problem is not None
        assert "Our files are whole, their copy is not" in outcome.problem.message
        assert [record.state for record in world.held(RECID)] == ["draft"]
        door.changed = set()
        door.asked.clear()
        assert world.run(RECID, transfer=IN_PARTS)["published_record"].status == "done"
        assert set(door.asked) == set(range(1, PARTS + 1)), "nothing of the garbled copy is trusted"
        assert _bytes(world) == CONTENT


def test_a_repository_that_takes_no_parts_gets_one_stream(tmp_path: Path) -> None:
    with _served(tmp_path, ["L"]) as (door, repository), running_world(tmp_path, repository) as world:
        _put(world)
        assert world.run(RECID, transfer=IN_PARTS)["published_record"].status == "done"
        assert (_bytes(world), sum(door.asked.values())) == (CONTENT, 0)


@pytest.mark.parametrize("transfer", [IN_PARTS, TransferPolicy()], ids=["in parts", "in one stream"])
def test_who_loses_the_lease_while_bytes_are_on_their_way_commits_none_of_them(
    tmp_path: Path, transfer: TransferPolicy
) -> None:
    with _served(tmp_path) as (door, repository), running_world(tmp_path, repository) as world:
        _put(world)
        store = world.context.adapters.store

        def another_takes_it() -> None:
            (mine,) = store.list("leases")
            store.reserve(f"{mine.rpartition('/')[0]}/{2:010}.json")

        door.first_byte = another_takes_it
        lost = world.run(RECID, transfer=transfer)["published_record"]
        assert lost.status == "waiting"
        assert "was taken by another process" in str(lost.problem)
        (draft,) = world.held(RECID)
        assert [file.committed for file in world.context.adapters.repository.files(draft)] == [False]
        assert world.run(RECID, transfer=transfer)["published_record"].status == "done"
        assert _bytes(world) == CONTENT


def test_a_file_whose_content_changed_since_takes_no_part_of_the_old_one(tmp_path: Path) -> None:
    with _served(tmp_path) as (door, repository), running_world(tmp_path, repository) as world:
        _put(world)
        door.changed = {8}
        world.run(RECID, transfer=IN_PARTS)
        door.changed = set()
        door.asked.clear()
        other = random.Random(8).randbytes(len(CONTENT))
        world.source.put(RECID, files={"large.root": other})
        assert world.run(RECID, transfer=IN_PARTS)["published_record"].status == "done"
        assert set(door.asked) == set(range(1, PARTS + 1))
        assert _bytes(world) == other


def test_a_draft_that_a_dead_run_left_half_in_parts_is_undone(tmp_path: Path) -> None:
    with _served(tmp_path) as (door, repository), running_world(tmp_path, repository) as world:
        _put(world)
        door.changed = {1}
        list(run_batch(world.changed(transfer=IN_PARTS), [RECID], run_id="run 1"))
        (draft,) = world.held(RECID)
        assert isinstance(draft, Draft)
        (step,) = list(undo_plan(world.context, "run 1"))
        assert step.action == "delete draft"
        assert undo(world.context, step, "run 1").status == "done"
        assert world.held(RECID) == ()
        assert not [path for path in (tmp_path / "repository" / "content").rglob("*") if path.is_file()]
