"""Many recids at once: each on its own in a thread, so that one that stops takes no other with it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from queue import Empty, SimpleQueue

from cern_assets.errors import CernAssetsError, RunInterruptedError, TelemetryLostError
from cern_assets.flows.again import Again
from cern_assets.flows.journey import STAGES, AnyStage, problem_of, travel
from cern_assets.flows.order import in_order
from cern_assets.flows.probe import Probe
from cern_assets.flows.stages import Context
from cern_assets.model.events import Event, Place, ended
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import Problem, StageOutcome
from cern_assets.recording import Recorder, recorded_by

INTERRUPTED = RunInterruptedError("").code
_IDLE_SECONDS = 1.0

_log = logging.getLogger(__name__)


def run_batch(
    context: Context,
    recids: Sequence[Recid],
    stages: Sequence[AnyStage] = STAGES,
    *,
    run_id: str = "",
    idle: Callable[[], None] = lambda: None,
) -> Iterator[tuple[StageOutcome, ...]]:
    """Run the selected stages for many recids; yields the outcomes of one recid as soon as it stops.

    They begin in the order that the collection wants. Every recid is yielded exactly once, in the order in which they
    end, from the calling thread. One that failed by something that may pass is tried again later in the batch
    (`Shared.recid_attempts`), and no worker waits for that. When one meets a problem that others may meet too (a
    refused token, a full disk), the adapters are asked; if it is so, those not begun are not: they come back as
    `failed` and `NotBegun`, and no event is noted for them, as nothing was learnt about them. At most twice as many
    recids as workers are held in memory, and those that wait for their next attempt. `idle` is called when no recid has
    ended for a second.

    Closing the iterator, or an interrupt of the calling thread, ends the batch early: no further recid begins, and
    those under way end at their next safe point.

    Raises:
        TelemetryLostError: events could not be noted; raised after the last recid.
    """
    cancellation = context.shared.cancellation.child()
    journal = context.adapters.journal.of_run(run_id)
    context = replace(
        context,
        adapters=replace(context.adapters, journal=journal),
        shared=replace(context.shared, cancellation=cancellation),
    )
    batch = _Batch(context, stages, run_id)
    waiting = iter(in_order(context, recids))
    again = Again(context.shared.recid_attempts, context.shared.recid_pause_seconds)
    pool = ThreadPoolExecutor(max_workers=context.shared.workers, thread_name_prefix="recid")

    ended: SimpleQueue[Future[tuple[StageOutcome, ...]]] = SimpleQueue()

    def start(recids: Iterable[Recid]) -> int:
        started = [pool.submit(batch.one, recid) for recid in recids]
        for future in started:
            future.add_done_callback(ended.put)
        return len(started)

    try:
        running = start(islice(waiting, 2 * context.shared.workers))
        while running or again:
            futures = _next_ended(ended, min(_IDLE_SECONDS, again.seconds()) if again else _IDLE_SECONDS)
            if not futures:
                idle()
            running += start(islice(waiting, len(futures))) - len(futures)
            for future in futures:
                if batch.ends or not again.takes(future.result()):
                    yield future.result()
            if batch.ends:
                yield from again.given_up()
            running += start(again.due())
    finally:
        cancellation.request()
        pool.shutdown(cancel_futures=True)
    batch.told()


def _next_ended[Ended](ended: "SimpleQueue[Ended]", timeout_seconds: float) -> list[Ended]:
    """Those that have ended, at least one of them unless time is over first.

    A queue and not `futures.wait`, which looks at all that run for each one that ends.
    """
    found: list[Ended] = []
    with suppress(Empty):
        found.append(ended.get(timeout=timeout_seconds))
        while True:
            found.append(ended.get_nowait())
    return found


class _Batch:
    """What the threads of a batch share."""

    def __init__(self, context: Context, stages: Sequence[AnyStage], run_id: str) -> None:
        self._context = context
        self._stages = stages
        self._run_id = run_id
        self._probe = Probe(context.adapters)
        self._lost: list[str] = []

    def one(self, recid: Recid) -> tuple[StageOutcome, ...]:
        """Run one recid; whatever happens, it has an outcome."""
        reason = self._reason_not_to_begin()
        if reason is not None:
            return (_failed(self._context, recid, self._stages[0], Problem(code="NotBegun", message=reason)),)
        outcomes = []
        recorder = self._recorder(recid)
        with self._context.shared.cancellation.working(), recorded_by(recorder):
            for outcome in _isolated(self._context, recid, self._stages):
                outcomes.append(outcome)
                if outcome.problem is None or outcome.problem.code != INTERRUPTED:
                    made = outcome.findings if outcome.status == "done" else ()
                    recorder.end(ended(outcome, recorder.started), made)
                if outcome.problem is not None:
                    recorder.flush()  # asking the adapters may take long
                self._probe.look_into(outcome.problem)
        return tuple(outcomes)

    def told(self) -> None:
        """Say at the end whether an event was lost."""
        if self._lost:
            raise TelemetryLostError(
                f"{len(self._lost)} times events could not be noted, the first as: {self._lost[0]}",
                remedy="Mend the event spool, then run the same recids again: what is done is not done twice.",
            )

    @property
    def ends(self) -> bool:
        """Whether no further recid is to begin."""
        return self._reason_not_to_begin() is not None

    def _reason_not_to_begin(self) -> str | None:
        if self._context.shared.cancellation.requested:
            return "Not begun, as the run was ended."
        cause = self._probe.cause
        return f"Not begun, as no recid can get through: {cause.message}" if cause else None

    def _recorder(self, recid: Recid) -> Recorder:
        collection, adapters = self._context.collection, self._context.adapters
        place = Place(
            run_id=self._run_id,
            collection=collection.name,
            source=collection.source,
            repository=adapters.repository.url,
            recid=recid,
            stage=self._stages[0].name,
        )
        return Recorder(self._note, place)

    def _note(self, events: Sequence[Event]) -> None:
        try:
            self._context.adapters.telemetry.emit(events)
        except Exception as error:  # noqa: BLE001  whatever broke, the recid's outcomes must be told
            place, known = events[-1].place, isinstance(error, CernAssetsError)
            if not self._lost:  # the others are counted
                where = f"recid {place.recid}: events of {place.stage} were not noted"
                _log.error("%s: %s", where, error, exc_info=not known)
            self._lost.append(error.message if isinstance(error, CernAssetsError) else str(error))
            if isinstance(error, CernAssetsError):
                self._probe.look_into(problem_of(error))


def _isolated(context: Context, recid: Recid, stages: Sequence[AnyStage]) -> Iterator[StageOutcome]:
    remaining = list(stages)
    try:
        for outcome in travel(context, recid, stages):
            remaining.pop(0)
            yield outcome
    except Exception as error:  # noqa: BLE001  a fault of ours on one record must not take the others with it
        _log.exception("recid %s: unexpected error at %s", recid, remaining[0].name)
        message = f"Unexpected {type(error).__name__}: {error} [recid {recid}, stage {remaining[0].name}]"
        yield _failed(context, recid, remaining[0], Problem(code="Unexpected", message=message))


def _failed(context: Context, recid: Recid, stage: AnyStage, problem: Problem) -> StageOutcome:
    return StageOutcome(
        collection=context.collection.name,
        source=context.collection.source,
        repository=context.adapters.repository.url,
        recid=recid,
        stage=stage.name,
        source_page=context.adapters.source.page(recid),
        status="failed",
        elapsed_seconds=0.0,
        problem=problem,
    )
