"""A community's review, restricted files, an embargo, from source to repository: the embedded one, and InvenioRDM."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cern_assets.model.collections import Access
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import InclusionAsked
from cern_assets.model.outcomes import StageOutcome
from cern_assets_tests.services.command_line import Answer
from cern_assets_tests.services.deposits import given_deposit
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import World, running_world

FILES = {"a.root": b"for some only"}


@pytest.fixture(params=["embedded_repository", pytest.param("invenio", marks=pytest.mark.service)])
def running(request: pytest.FixtureRequest) -> RunningRepository:
    repository: RunningRepository = request.getfixturevalue(request.param)
    return repository


@pytest.fixture
def world(tmp_path: Path, running: RunningRepository) -> Iterator[World]:
    with running_world(tmp_path, running) as world:
        yield world


@pytest.fixture
def fresh() -> Recid:
    """A recid that no earlier run used, as the repository may be one that stays."""
    return Recid(str(uuid.uuid4().int % 10**15))


def _post(running: RunningRepository, path: str, body: object) -> None:
    headers = {"Authorization": f"Bearer {running.token}"}
    httpx.post(f"{running.url}/api/{path}", headers=headers, json=body, timeout=60).raise_for_status()


def _made(running: RunningRepository, policy: str) -> str:
    slug = f"{policy}-{uuid.uuid4().hex[:12]}"
    access = {"visibility": "public", "review_policy": policy}
    _post(running, "communities", {"slug": slug, "metadata": {"title": slug}, "access": access})
    return slug


@pytest.fixture
def community(running: RunningRepository) -> str:
    """A community whose curators look at each record."""
    return _made(running, "closed")


def _asked(outcome: StageOutcome) -> str:
    assert outcome.problem is not None
    assert outcome.status == "waiting", outcome.problem
    return outcome.problem.ticket


def test_a_record_waits_for_the_one_who_has_to_accept_it_and_then_goes_on_by_itself(
    world: World, running: RunningRepository, fresh: Recid, community: str
) -> None:
    world.source.put(fresh, files=FILES)
    ticket = _asked(world.run(fresh, community=community)["published_record"])
    assert _asked(world.run(fresh, community=community)["published_record"]) == ticket, "it is asked for once"
    _post(running, f"requests/{ticket}/actions/accept", {})
    done = world.run(fresh, community=community)["published_record"]
    assert done.status == "done", done.problem
    record = world.context.adapters.repository.read_published(str(done.facts["record_id"]))
    assert record is not None
    assert community in record.communities


def test_a_refused_review_is_told_and_only_another_deposit_is_put_before_the_community_again(
    world: World, running: RunningRepository, fresh: Recid, community: str
) -> None:
    world.source.put(fresh, title="As it is", files=FILES)
    ticket = _asked(world.run(fresh, community=community)["published_record"])
    _post(running, f"requests/{ticket}/actions/decline", {})
    for _ in range(2):
        refused = world.run(fresh, community=community)["published_record"]
        assert refused.status == "rejected"
        assert refused.problem is not None
        assert f"refused the record (request {ticket})" in refused.problem.message
    world.source.put(fresh, title="As they want it", files=FILES)
    second = _asked(world.run(fresh, community=community)["published_record"])
    assert second != ticket
    _post(running, f"requests/{second}/actions/accept", {})
    assert world.run(fresh, community=community)["published_record"].status == "done"


def test_communities_of_the_source_are_those_that_the_collection_names_for_them(
    world: World, running: RunningRepository, fresh: Recid, community: str
) -> None:
    first = _made(running, "open")
    world.source.put(fresh, files=FILES)
    record = world.source.fetch(fresh).record
    assert record is not None
    world.source.put_record(record.model_copy(update={"communities": ("physics", "migration", "nowhere")}))
    table = {"physics": first, "migration": community}
    outcomes = world.run(fresh, communities=table)
    told = [(each.code, each.value) for stage in outcomes.values() for each in stage.findings if "comm" in each.code]
    assert told == [("community-not-carried", "nowhere"), ("community-asked", community)]
    done = outcomes["published_record"]
    assert done.status == "done", done.problem
    again = world.run(fresh, communities=table)["published_record"]
    assert (again.status, [each.value for each in again.findings]) == ("unchanged", [community]), "it is asked once"
    entries = world.context.adapters.journal.entries("opendata", fresh)
    (asked,) = [entry.what for entry in entries if isinstance(entry.what, InclusionAsked)]
    _post(running, f"requests/{asked.request_id}/actions/accept", {})
    later = world.run(fresh, communities=table)["published_record"]
    assert (later.status, later.findings) == ("done", ()), "the receipt tells no more of a community that is asked"
    now = world.context.adapters.repository.read_published(str(done.facts["record_id"]))
    assert now is not None
    assert {first, community} <= set(now.communities)


def test_restricted_files_are_published_compared_and_shown_to_nobody_else(
    world: World, running: RunningRepository, fresh: Recid
) -> None:
    world.source.put(fresh, files=FILES)
    restricted = Access(record="public", files="restricted")
    done = world.run(fresh, access=restricted)["published_record"]
    assert done.status == "done", done.problem
    again = world.run(fresh, access=restricted)["published_record"]
    assert again.status == "unchanged", again.problem
    url = f"{running.url}/api/records/{done.facts['record_id']}"
    assert httpx.get(url, timeout=60).json()["access"]["files"] == "restricted"
    assert httpx.get(f"{url}/files/a.root/content", timeout=60).status_code == 403
    mine = httpx.get(f"{url}/files/a.root/content", headers={"Authorization": f"Bearer {running.token}"}, timeout=60)
    assert mine.content == FILES["a.root"]


def test_an_embargo_is_set_until_its_day_and_a_second_run_writes_nothing(
    running: RunningRepository, tmp_path: Path, run: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    identifiers = [{"scheme": "other", "identifier": f"embargo:{uuid.uuid4()}"}]
    path = given_deposit(tmp_path / "deposit.json", identifiers=identifiers)
    body = json.loads(path.read_text())
    body["access"] = {
        "record": "public",
        "files": "restricted",
        "embargo": {"active": True, "until": until, "reason": "Until the paper is out"},
    }
    path.write_text(json.dumps(body))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.root").write_bytes(FILES["a.root"])
    monkeypatch.setenv("CERN_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", running.token)
    command = ("publish", str(path), "--files", str(tmp_path / "files"), "--repository", running.url, "--json")
    first = run(*command)
    assert first.code == 0, first.out
    shown = httpx.get(f"{running.url}/api/records/{first.json['id']}", timeout=60).json()["access"]
    assert (shown["files"], shown["embargo"]["active"], shown["embargo"]["until"]) == ("restricted", True, until)
    second = run(*command)
    assert (second.json["id"], second.json["calls"]["writes"]) == (first.json["id"], 0)
