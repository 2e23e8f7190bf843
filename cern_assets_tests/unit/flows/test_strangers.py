"""Other users of the repository who use a recid's identifier: they neither stop a recid nor take it over."""

from collections.abc import Iterator

import httpx
import pytest

from cern_assets.flows.batch import run_batch
from cern_assets.flows.journey import STAGES
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.publications import Published, Receipt
from cern_assets.model.values import Json, JsonObject
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World


@pytest.fixture
def stranger(embedded_repository: RunningRepository) -> Iterator[NrpRepository]:
    adapter = NrpRepository(embedded_repository.url, embedded_repository.other_token, attempts=1, timeout_seconds=30)
    yield adapter
    adapter.close()


def _published_by(stranger: NrpRepository, recid: str) -> Published:
    """A record of somebody else with the identifier of a recid."""
    identifier: dict[str, Json] = {"scheme": "other", "identifier": CROSSWALK.identifier(Recid(recid))}
    metadata: dict[str, Json] = {
        "title": "Not what you think",
        "publication_date": "2016",
        "publisher": "Nobody",
        "resource_type": {"id": "dataset"},
        "creators": [{"person_or_org": {"type": "organizational", "name": "Nobody"}}],
        "identifiers": [identifier],
    }
    payload: JsonObject = {
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": False},
        "metadata": metadata,
    }
    return stranger.publish(stranger.create_draft(payload))


def _receipt(world: World, recid: str) -> Receipt:
    document = world.context.adapters.documents.read("opendata", "published_record", Recid(recid), Receipt)
    assert document is not None
    return document.body


def test_a_recid_is_published_although_another_user_has_its_identifier(
    world: World, recid: str, stranger: NrpRepository
) -> None:
    theirs = _published_by(stranger, recid)
    world.source.put(recid)
    outcome = world.run(Recid(recid))["published_record"]
    assert outcome.status == "done"
    assert [(finding.code, finding.value) for finding in outcome.findings] == [("identifier-of-another", theirs.url)]
    (ours,) = world.held(Recid(recid))
    assert ours.record_id != theirs.record_id
    left = stranger.read_published(theirs.record_id)
    assert left is not None
    assert left.payload["metadata"] == theirs.payload["metadata"]


def test_several_records_of_other_users_are_no_conflict(world: World, recid: str, stranger: NrpRepository) -> None:
    theirs = {_published_by(stranger, recid).url for _ in range(2)}
    world.source.put(recid)
    outcome = world.run(Recid(recid))["published_record"]
    assert outcome.status == "done"
    assert {finding.value for finding in outcome.findings} == theirs


def test_an_unchanged_recid_still_takes_one_request_when_another_user_takes_its_identifier(
    world: World, recid: str, stranger: NrpRepository
) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    theirs = _published_by(stranger, recid)
    before = sum(world.context.adapters.repository.spent.requests.values())
    outcome = world.run(Recid(recid))["published_record"]
    assert sum(world.context.adapters.repository.spent.requests.values()) == before + 1
    assert outcome.status in ("done", "unchanged")
    assert [(finding.code, finding.value) for finding in outcome.findings] == [("identifier-of-another", theirs.url)]


def test_a_lost_receipt_is_found_again_beside_the_record_of_another_user(
    world: World, recid: str, stranger: NrpRepository
) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    (ours,) = world.held(Recid(recid))
    _published_by(stranger, recid)
    world.forget("published_record")
    assert world.run(Recid(recid))["published_record"].succeeded
    assert [record.record_id for record in world.held(Recid(recid))] == [ours.record_id]


def test_what_the_collections_community_took_from_another_user_is_ours(
    world: World, recid: str, stranger: NrpRepository, embedded_repository: RunningRepository
) -> None:
    slug, headers = f"team-{recid}", {"Authorization": f"Bearer {embedded_repository.token}"}
    community = {"slug": slug, "metadata": {"title": "Team"}, "access": {"review_policy": "closed"}}
    with httpx.Client(base_url=embedded_repository.url, headers=headers) as curator:
        curator.post("/api/communities", json=community).raise_for_status()
        world.source.put(recid)
        list(run_batch(world.context, [Recid(recid)], STAGES[:-1]))
        deposit = world.context.adapters.documents.read("opendata", "metadata", Recid(recid), Metadata)
        assert deposit is not None
        draft = stranger.create_draft(deposit.body.payload)
        review = stranger.submit_review(draft, slug)
        curator.post(f"/api/requests/{review.request_id}/actions/accept", json={}).raise_for_status()
    assert world.run(Recid(recid), community=slug)["published_record"].status == "done"
    assert _receipt(world, recid).record_id == draft.record_id
    assert world.held(Recid(recid)) == ()
