"""What is done for a recid, noted where it is done: an adapter that makes a call tells it here, and knows no more.

A recorder is current in the thread that handles a recid, and in the tasks and threads that it starts with its context.
Where none is (a command that only asks), nothing is noted.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from cern_assets.model.events import (
    CallMade,
    Event,
    Fact,
    FindingMade,
    Place,
    StageEnded,
    StageStarted,
    Waited,
    utc_text,
)
from cern_assets.model.findings import Finding, pattern_of

_HELD = 100
"""Details that are held back at most, to be written with one call; they never outlive the end of their stage."""

_STARTED = StageStarted()

type Emit = Callable[[Sequence[Event]], None]


class Recorder:
    """Notes the facts of one recid's journey; details go out together with the end of their stage.

    An end is followed at once by the beginning of the next stage, and goes out with it: half as many writes. The last
    one goes out when the recorder is current no more. `emit` must not raise: a fact that cannot be noted is no reason
    to stop.
    """

    def __init__(self, emit: Emit, place: Place) -> None:
        self._emit = emit
        self._place = place
        self._lock = threading.Lock()
        self._held: list[Event] = []
        self.started = utc_text()

    def begin(self, stage: str) -> None:
        """Note, at once, that a stage began; with the end of the one before, if that is held."""
        self._place = self._place.model_copy(update={"stage": stage})
        self.started = utc_text()
        self.note(_STARTED)
        self.flush()

    def note(self, fact: Fact) -> None:
        """Note a detail."""
        event = Event.model_construct(ts=utc_text(), place=self._place, fact=fact)
        with self._lock:
            self._held.append(event)
            full = len(self._held) >= _HELD
        if full:
            self.flush()

    def end(self, fact: StageEnded, findings: Sequence[Finding] = ()) -> None:
        """Note how the stage ended, after all details of it; whoever does not go on at once flushes."""
        for finding in _counted(findings):
            self.note(finding)
        self.note(fact)

    def flush(self) -> None:
        """Hand on what is held."""
        with self._lock:
            held, self._held = self._held, []
        if held:
            self._emit(held)


_current: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


@contextmanager
def recorded_by(recorder: Recorder) -> Iterator[Recorder]:
    """Make a recorder the current one while the block runs; what it holds goes out at the end."""
    token = _current.set(recorder)
    try:
        yield recorder
    finally:
        _current.reset(token)
        recorder.flush()


def carried[Given, Made](work: Callable[[Given], Made]) -> Callable[[Given], Made]:
    """The same work, which notes to the recorder that is current here, in whatever thread it is done."""
    recorder = _current.get()

    def done(given: Given) -> Made:
        token = _current.set(recorder)
        try:
            return work(given)
        finally:
            _current.reset(token)

    return done


def begin_stage(stage: str) -> None:
    """Tell the current recorder that a stage begins."""
    recorder = _current.get()
    if recorder is not None:
        recorder.begin(stage)


def note(fact: Fact) -> None:
    """Tell the current recorder of a fact."""
    recorder = _current.get()
    if recorder is not None:
        recorder.note(fact)


@dataclass
class Call:
    """A request that is being made: its maker sets the status when the answer comes."""

    http_status: int = 0


@contextmanager
def call(system: str, method: str, route: str, *, attempt: int = 1, wait_seconds: float = 0.0) -> Iterator[Call]:
    """Note a request, however the block ends, with the time that it took."""
    made, started = Call(), time.monotonic()
    try:
        yield made
    finally:
        note(
            CallMade(
                system=system,
                method=method,
                route=route,
                http_status=made.http_status,
                attempt=attempt,
                elapsed_seconds=time.monotonic() - started,
                wait_seconds=wait_seconds,
            )
        )


def pause_before_retry(seconds: float) -> None:
    """Note that a call failed in a way that may pass, and how long it rests until it is tried again."""
    note(Waited(reason="retry", wait_seconds=seconds))


def route_of(path: str, words: frozenset[str]) -> str:
    """A path with `*` for each segment that is none of an interface's own words: `/api/records/*/draft`."""
    return "/" + "/".join(part if part in words else "*" for part in path.strip("/").split("/"))


def _counted(findings: Sequence[Finding]) -> Iterator[FindingMade]:
    kinds = Counter((each.code, each.severity, pattern_of(each.field)) for each in findings)
    for (code, severity, field), count in kinds.items():
        yield FindingMade(code=code, severity=severity, field=field, count=count)
