"""Telemetry's events: one fact each, and where it happened. A line of the spool is one of them in an envelope."""

from datetime import UTC, datetime
from typing import Literal

from cern_assets.model.findings import Severity
from cern_assets.model.metadata import Fate
from cern_assets.model.outcomes import StageOutcome, Status
from cern_assets.model.values import Value

Way = Literal["in", "out"]
How = Literal["moved", "kept", "by reference", "left out", "refused", "sent", "reused"]
"""`kept`: our copy was right already. `by reference`: the bytes stay at the source until they are sent.

`left out`: they stay there for good. `refused`: they were read, and are not what was declared. `reused`: the target had
them.
"""


class StageStarted(Value):
    """A stage began for a recid; without an outcome after it, it is under way, or its process died."""

    kind: Literal["started"] = "started"


class StageEnded(Value):
    """What one stage did for one recid: its outcome. `started` is UTC, `archives` are ZIPs among the `files`."""

    kind: Literal["outcome"] = "outcome"
    status: Status
    started: str
    elapsed_seconds: float
    size_bytes: int = 0
    files: int = 0
    archives: int = 0
    findings: int = 0
    code: str = ""
    message: str = ""
    url: str = ""


class FileMoved(Value):
    """Bytes of one file came from the source or went to the target, or did not have to.

    `transfer` is how they went to the target, as InvenioRDM calls it: `L` in one stream, `M` in parts, `F` fetched by
    it; `reason` is why so, or why a file is left out. Both are empty for bytes that came in, or did not have to move.
    """

    kind: Literal["file"] = "file"
    key: str
    way: Way
    how: How
    size_bytes: int
    elapsed_seconds: float = 0.0
    transfer: str = ""
    reason: str = ""


class CallMade(Value):
    """One request to another system; `http_status` 0 if no answer came.

    `route` is the path with `*` for what names a record or a file. `wait_seconds` is how long the call was held back by
    the pace that is kept towards the system; it is not part of `elapsed_seconds`.
    """

    kind: Literal["call"] = "call"
    system: str
    method: str
    route: str
    http_status: int
    attempt: int = 1
    elapsed_seconds: float
    wait_seconds: float = 0.0


class Waited(Value):
    """Work stood still: for a slot among large files, or for a moment before a call is tried again."""

    kind: Literal["wait"] = "wait"
    reason: Literal["slots", "retry"]
    wait_seconds: float


class ArchiveWritten(Value):
    """A ZIP was written into our store (`moved`), or its bytes were planned for the upload (`by reference`)."""

    kind: Literal["archive"] = "archive"
    key: str
    files: int
    size_bytes: int
    content_bytes: int
    how: How
    elapsed_seconds: float = 0.0


class FindingMade(Value):
    """Something irregular about a record, in `count` places of it; `field` has list positions as `[]`."""

    kind: Literal["finding"] = "finding"
    code: str
    severity: Severity
    field: str
    count: int


class Leaf(Value):
    """What became of the leaves of a record at one path."""

    path: str
    fate: Fate
    leaves: int


class LeavesTold(Value):
    """What became of a record's metadata when it was converted."""

    kind: Literal["leaves"] = "leaves"
    leaves: tuple[Leaf, ...]


class CallsPlanned(Value):
    """Requests to one system."""

    system: str
    calls: int


class RecidPlan(Value):
    """What a run was expected to do for a recid, in bytes and counts; `flows.forecast` says what each is."""

    status: Status
    calls: tuple[CallsPlanned, ...] = ()
    files: int = 0
    read_bytes: int = 0
    sent_bytes: int = 0
    archives: int = 0
    archive_bytes: int = 0
    tape_bytes: int = 0
    lost_leaves: int = 0


class Planned(Value):
    """A plan was kept, for what runs do after it to be compared with."""

    kind: Literal["planned"] = "planned"
    plan: RecidPlan


_LONGEST = 4_000
"""Letters of a message."""

type Fact = (
    StageStarted | StageEnded | FileMoved | CallMade | Waited | ArchiveWritten | FindingMade | LeavesTold | Planned
)


class Place(Value):
    """Where a fact belongs: the Dagster run ("" outside of one), the recid of a collection, and the stage."""

    run_id: str
    collection: str
    source: str
    repository: str
    recid: str
    stage: str


class Event(Value):
    """A fact at its place; `ts` is when it was complete, UTC in ISO 8601 with microseconds."""

    ts: str
    place: Place
    fact: Fact


def utc_text(moment: datetime | None = None) -> str:
    """A moment, or now, as events tell it."""
    return (moment or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def ended(outcome: StageOutcome, started: str) -> StageEnded:
    """An outcome as a fact."""
    problem = outcome.problem
    return StageEnded(
        status=outcome.status,
        started=started,
        elapsed_seconds=outcome.elapsed_seconds,
        size_bytes=outcome.size_bytes or 0,
        files=outcome.files or 0,
        archives=outcome.archives,
        findings=len(outcome.findings),
        code=problem.code if problem else "",
        message=problem.message[:_LONGEST] if problem else "",
        url=outcome.url,
    )
