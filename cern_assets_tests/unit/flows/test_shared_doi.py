"""Two source records with one DOI: both are published, the first has it as its own, and each tells of the other."""

import httpx
import pytest

from cern_assets.flows.publish.payload import doi_of
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome
from cern_assets.model.publications import Published, Sought, stated_identifiers
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets_tests.services.world import World, community_of


class _BlindToDois(NrpRepository):
    """The repository of a world, whose search lags: it shows no other record yet."""

    def find(self, identifier: str, *, doi: str | None = None) -> Sought:  # noqa: ARG002  the port's signature
        return super().find(identifier)


def _two(world: World, recid: str) -> tuple[Recid, Recid, str]:
    """Two source records, the second of which states the first one's DOI, in other letters."""
    first, second = Recid(recid), Recid(f"{recid}2")
    for each in (first, second):
        world.source.put(each)
    record = world.source.fetch(second).record
    assert record is not None
    doi = f"10.5072/FAKE.{world.folder.name}.{recid}"
    world.source.put_record(record.model_copy(update={"metadata": {**record.metadata, "doi": doi}}))
    return first, second, doi


def _held(world: World, recid: Recid) -> Published:
    (record,) = world.held(recid)
    assert isinstance(record, Published)
    return record


def _told(outcome: StageOutcome) -> list[tuple[str, str]]:
    return [(finding.code, finding.value) for finding in outcome.findings]


@pytest.mark.parametrize("lags", [False, True])
def test_both_are_published_and_each_tells_of_the_other(world: World, recid: str, *, lags: bool) -> None:
    first, second, doi = _two(world, recid)
    assert world.run(first)["published_record"].findings == ()
    url = world.context.adapters.repository.url
    blind = _BlindToDois(url, world.token, attempts=1, timeout_seconds=30)
    made = world.run(second, **({"repository": blind} if lags else {}))["published_record"]
    blind.close()
    one, other = _held(world, first), _held(world, second)
    search = f"{url}/search?q=pids.doi.identifier%3A%22{doi.replace('/', '%2F')}%22"
    assert (made.status, _told(made)) == ("done", [("doi-stated-twice", search if lags else one.url)])
    assert (doi_of(one.payload), doi_of(other.payload)) == (doi, None)
    assert doi in stated_identifiers(other.payload)
    again = world.run(first)["published_record"], world.run(second)["published_record"]
    assert [_told(outcome) for outcome in again] == [
        [("doi-stated-twice", other.url)],
        [("doi-stated-twice", one.url)],
    ]
    writes = world.context.adapters.repository.spent.writes
    statuses = [world.run(each)["published_record"].status for each in (first, second)]
    assert (statuses, world.context.adapters.repository.spent.writes) == (["unchanged", "unchanged"], writes)


def test_a_changed_second_record_keeps_the_doi_where_it_is(world: World, recid: str) -> None:
    first, second, doi = _two(world, recid)
    for each in (first, second):
        world.run(each)
    record = world.source.fetch(second).record
    assert record is not None
    world.source.put_record(record.model_copy(update={"metadata": {**record.metadata, "title": "Changed"}}))
    outcome = world.run(second)["published_record"]
    assert (outcome.status, _told(outcome)) == ("done", [("doi-stated-twice", _held(world, first).url)])
    held = _held(world, second)
    assert (doi_of(held.payload), stated_identifiers(held.payload).count(doi)) == (None, 1)


def test_a_doi_that_is_taken_when_an_open_community_publishes_the_record_is_told_of_too(
    world: World, recid: str
) -> None:
    first, second, doi = _two(world, recid)
    slug = community_of(world, "open")
    assert world.run(first)["published_record"].status == "done"
    blind = _BlindToDois(world.context.adapters.repository.url, world.token, attempts=1, timeout_seconds=30)
    made = world.run(second, repository=blind, community=slug)["published_record"]
    blind.close()
    assert (made.status, [code for code, _ in _told(made)]) == ("done", ["doi-stated-twice"])
    other = _held(world, second)
    assert (doi_of(other.payload), stated_identifiers(other.payload).count(doi)) == (None, 1)
    assert slug in other.communities
    writes = world.context.adapters.repository.spent.writes
    assert world.run(second, community=slug)["published_record"].status in ("done", "unchanged")
    assert world.context.adapters.repository.spent.writes == writes


def test_a_curator_who_cannot_accept_a_record_as_its_doi_is_taken_declines_it_and_it_goes_on_without(
    world: World, recid: str
) -> None:
    first, second, doi = _two(world, recid)
    slug = community_of(world, "closed")
    url = world.context.adapters.repository.url
    made = world.run(second, community=slug)["published_record"]
    assert made.status == "waiting"
    assert made.problem is not None
    assert world.run(first)["published_record"].status == "done"
    actions = f"{url}/api/requests/{made.problem.ticket}/actions"
    headers = {"Authorization": f"Bearer {world.token}"}
    assert httpx.post(f"{actions}/accept", headers=headers, json={}, timeout=30).status_code == 400
    httpx.post(f"{actions}/decline", headers=headers, json={}, timeout=30).raise_for_status()
    again = world.run(second, community=slug)["published_record"]
    assert again.problem is not None
    assert (again.status, again.problem.ticket != made.problem.ticket) == ("waiting", True)
    httpx.post(f"{url}/api/requests/{again.problem.ticket}/actions/accept", headers=headers, json={}, timeout=30)
    done = world.run(second, community=slug)["published_record"]
    assert (done.status, [code for code, _ in _told(done)]) == ("done", ["doi-stated-twice"])
    assert doi in stated_identifiers(_held(world, second).payload)
