"""Outcomes: what happened to one recid at one stage. Dagster metadata, telemetry and the ledger are made of them."""

from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import Field

from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json, Value

Status = Literal["done", "unchanged", "waiting", "failed", "rejected", "redirected", "left_out", "withdrawn"]
State = Literal["published", "redirected", "withdrawn", "rejected", "left_out", "waiting", "pending"]
STATES: tuple[State, ...] = get_args(State)
STATE_OF: Mapping[Status, State] = {
    "done": "published",
    "unchanged": "published",
    "waiting": "waiting",
    "failed": "pending",
    "rejected": "rejected",
    "redirected": "redirected",
    "left_out": "left_out",
    "withdrawn": "withdrawn",
}
"""The state in which a status leaves a recid; what succeeded publishes it at the last stage, and before it is pending.

The one table of it: the ledger's SQL reads this too.
"""
SUCCESSFUL: tuple[Status, ...] = tuple(status for status, state in STATE_OF.items() if state == "published")
MAY_SUCCEED: tuple[State, ...] = ("pending", "waiting")
"""States in which running a recid again may bring it further; in the others it was decided about."""
STAGE_NAMES = ("raw_record", "raw_files", "metadata", "archive", "published_record")
"""The stages in their order; `flows` says what each of them does."""


class Problem(Value):
    """An error as data: its kind, its message with place and remedy, and whether others may meet it too.

    `ticket` names what the recid waits for, where the other side gave it a name (a request to stage files from tape).
    """

    code: str
    message: str
    ticket: str = ""
    may_affect_all: bool = False


class StageOutcome(Value):
    """What one stage did for one recid.

    `done`: the stage's document was written. `unchanged`: its inputs are the ones it was made of, nothing to do.
    `waiting`: something was asked for that takes its time; nothing is wrong. `failed`: something around the record
    failed, it stays pending. `rejected`: the record itself cannot be carried. `redirected`: the recid is another name
    of a record. `left_out`: the collection says so. `withdrawn`: the source no longer shows it. `repository` is the
    target's address, `source_page` the record's page at the source, `url` that of the published record. `archives` are
    ZIPs among the `files`. `facts` are counts, sizes and links for people to see.
    """

    collection: str
    source: str
    repository: str = ""
    recid: Recid
    stage: str
    status: Status
    elapsed_seconds: float
    content_hash: str = ""
    size_bytes: int | None = None
    files: int | None = None
    archives: int = 0
    source_page: str
    url: str = ""
    facts: Mapping[str, Json] = Field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the next stage may go on."""
        return self.status in SUCCESSFUL

    @property
    def red(self) -> bool:
        """Whether it is to be mended and run again; where the record itself was judged, that would mend nothing."""
        return self.status == "failed"
