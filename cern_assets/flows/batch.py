"""Many recids at once: each on its own in a thread, so that one that stops takes no other with it."""

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from itertools import islice

from cern_assets.flows.journey import STAGES, AnyStage, travel
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import Problem, StageOutcome
from cern_assets.ports import TelemetryEvent

_log = logging.getLogger(__name__)


def run_batch(
    context: Context,
    recids: Sequence[Recid],
    stages: Sequence[AnyStage] = STAGES,
    *,
    run_id: str = "",
) -> Iterator[tuple[StageOutcome, ...]]:
    """Run the selected stages for many recids; yields the outcomes of one recid as soon as it stops.

    Every recid is yielded exactly once, in the order in which they end, from the calling thread. When one meets a
    problem that every other would meet too (a refused token, a full disk), those not begun are not: they fail with that
    problem, at once. At most twice as many recids as workers are held in memory.
    """
    stop = _Stop()
    waiting = iter(recids)

    with ThreadPoolExecutor(max_workers=context.shared.workers, thread_name_prefix="recid") as pool:

        def start(count: int) -> set[Future[tuple[StageOutcome, ...]]]:
            return {pool.submit(_one, context, recid, stages, run_id, stop) for recid in islice(waiting, count)}

        running = start(2 * context.shared.workers)
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            running |= start(len(ended))
            for future in ended:
                yield future.result()


class _Stop:
    """The first problem that every recid would meet, if there was one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._problem: Problem | None = None

    @property
    def problem(self) -> Problem | None:
        return self._problem

    def note(self, problem: Problem | None) -> None:
        with self._lock:
            if problem is not None and problem.affects_all and self._problem is None:
                self._problem = problem


def _one(
    context: Context, recid: Recid, stages: Sequence[AnyStage], run_id: str, stop: _Stop
) -> tuple[StageOutcome, ...]:
    outcomes = []
    for outcome in _isolated(context, recid, stages, stop.problem):
        stop.note(outcome.problem)
        context.adapters.telemetry.emit(_event(outcome, run_id))
        outcomes.append(outcome)
    return tuple(outcomes)


def _isolated(
    context: Context, recid: Recid, stages: Sequence[AnyStage], stopped_by: Problem | None
) -> Iterator[StageOutcome]:
    if stopped_by is not None:
        message = f"Not begun, as another recid met: {stopped_by.message}"
        yield _failed(context, recid, stages[0], Problem(code=stopped_by.code, message=message))
        return
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


def _event(outcome: StageOutcome, run_id: str) -> TelemetryEvent:
    problem = outcome.problem
    return TelemetryEvent(
        ts=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
        run_id=run_id,
        collection=outcome.collection,
        source=outcome.source,
        repository=outcome.repository,
        recid=outcome.recid,
        stage=outcome.stage,
        status=outcome.status,
        elapsed_seconds=outcome.elapsed_seconds,
        size_bytes=outcome.size_bytes or 0,
        files=outcome.files or 0,
        findings=len(outcome.findings),
        code=problem.code if problem else "",
        message=problem.message if problem else "",
        url=outcome.url,
    )
