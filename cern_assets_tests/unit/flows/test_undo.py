"""Undo: what a run did is planned from the journal, applied once, and what others did since stays."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.flows.batch import run_batch
from cern_assets.flows.stages import Context
from cern_assets.flows.undo import Step, undo, undo_plan
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import PublishSeen, UndoDone
from cern_assets.model.outcomes import StageOutcome
from cern_assets.model.publications import Draft, Published, Review
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.chaos.mortal import Killed
from cern_assets_tests.services.dying import DyingRepository
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import GIB, World, community_of, running_world
from cern_assets_tests.unit.repositories.test_nrp_faults import served

_TOKEN = "a-depositor"


def _run(context: Context, run_id: str, *recids: str) -> list[StageOutcome]:
    batches = run_batch(context, [Recid(recid) for recid in recids], run_id=run_id)
    return [outcomes[-1] for outcomes in batches]


def _plan(world: World, run_id: str) -> list[Step]:
    return list(undo_plan(world.context, run_id))


def _title(world: World, recid: str) -> object:
    (record,) = world.held(Recid(recid))
    assert isinstance(record.payload["metadata"], dict)
    return record.payload["metadata"]["title"]


def test_a_draft_that_a_run_left_is_deleted_once(world: World, recid: str) -> None:
    world.source.put(recid, files={f"{number:03}.dat": b"x" for number in range(101)})
    generous = ArchiveLimits(max_files=1000, max_file_bytes=GIB, max_record_bytes=GIB)
    (outcome,) = _run(world.changed(limits=generous), "run 1", recid)
    assert outcome.status == "rejected"
    (step,) = _plan(world, "run 1")
    assert (step.recid, step.action) == (recid, "delete draft")
    assert undo(world.context, step, "run 1").status == "done"
    assert world.held(Recid(recid)) == ()
    assert undo(world.context, step, "run 1").status == "nothing to do"
    kinds = [entry.what.kind for entry in world.context.adapters.journal.entries("opendata", Recid(recid))]
    assert kinds[-2:] == ["undo wanted", "undo done"]


def test_an_edit_is_put_back_and_what_people_edited_since_stays(world: World, recid: str) -> None:
    world.source.put(recid, title="Before")
    _run(world.context, "run 1", recid)
    world.source.put(recid, title="After")
    _run(world.context, "run 2", recid)
    repository = world.context.adapters.repository
    (record,) = world.held(Recid(recid))
    draft = repository.edit(record.record_id)
    assert isinstance(draft.payload["metadata"], dict)
    repository.update_draft(
        record.record_id, {**draft.payload, "metadata": {**draft.payload["metadata"], "version": "by hand"}}
    )
    repository.publish(draft)
    (step,) = _plan(world, "run 2")
    assert step.action == "put back"
    assert undo(world.context, step, "run 2").status == "done"
    assert _title(world, recid) == "Before"
    (record,) = world.held(Recid(recid))
    assert isinstance(record.payload["metadata"], dict)
    assert record.payload["metadata"]["version"] == "by hand"
    assert undo(world.context, step, "run 2").status in ("nothing to do", "blocked")
    (outcome,) = _run(world.context, "run 3", recid)
    assert outcome.status == "done"
    assert _title(world, recid) == "After", "the source's word comes back with the next run"


class _LosesTheAnswer(NrpRepository):
    """A repository whose answer to the wish for a new version is lost after it was done."""

    def new_version(self, record_id: str) -> Draft:
        super().new_version(record_id)
        raise RepositoryUnavailableError("The answer was lost.")


def test_a_draft_of_a_version_whose_answer_was_lost_is_found_and_deleted_once(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.dat": b"one"})
    _run(world.context, "run 1", recid)
    world.source.put(recid, files={"a.dat": b"two"})
    lossy = _LosesTheAnswer(world.context.adapters.repository.url, world.token, attempts=1, timeout_seconds=30)
    (outcome,) = _run(world.changed(repository=lossy), "run 2", recid)
    lossy.close()
    (draft,) = (each for each in world.held(Recid(recid)) if isinstance(each, Draft))
    assert (outcome.status, draft.version_index) == ("failed", 2)
    (step,) = _plan(world, "run 2")
    assert step.words == "delete draft of the next version"
    assert undo(world.context, step, "run 2").status == "done"
    assert [(each.state, each.version_index) for each in world.held(Recid(recid))] == [("published", 1)]
    assert undo(world.context, step, "run 2").status == "nothing to do"
    (outcome,) = _run(world.context, "run 3", recid)
    assert outcome.status == "done"
    assert _plan(world, "run 2") == [], "a later run went on with it"


def _reviewed(world: World, recid: str, community: str, run_id: str) -> StageOutcome:
    (outcomes,) = run_batch(world.changed(community=community), [Recid(recid)], run_id=run_id)
    return outcomes[-1]


def test_a_review_that_was_asked_for_is_taken_back_and_then_its_draft_deleted(world: World, recid: str) -> None:
    reviewing = community_of(world, "closed")
    world.source.put(recid)
    waiting = _reviewed(world, recid, reviewing, "run 1")
    assert waiting.problem is not None
    assert waiting.status == "waiting"
    plan = _plan(world, "run 1")
    assert [step.words for step in plan] == [f"take back request to the community {reviewing}", "delete draft"]
    assert [undo(world.context, step, "run 1").status for step in plan] == ["done", "done"]
    entries = world.context.adapters.journal.entries("opendata", Recid(recid))
    taken_back = [entry.what.request_id for entry in entries if isinstance(entry.what, UndoDone)]
    assert (taken_back, world.held(Recid(recid))) == ([waiting.problem.ticket, ""], ())
    assert [undo(world.context, step, "run 1").status for step in plan] == ["nothing to do", "nothing to do"]
    again = _reviewed(world, recid, reviewing, "run 2")
    assert again.problem is not None
    assert again.status == "waiting", "the source's word comes back with the next run"
    assert again.problem.ticket != waiting.problem.ticket


def test_a_review_whose_answer_was_lost_is_in_the_plan(world: World, recid: str) -> None:
    reviewing = community_of(world, "closed")
    world.source.put(recid)
    lossy = _LosesAsks(world.context.adapters.repository.url, world.token, attempts=1, timeout_seconds=30)
    context = world.changed(community=reviewing, repository=lossy)
    (outcomes,) = run_batch(context, [Recid(recid)], run_id="run 1")
    lossy.close()
    assert outcomes[-1].status == "failed"
    plan = _plan(world, "run 1")
    assert [step.action for step in plan] == ["take back request", "delete draft"]
    assert [undo(world.context, step, "run 1").status for step in plan] == ["done", "done"]
    assert world.held(Recid(recid)) == ()


def test_a_review_that_is_over_is_in_no_plan(world: World, recid: str) -> None:
    world.source.put(recid)
    assert _reviewed(world, recid, community_of(world, "open"), "run 1").status == "done"
    assert [step.action for step in _plan(world, "run 1")] == ["withdraw"]


class _LosesAsks(NrpRepository):
    """A repository whose answers to what is asked of communities are lost after it was done."""

    def submit_review(self, draft: Draft, community: str) -> Review:
        super().submit_review(draft, community)
        raise RepositoryUnavailableError("The answer was lost.")

    def include(self, record: Published, community: str) -> Review:
        super().include(record, community)
        raise RepositoryUnavailableError("The answer was lost.")


def _with_communities(world: World, recid: str, run_id: str, *communities: str, **changed: object) -> StageOutcome:
    """Run a record that is in communities of its source, which have the same names in the target."""
    record = world.source.fetch(Recid(recid)).record
    assert record is not None
    world.source.put_record(record.model_copy(update={"communities": communities}))
    context = world.changed(communities={each: each for each in communities}, search_lag_seconds=0.0, **changed)
    (outcomes,) = run_batch(context, [Recid(recid)], run_id=run_id)
    return outcomes[-1]


def test_a_request_to_a_further_community_is_taken_back_once_and_made_again_by_the_next_run(
    world: World, recid: str
) -> None:
    first, further = community_of(world, "open"), community_of(world, "closed")
    world.source.put(recid)
    assert _with_communities(world, recid, "run 1", first).status == "done"
    assert [each.code for each in _with_communities(world, recid, "run 2", first, further).findings] == [
        "community-asked"
    ]
    (step,) = _plan(world, "run 2")
    assert step.words == f"take back request to the community {further}"
    assert [undo(world.context, step, "run 2").status for _ in range(2)] == ["done", "nothing to do"]
    (record,) = world.held(Recid(recid))
    assert isinstance(record, Published)
    request = world.context.adapters.repository.included(record.record_id, further)
    assert (request is not None, request and request.status) == (True, "refused")
    world.forget("published_record")
    assert _with_communities(world, recid, "run 3", first, further).succeeded
    request = world.context.adapters.repository.included(record.record_id, further)
    assert (request is not None, request and request.status) == (True, "waiting")


def test_a_request_to_a_further_community_whose_answer_was_lost_is_taken_back(world: World, recid: str) -> None:
    first, further = community_of(world, "open"), community_of(world, "closed")
    world.source.put(recid)
    assert _with_communities(world, recid, "run 1", first).status == "done"
    lossy = _LosesAsks(world.context.adapters.repository.url, world.token, attempts=1, timeout_seconds=30)
    assert _with_communities(world, recid, "run 2", first, further, repository=lossy).status == "failed"
    lossy.close()
    (step,) = _plan(world, "run 2")
    context = world.changed(search_lag_seconds=0.0)
    assert [undo(context, step, "run 2").status for _ in range(2)] == ["done", "nothing to do"]


def test_what_a_further_community_took_is_left_to_its_people(world: World, recid: str) -> None:
    first, further = community_of(world, "open"), community_of(world, "closed")
    world.source.put(recid)
    assert _with_communities(world, recid, "run 1", first).status == "done"
    assert _with_communities(world, recid, "run 2", first, further).succeeded
    (record,) = world.held(Recid(recid))
    assert isinstance(record, Published)
    repository = world.context.adapters.repository
    request = repository.included(record.record_id, further)
    assert request is not None
    url = f"{repository.url}/api/requests/{request.request_id}/actions/accept"
    httpx.post(url, headers={"Authorization": f"Bearer {world.token}"}, json={}, timeout=30).raise_for_status()
    (step,) = _plan(world, "run 2")
    undone = undo(world.context, step, "run 2")
    assert (undone.status, undone.reason) == (
        "blocked",
        f"the community took the record (request {request.request_id})",
    )


def test_what_a_later_run_published_is_left_alone(world: World, recid: str) -> None:
    for run, title in (("run 1", "One"), ("run 2", "Two"), ("run 3", "Three")):
        world.source.put(recid, title=title)
        _run(world.context, run, recid)
    for run in ("run 1", "run 2"):
        (step,) = _plan(world, run)
        assert (undo(world.context, step, run).status, "run 3" in step.blocked) == ("blocked", True)
    assert _title(world, recid) == "Three"


def test_a_publication_is_withdrawn_where_the_repository_lets_us_and_told_where_not(world: World, recid: str) -> None:
    world.source.put(recid)
    _run(world.context, "run 1", recid)
    (step,) = _plan(world, "run 1")
    assert step.action == "withdraw"
    refused = undo(world.context, step, "run 1")
    assert (refused.status, "403" in refused.reason) == ("refused", True)
    assert [record.state for record in world.held(Recid(recid))] == ["published"]


def test_a_run_that_the_journal_does_not_know_has_no_plan(world: World, recid: str) -> None:
    world.source.put(recid)
    _run(world.context, "run 1", recid)
    assert _plan(world, "run 2") == []


def test_a_withdrawal_says_why_and_is_sent_to_the_record() -> None:
    asked: list[object] = []

    async def deleting(request: Request) -> Response:
        asked.append(await request.json())
        return Response(status_code=204)

    record = Published(record_id="abcde-12345", parent_id="p", version_index=1, url="u", payload={})
    with served(Route("/api/records/abcde-12345/delete", deleting, methods=["DELETE"])) as url:
        adapter = NrpRepository(url, "t", attempts=1, timeout_seconds=5)
        adapter.withdraw(record, reason="retracted", note="Because.")
        adapter.close()
    assert asked == [{"removal_reason": {"id": "retracted"}, "note": "Because.", "is_visible": True}]


def test_a_copy_of_what_the_source_withdrew_is_a_finding_and_withdrawn_by_policy(world: World, recid: str) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    world.source.withdraw(Recid(recid))
    (kept,) = world.run(Recid(recid))["raw_record"].findings
    assert (kept.code, kept.severity) == ("withdrawn-at-source", "warning")
    outcome = world.run(Recid(recid), withdrawn="tombstone")["raw_record"]
    assert outcome.status == "withdrawn"
    assert [finding.code for finding in outcome.findings] == ["not-withdrawn-in-target"]


@pytest.fixture
def letting(tmp_path: Path) -> Iterator[World]:
    """A world before a repository that lets its depositors withdraw what is published."""
    app = build_embedded(tmp_path / "repository", token=_TOKEN, administrators=[_TOKEN])
    with serve_in_thread(app) as url, running_world(tmp_path, RunningRepository(url, _TOKEN)) as world:
        yield world


def _versions(world: World, recid: str) -> list[str]:
    entries = world.context.adapters.journal.entries("opendata", Recid(recid))
    return [entry.what.record_id for entry in entries if isinstance(entry.what, PublishSeen)]


def test_what_the_source_withdrew_is_withdrawn_in_all_its_versions_once(letting: World) -> None:
    for content in (b"one", b"two", b"three"):
        letting.source.put("1", files={"a.dat": content})
        assert letting.run(Recid("1"))["published_record"].status == "done"
    first, second, third = _versions(letting, "1")
    letting.source.withdraw(Recid("1"))
    (told,) = letting.run(Recid("1"), withdrawn="tombstone")["raw_record"].findings
    repository = letting.context.adapters.repository
    assert (told.code, third in told.value) == ("withdrawn-in-target", True)
    assert [repository.read_published(record_id) for record_id in (first, second, third)] == [None, None, None]
    assert letting.held(Recid("1")) == ()
    writes = repository.spent.writes
    again = letting.run(Recid("1"), withdrawn="tombstone")["raw_record"]
    assert (again.findings, repository.spent.writes) == ((), writes)


def test_versions_over_which_runs_died_when_they_were_published_are_withdrawn_too(letting: World) -> None:
    dying = DyingRepository(letting)
    for content in (b"one", b"two"):
        letting.source.put("1", files={"a.dat": content})
        with pytest.raises(Killed):
            letting.run(Recid("1"), repository=dying)
        # A new version's draft is there, and not written to, before the second attempt brings it to its end.
        letting.run(Recid("1"))
    dying.close()
    (latest,) = letting.held(Recid("1"))
    assert (latest.version_index, len(_versions(letting, "1"))) == (2, 1), "nobody saw the first one published"
    letting.source.withdraw(Recid("1"))
    letting.run(Recid("1"), withdrawn="tombstone")
    assert letting.held(Recid("1")) == (), "nor is the version before shown in place of the latest"


def test_undoing_a_run_that_died_over_a_publication_withdraws_what_it_published(letting: World) -> None:
    letting.source.put("1")
    dying = DyingRepository(letting)
    with pytest.raises(Killed):
        _run(letting.changed(repository=dying), "run 1", "1")
    dying.close()
    (step,) = _plan(letting, "run 1")
    assert step.action == "withdraw"
    assert undo(letting.context, step, "run 1").status == "done"
    assert letting.held(Recid("1")) == ()


def test_undoing_a_run_that_died_over_the_publication_of_an_edit_puts_it_back(letting: World) -> None:
    letting.source.put("1", title="Before")
    _run(letting.context, "run 1", "1")
    letting.source.put("1", title="After")
    publishing = DyingRepository(letting, writes=True)
    with pytest.raises(Killed):
        _run(letting.changed(repository=publishing), "run 2", "1")
    publishing.close()
    assert _title(letting, "1") == "After"
    (step,) = _plan(letting, "run 2")
    assert (step.action, undo(letting.context, step, "run 2").status) == ("put back", "done")
    assert _title(letting, "1") == "Before"


def test_a_withdrawal_that_ended_between_two_versions_is_gone_on_with(letting: World) -> None:
    for content in (b"one", b"two"):
        letting.source.put("1", files={"a.dat": content})
        letting.run(Recid("1"))
    first, second = _versions(letting, "1")
    repository = letting.context.adapters.repository
    record = repository.read_published(first)
    assert record is not None
    repository.withdraw(record, reason="take-down-request", note="")
    letting.source.withdraw(Recid("1"))
    (told,) = letting.run(Recid("1"), withdrawn="tombstone")["raw_record"].findings
    assert (told.code, repository.read_published(second)) == ("withdrawn-in-target", None)


def test_a_record_that_comes_back_after_its_tombstone_is_published_anew_and_its_communities_are_asked_again(
    letting: World,
) -> None:
    first, further = community_of(letting, "open"), community_of(letting, "closed")
    letting.source.put("1")
    assert _with_communities(letting, "1", "run 1", first, further).status == "done"
    letting.source.withdraw(Recid("1"))
    assert letting.run(Recid("1"), withdrawn="tombstone")["raw_record"].status == "withdrawn"
    letting.source.put("1")
    assert _with_communities(letting, "1", "run 2", first, further).status == "done"
    (record,) = letting.held(Recid("1"))
    assert isinstance(record, Published)
    request = letting.context.adapters.repository.included(record.record_id, further)
    assert (request is not None, request and request.status) == (True, "waiting")


def test_undoing_a_new_version_leaves_the_one_before_it(letting: World) -> None:
    for number, content in enumerate((b"one", b"two"), start=1):
        letting.source.put("1", files={"a.dat": content})
        _run(letting.context, f"run {number}", "1")
    first, second = _versions(letting, "1")
    (step,) = _plan(letting, "run 2")
    assert undo(letting.context, step, "run 2").status == "done"
    repository = letting.context.adapters.repository
    assert (repository.read_published(second), repository.read_published(first) is not None) == (None, True)
    assert [record.record_id for record in letting.held(Recid("1"))] == [first]


class _LettingUs(NrpRepository):
    """The repository of a world, as one sees it who may withdraw."""

    def __init__(self, world: World) -> None:
        super().__init__(world.context.adapters.repository.url, world.token, attempts=1, timeout_seconds=30)
        self.withdrawn: list[str] = []

    def withdraw(self, record: Published, *, reason: str, note: str) -> None:  # noqa: ARG002  the port's signature
        self.withdrawn.append(record.record_id)

    def read_published(self, record_id: str) -> Published | None:
        return None if record_id in self.withdrawn else super().read_published(record_id)


def test_a_depositor_who_may_withdraw_does_so_once(world: World, recid: str) -> None:
    world.source.put(recid)
    _run(world.context, "run 1", recid)
    letting = _LettingUs(world)
    context = world.changed(repository=letting)
    (step,) = undo_plan(context, "run 1")
    assert [undo(context, step, "run 1").status for _ in range(2)] == ["done", "nothing to do"]
    assert len(letting.withdrawn) == 1
    letting.close()
