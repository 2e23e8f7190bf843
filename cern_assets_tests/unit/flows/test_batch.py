"""Many recids at once: each counted once, none taken down by another, and no hammering when all would fail."""

import pytest

from cern_assets.errors import ConfigurationError
from cern_assets.flows.batch import run_batch
from cern_assets.flows.discover import discover
from cern_assets.flows.journey import STAGES
from cern_assets.model.identifiers import Recid
from cern_assets.telemetry.ledger import read_ledger
from cern_assets_tests.services.world import World


@pytest.fixture
def recids(world: World, recid: str) -> list[Recid]:
    return [world.source.put(f"{recid}{number:02}", title=f"Number {number}") for number in range(20)]


def test_every_recid_ends_exactly_once_and_the_ledger_balances(world: World, recids: list[Recid]) -> None:
    world.source.withdraw(recids[3])
    ended = [outcomes[0].recid for outcomes in run_batch(world.context, recids)]
    assert sorted(ended) == sorted(recids)
    ledger = read_ledger(world.folder / "telemetry", [("opendata", recid) for recid in recids])
    assert (ledger.totals["published"], ledger.totals["rejected"], ledger.balanced) == (19, 1, True)


def test_a_fault_of_our_own_on_one_record_costs_only_that_record(world: World, recids: list[Recid]) -> None:
    world.source.fail(recids[5], RuntimeError("a fault nobody thought of"))
    last = {outcomes[-1].recid: outcomes[-1] for outcomes in run_batch(world.context, recids)}
    assert {recid for recid, outcome in last.items() if not outcome.succeeded} == {recids[5]}
    problem = last[recids[5]].problem
    assert problem is not None
    assert (problem.code, "a fault nobody thought of" in problem.message) == ("Unexpected", True)


def test_a_problem_that_every_recid_would_meet_stops_those_not_begun(world: World, recids: list[Recid]) -> None:
    for recid in recids:
        world.source.fail(recid, ConfigurationError("The portal's address is wrong."))
    outcomes = [outcomes[0] for outcomes in run_batch(world.context, recids)]
    assert len(outcomes) == len(recids)
    assert all(outcome.problem and outcome.problem.code == "Configuration" for outcome in outcomes)
    begun = {recid for recid, _ in world.source.asked}
    assert 0 < len(begun) <= 2 * world.context.shared.workers
    assert sum("Not begun" in outcome.problem.message for outcome in outcomes if outcome.problem) >= 20 - len(begun)


def test_only_the_selected_stages_run(world: World, recids: list[Recid]) -> None:
    outcomes = [outcome for batch in run_batch(world.context, recids, STAGES[:1]) for outcome in batch]
    assert [outcome.stage for outcome in outcomes] == ["raw_record"] * len(recids)


def test_discovering_gives_each_recid_once_in_the_sources_order(world: World, recids: list[Recid]) -> None:
    assert discover(world.source) == tuple(recids)
    assert discover(world.source, "Number 7") == (recids[7],)
