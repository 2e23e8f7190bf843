"""Many recids at once: each counted once, none taken down by another, and no hammering when all would fail."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets.errors import (
    CernAssetsError,
    ConfigurationError,
    CredentialsRefusedError,
    RecordInvalidError,
    SourceUnavailableError,
    StorageFullError,
    TelemetryLostError,
)
from cern_assets.flows.again import Again
from cern_assets.flows.batch import run_batch
from cern_assets.flows.discover import discover
from cern_assets.flows.journey import STAGES
from cern_assets.model.events import Event
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import Problem, StageOutcome
from cern_assets.storage.local import LocalStore
from cern_assets.telemetry.spool import SpoolSink
from cern_assets_tests.services.ledgers import read_ledger
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


def test_recids_begin_as_listed_or_the_small_first_as_far_as_their_size_is_known(world: World, recid: str) -> None:
    large, small, middle, new = (
        world.source.put(f"{recid}{number}", files={"a.root": b"x" * size})
        for number, size in enumerate((3000, 10, 200, 1))
    )
    given = [large, small, middle]
    world.run(*given, workers=1)

    def begun(**order: object) -> list[Recid]:
        world.source.asked.clear()
        world.run(new, *given, workers=1, **order)
        return [asked for asked, _ in world.source.asked]

    assert begun(order="small-first") == [small, middle, large, new]
    assert begun() == [new, large, small, middle]


def test_a_fault_of_our_own_on_one_record_costs_only_that_record(world: World, recids: list[Recid]) -> None:
    world.source.fail(recids[5], RuntimeError("a fault nobody thought of"))
    last = {outcomes[-1].recid: outcomes[-1] for outcomes in run_batch(world.context, recids)}
    assert {recid for recid, outcome in last.items() if not outcome.succeeded} == {recids[5]}
    problem = last[recids[5]].problem
    assert problem is not None
    assert (problem.code, "a fault nobody thought of" in problem.message) == ("Unexpected", True)


def test_a_problem_that_every_recid_would_meet_stops_those_not_begun(world: World, recids: list[Recid]) -> None:
    world.source.refuse_all(ConfigurationError("The portal's address is wrong."))
    outcomes = [outcomes[0] for outcomes in run_batch(world.context, recids)]
    assert len(outcomes) == len(recids)
    begun = {recid for recid, _ in world.source.asked}
    assert 0 < len(begun) <= 2 * world.context.shared.workers
    codes = [outcome.problem.code for outcome in outcomes if outcome.problem]
    assert (codes.count("Configuration"), codes.count("NotBegun")) == (len(begun), 20 - len(begun))


@pytest.mark.parametrize("kind", [ConfigurationError, CredentialsRefusedError, StorageFullError])
def test_a_problem_of_one_recid_that_others_might_have_met_stops_only_that_one(
    world: World, recids: list[Recid], kind: type[CernAssetsError]
) -> None:
    world.source.fail(recids[0], kind("Just this one."))
    last = {outcomes[-1].recid: outcomes[-1] for outcomes in run_batch(world.context, recids)}
    assert {recid for recid, outcome in last.items() if not outcome.succeeded} == {recids[0]}


def test_recids_that_were_not_begun_stay_in_the_ledger_what_they_were(world: World, recids: list[Recid]) -> None:
    list(run_batch(world.context, recids))
    world.source.refuse_all(CredentialsRefusedError("The token has ended."))
    begun = len(world.source.asked)
    list(run_batch(world.context, recids))
    refused = len(world.source.asked) - begun
    ledger = read_ledger(world.folder / "telemetry", [("opendata", recid) for recid in recids])
    assert (ledger.totals["published"], ledger.totals["pending"]) == (20 - refused, refused)
    assert refused <= 2 * world.context.shared.workers


class _Deaf(SpoolSink):
    """A sink that loses one event."""

    def emit(self, events: Sequence[Event]) -> None:
        place = events[-1].place
        if place.stage == "raw_files" and place.recid.endswith("07"):
            raise StorageFullError("No room for events.")
        super().emit(events)


def test_an_event_that_cannot_be_noted_is_told_at_the_end_and_loses_no_outcome(
    world: World, recids: list[Recid]
) -> None:
    context = world.changed(telemetry=_Deaf(world.folder / "telemetry"))
    ended: list[str] = []
    with pytest.raises(TelemetryLostError, match="No room for events"):
        ended.extend(outcomes[-1].stage for outcomes in run_batch(context, recids))
    assert ended == ["published_record"] * 20


class _Drip(LocalStore):
    """A place that gives its bytes one at a time, and says when it began."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.began = threading.Event()
        self.given = 0

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield self._drops(chunks)

    def _drops(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            for byte in chunk:
                self.given += 1
                self.began.set()
                yield bytes([byte])


def test_ending_a_batch_early_ends_copies_under_way_and_begins_no_further_recid(world: World, recid: str) -> None:
    small, large, third = (Recid(f"{recid}{number}") for number in range(3))
    for name, files in ((small, {}), (large, {"a.root": bytes(5_000_000)}), (third, {})):
        world.source.put(name, files=files)
    slow = _Drip(world.folder / "source")
    batch = run_batch(world.changed(files=slow, workers=1), [small, large, third])
    assert next(batch)[-1].recid == small
    assert slow.began.wait(60)
    batch.close()  # type: ignore[attr-defined]  # it is a generator
    assert slow.given < 3_000_000
    assert {asked for asked, _ in world.source.asked} == {small, large}
    assert list(world.context.adapters.store.list("files")) == []


def test_a_machine_that_is_told_to_end_interrupts_recids_and_notes_nothing_about_them(
    world: World, recids: list[Recid]
) -> None:
    world.context.shared.cancellation.request()
    outcomes = [outcomes[-1] for outcomes in run_batch(world.context, recids)]
    assert {outcome.problem and outcome.problem.code for outcome in outcomes} == {"NotBegun"}
    assert read_ledger(world.folder / "telemetry", []).entries == ()


def test_only_the_selected_stages_run(world: World, recids: list[Recid]) -> None:
    outcomes = [outcome for batch in run_batch(world.context, recids, STAGES[:1]) for outcome in batch]
    assert [outcome.stage for outcome in outcomes] == ["raw_record"] * len(recids)


def test_discovering_gives_each_recid_once_in_the_sources_order(world: World, recids: list[Recid]) -> None:
    assert discover(world.source) == tuple(recids)
    assert discover(world.source, "Number 7") == (recids[7],)


def test_a_second_attempt_succeeds_and_each_recid_is_told_once(world: World, recids: list[Recid]) -> None:
    world.source.fail_once(recids[0], SourceUnavailableError("The portal hiccups."))
    ended = list(run_batch(world.changed(recid_attempts=2, recid_pause_seconds=0.01), recids))
    assert sorted(outcomes[-1].recid for outcomes in ended) == sorted(recids)
    assert all(outcomes[-1].succeeded for outcomes in ended)
    asked = [recid for recid, _ in world.source.asked]
    assert asked.count(recids[0]) == 2
    assert asked.count(recids[1]) == 1


@pytest.mark.parametrize("error", [RecordInvalidError("It is none."), StorageFullError("The disk is full.")])
def test_what_no_second_attempt_would_mend_has_none(world: World, recid: str, error: CernAssetsError) -> None:
    known = world.source.put(recid)
    world.source.fail(known, error)
    assert world.statuses(known, recid_attempts=5)["raw_record"] in {"rejected", "failed"}
    assert [asked for asked, _ in world.source.asked] == [known]


def test_pauses_double_and_hold_no_worker() -> None:
    now = [0.0]
    again = Again(3, 10.0, clock=lambda: now[0])
    failed = (_failed_outcome(),)
    assert again.takes(failed)
    assert (again.seconds(), again.due()) == (10.0, [])
    now[0] = 10.0
    assert again.due() == ["7"]
    assert again.takes(failed)
    assert again.seconds() == 20.0
    assert again.given_up() == [failed]
    assert not again.takes(failed), "three attempts are all"


def _failed_outcome() -> StageOutcome:
    return StageOutcome(
        collection="opendata",
        source="opendata",
        recid=Recid("7"),
        stage="raw_record",
        status="failed",
        elapsed_seconds=0.0,
        source_page="",
        problem=Problem(code=SourceUnavailableError("").code, message="The portal hiccups."),
    )
