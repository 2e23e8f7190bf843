"""What a stage is, and what it works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cern_assets.documents.journal import Journal
from cern_assets.documents.leases import LeaseTerms
from cern_assets.documents.paths import folder_of
from cern_assets.documents.store import DocumentStore
from cern_assets.flows.allowance import Allowance
from cern_assets.flows.cancellation import Cancellation
from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.model.collections import Collection
from cern_assets.model.documents import Document
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import Answer
from cern_assets.model.values import Json, Value
from cern_assets.ports import ByteReader, FileStore, RecordSource, Repository, TelemetrySink
from cern_assets.transfers.least_rate import LeastRate
from cern_assets.transfers.movers import Movers
from cern_assets.transfers.places import Places
from cern_assets.transfers.slots import Slots


@dataclass(frozen=True)
class Adapters:
    """The outside world, over ports.

    `files` is where the source's bytes are read, `store` where ours are kept; `documents` and `journal` lie on it.
    """

    source: RecordSource
    files: ByteReader
    crosswalk: Crosswalk
    store: FileStore
    documents: DocumentStore
    journal: Journal
    repository: Repository
    telemetry: TelemetrySink

    @property
    def places(self) -> Places:
        """Where bytes can be."""
        return Places(store=self.store, source=self.files)


@dataclass(frozen=True)
class Shared:
    """What all recids of a machine share.

    `attempts` is how often an interrupted read is taken up again, `workers` how many recids are handled at a time.
    `slots` bound the bytes that are on their way on the machine, `movers` are the threads that move them. A file of at
    least `resume_bytes` whose copying broke off is gone on with. A source that gives less than `least_rate` counts as
    broken off. `moved` is told of bytes as they come. Leftovers of writers are collected after `leftovers_seconds`.
    `cancellation` ends all recids early. A record that the source showed before and does not
    know now is withdrawn when that has been so for `withdraw_after_seconds`, and if `withdrawals` allows one more.
    `lease_terms` say how a recid is held while it is published. What was created `search_lag_seconds` ago is in the
    repository's search.
    A recid that failed by something that may pass has `recid_attempts` in its batch, the second after
    `recid_pause_seconds`, each further one after twice as long.
    """

    attempts: int
    workers: int
    slots: Slots
    movers: Movers = field(default_factory=Movers)
    resume_bytes: int = 256 * 1024**2
    least_rate: LeastRate = field(default_factory=LeastRate)
    moved: Callable[[int], None] = lambda _bytes: None
    leftovers_seconds: float = 86_400.0
    withdraw_after_seconds: float = 0.0
    withdrawals: Allowance = field(default_factory=lambda: Allowance(20))
    lease_terms: LeaseTerms = field(default_factory=LeaseTerms)
    search_lag_seconds: float = 10.0
    recid_attempts: int = 1
    recid_pause_seconds: float = 0.0
    cancellation: Cancellation = field(default_factory=Cancellation)


_among_files = partial(folder_of, "files")


@dataclass(frozen=True)
class Context:
    """All that the journey of a collection's recids needs.

    `files_folder` says where the files of a recid are kept. With `spares_others`, what else lies there is not ours to
    remove.
    """

    adapters: Adapters
    collection: Collection
    shared: Shared
    files_folder: Callable[[str, Recid], str] = _among_files
    spares_others: bool = False


@dataclass(frozen=True)
class Task:
    """One stage for one recid: the documents it builds on, and the one it left the last time."""

    recid: Recid
    input_hash: str
    needs: Mapping[str, Document[Value]]
    previous: Document[Value] | None

    @property
    def settled(self) -> bool:
        """Whether the document of the last time was made of the same inputs by the same rules."""
        return self.previous is not None and self.previous.input_hash == self.input_hash

    def body[Body: Value](self, stage: str, body_type: type[Body]) -> Body:
        """What an earlier stage made."""
        body = self.needs[stage].body
        assert isinstance(body, body_type)
        return body

    def previous_body[Body: Value](self, body_type: type[Body]) -> Body | None:
        """What this stage made the last time, None if nothing."""
        body = self.previous.body if self.previous else None
        return body if isinstance(body, body_type) else None


@dataclass(frozen=True)
class Made[Body: Value]:
    """What a stage made; the source's validator and its answer are the raw record's only."""

    body: Body
    etag: str | None = None
    answer: Answer | None = None


@dataclass(frozen=True)
class Summary:
    """What people see of a body; `files` and `size_bytes` are None for one that is not about files.

    `archives` are ZIPs among the files.
    """

    size_bytes: int | None = None
    files: int | None = None
    archives: int = 0
    url: str = ""
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage[Body: Value]:
    """A row of the table of stages.

    `kind` is the badge that Dagster shows. `needs` names the stages before it, each with the part of its body that this
    one depends on: what is not in it may change without this stage being made again. `rules` names the version of what
    decides about the result besides, `decided` what people decided about this recid (None: nothing). `make` does the
    work, safe to repeat. `summarise` shows a body to people. `intact` says whether the files that the body speaks of
    are still there. `looks_outside`: only the outside knows, so the stage is made whenever it is selected.
    """

    name: str
    kind: str
    description: str
    body: type[Body]
    needs: Mapping[str, Callable[[Any], Json]]
    make: Callable[[Context, Task], Made[Body]]
    summarise: Callable[[Body], Summary]
    rules: Callable[[Context], str] = lambda _context: ""
    decided: Callable[[Context, Recid], Json] = lambda _context, _recid: None
    intact: Callable[[Context, Body], bool] = lambda _context, _body: True
    looks_outside: bool = False
