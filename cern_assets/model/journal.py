"""The journal's entries: what was begun for a recid, as no result can say it."""

from typing import Annotated, Literal

from pydantic import Field

from cern_assets.model.values import JsonObject, Value


class DraftWanted(Value):
    """A draft is about to be asked for: without a `DraftMade` after it, the answer may have been lost."""

    kind: Literal["draft wanted"] = "draft wanted"
    repository: str
    identifier: str


class DraftMade(Value):
    """The repository made a draft, or one of ours was found there; it may have been published since."""

    kind: Literal["draft made"] = "draft made"
    repository: str
    record_id: str
    url: str
    version_index: int


class DraftRefused(Value):
    """The repository answered that it makes no such draft: there is none to be looked for."""

    kind: Literal["draft refused"] = "draft refused"
    repository: str


class DraftsDiscarded(Value):
    """Nobody is to publish the record any more: what was begun is gone, and no other draft can come up."""

    kind: Literal["drafts discarded"] = "drafts discarded"
    repository: str
    record_ids: tuple[str, ...]


class EditWanted(Value):
    """A published record is about to be changed under its id; `before` is what it said, as sections of its JSON."""

    kind: Literal["edit wanted"] = "edit wanted"
    repository: str
    record_id: str
    before: JsonObject


class VersionWanted(Value):
    """A new version of a published record is about to be begun: a `DraftMade` after it says which draft it got."""

    kind: Literal["version wanted"] = "version wanted"
    repository: str
    record_id: str


class PublishWanted(Value):
    """A draft is about to be published: without a `PublishSeen` after it, nobody knows whether it was.

    `said` is the payload as the source has it, also where a field stays as somebody edited it; `community` the one
    that is asked to review it first, "" for none.
    """

    kind: Literal["publish wanted"] = "publish wanted"
    repository: str
    record_id: str
    version_index: int
    said: JsonObject
    community: str = ""


class PublishSeen(Value):
    """The record was read as published."""

    kind: Literal["publish seen"] = "publish seen"
    repository: str
    record_id: str
    url: str
    version_index: int


class RecordFound(Value):
    """The recid's record was found in the repository, published, and the journal told nothing of it.

    It was lost, or it is of another installation: no run is known to have published the record.
    """

    kind: Literal["record found"] = "record found"
    repository: str
    record_id: str
    url: str
    version_index: int


class ReviewAsked(Value):
    """A community was asked to take the draft."""

    kind: Literal["review asked"] = "review asked"
    repository: str
    record_id: str
    community: str
    request_id: str


class InclusionWanted(Value):
    """A further community is about to be asked: without an `InclusionAsked` after it, the answer may have been lost."""

    kind: Literal["inclusion wanted"] = "inclusion wanted"
    repository: str
    record_id: str
    community: str


class InclusionAsked(Value):
    """A further community was asked to take the published record."""

    kind: Literal["inclusion asked"] = "inclusion asked"
    repository: str
    record_id: str
    community: str
    request_id: str


class StagingAsked(Value):
    """Files were asked back from tape; `ticket` is the storage's name for the request, "" if it gives none."""

    kind: Literal["staging asked"] = "staging asked"
    ticket: str
    paths: tuple[str, ...]


class TransferBegun(Value):
    """Bytes of a large file are being written; what an interruption leaves of them is gone on with."""

    kind: Literal["transfer begun"] = "transfer begun"
    path: str
    size_bytes: int


Verdict = Literal["bad transfer", "bad entry", "unsteady bytes"]
"""What a second reading told: it was right; it was as wrong as the first; or wrong in another way."""


class Quarantined(Value):
    """The bytes of a file were not the declared ones; they were read again, and `path` is where wrong ones are kept.

    `declared` and the two `readings` are checksums of one algorithm.
    """

    kind: Literal["quarantined"] = "quarantined"
    path: str
    uri: str
    declared: str
    readings: tuple[str, str]
    verdict: Verdict


class PartsBegun(Value):
    """A file of a draft is about to be announced, to be sent in parts; parts of earlier attempts do not count."""

    kind: Literal["parts begun"] = "parts begun"
    repository: str
    record_id: str
    key: str
    size_bytes: int
    md5: str
    part_bytes: int


class PartSent(Value):
    """The repository took a part, by its number from 1, of a file of a draft."""

    kind: Literal["part sent"] = "part sent"
    repository: str
    record_id: str
    key: str
    number: int


class FetchBegun(Value):
    """A file of a draft is about to be announced, to be fetched by the repository itself."""

    kind: Literal["fetch begun"] = "fetch begun"
    repository: str
    record_id: str
    key: str


class StreamChosen(Value):
    """A file of a draft that was to come in parts, or to be fetched, is about to be sent in one stream instead."""

    kind: Literal["stream chosen"] = "stream chosen"
    repository: str
    record_id: str
    key: str
    reason: str


class Missed(Value):
    """The source did not know the record, which it had shown before."""

    kind: Literal["missed"] = "missed"


class SeenAgain(Value):
    """The source shows the record again."""

    kind: Literal["seen again"] = "seen again"


class WithdrawalWanted(Value):
    """The source withdrew the record, and it is about to be withdrawn in the repository."""

    kind: Literal["withdrawal wanted"] = "withdrawal wanted"
    repository: str
    record_id: str


class WithdrawalSeen(Value):
    """The repository does not show the record any more."""

    kind: Literal["withdrawal seen"] = "withdrawal seen"
    repository: str
    record_id: str


UndoAction = Literal["delete draft", "give up edit", "put back", "withdraw", "take back request"]


class UndoWanted(Value):
    """What a run did to a record is about to be undone; `of_run` is that run's id.

    `request_id` is that of a request to a community, "" where it is none.
    """

    kind: Literal["undo wanted"] = "undo wanted"
    repository: str
    record_id: str
    action: UndoAction
    of_run: str
    request_id: str = ""


class UndoDone(Value):
    """It was undone."""

    kind: Literal["undo done"] = "undo done"
    repository: str
    record_id: str
    action: UndoAction
    of_run: str
    request_id: str = ""


type Happening = (
    DraftWanted
    | DraftMade
    | DraftRefused
    | DraftsDiscarded
    | EditWanted
    | VersionWanted
    | PublishWanted
    | PublishSeen
    | RecordFound
    | ReviewAsked
    | InclusionWanted
    | InclusionAsked
    | StagingAsked
    | TransferBegun
    | Quarantined
    | PartsBegun
    | PartSent
    | FetchBegun
    | StreamChosen
    | Missed
    | SeenAgain
    | WithdrawalWanted
    | WithdrawalSeen
    | UndoWanted
    | UndoDone
)


class JournalEntry(Value):
    """Something that happened, when (seconds since 1970, UTC), and in which run, "" for none."""

    at: float
    run_id: str = ""
    what: Annotated[Happening, Field(discriminator="kind")]
