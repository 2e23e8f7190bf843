"""What becomes of a record that changes after it was published, in a real InvenioRDM: an edit, or a new version."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, running_world

pytestmark = pytest.mark.service


@pytest.fixture
def earnest(tmp_path: Path, invenio: RunningRepository) -> Iterator[World]:
    with running_world(tmp_path, invenio) as world:
        yield world


@pytest.fixture
def fresh() -> str:
    """A recid that no earlier run used, as the repository may be one that stays."""
    return str(uuid.uuid4().int % 10**15)


def _published(world: World, recid: str) -> StageOutcome:
    outcomes = world.run(Recid(recid))
    stopped = [outcome.problem.message for outcome in outcomes.values() if outcome.problem]
    assert stopped == []
    return outcomes["published_record"]


def _title(world: World, record_id: str) -> object:
    record = world.context.adapters.repository.read_published(record_id)
    assert record is not None
    metadata = record.payload["metadata"]
    assert isinstance(metadata, dict)
    return metadata["title"]


@retry(retry=retry_if_result(lambda seen: not seen), stop=stop_after_delay(30), wait=wait_fixed(0.2))
def _await_in_search(world: World, recid: str) -> bool:
    return any(record.state == "published" for record in world.held(Recid(recid)))


def test_a_changed_title_is_an_edit_and_changed_files_are_a_new_version(earnest: World, fresh: str) -> None:
    earnest.source.put(fresh, title="Before", files={"a.root": b"one"})
    first = _published(earnest, fresh)
    assert _published(earnest, fresh).status == "unchanged"

    earnest.source.put(fresh, title="After", files={"a.root": b"one"})
    edited = _published(earnest, fresh)
    assert (edited.status, edited.facts["record_id"]) == ("done", first.facts["record_id"])
    assert _title(earnest, str(first.facts["record_id"])) == "After"

    earnest.source.put(fresh, title="After", files={"a.root": b"two", "b.root": b"three"})
    renewed = _published(earnest, fresh)
    assert renewed.facts["record_id"] != first.facts["record_id"]
    assert (renewed.facts["version"], renewed.files, renewed.size_bytes) == (2, 2, 8)
    assert _title(earnest, str(first.facts["record_id"])) == "After", "the first version stays as it was"
    assert _published(earnest, fresh).status == "unchanged"


def test_a_record_whose_receipt_was_lost_is_found_and_not_published_twice(earnest: World, fresh: str) -> None:
    earnest.source.put(fresh, files={"a.root": b"x"})
    first = _published(earnest, fresh)
    _await_in_search(earnest, fresh)
    earnest.forget("published_record")
    assert _published(earnest, fresh).facts["record_id"] == first.facts["record_id"]
    assert len(earnest.held(Recid(fresh))) == 1


def test_a_draft_that_was_left_behind_is_completed(earnest: World, fresh: str) -> None:
    earnest.source.put(fresh, files={f"{number:03}.dat": b"x" for number in range(101)})
    generous = earnest.context.collection.limits.model_copy(update={"max_files": 1000})
    refused = earnest.run(Recid(fresh), limits=generous)["published_record"]
    assert refused.status == "rejected", "InvenioRDM takes 100 files"
    completed = _published(earnest, fresh)
    assert completed.files == 1
    _await_in_search(earnest, fresh)
    assert len(earnest.held(Recid(fresh))) == 1
