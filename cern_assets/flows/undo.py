"""Undoing what a run did to records of the repository, as far as the journal says what that was."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cern_assets.errors import CredentialsRefusedError, DepositRefusedError
from cern_assets.flows.publish.communities import asked_before, shown_request
from cern_assets.flows.publish.fenced import holding
from cern_assets.flows.publish.giving_up import give_up
from cern_assets.flows.publish.withdrawal import withdraw_surely
from cern_assets.flows.stages import Context
from cern_assets.metadata.merging import merge
from cern_assets.model.collections import EditPolicy
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import (
    DraftMade,
    DraftsDiscarded,
    EditWanted,
    Happening,
    InclusionAsked,
    InclusionWanted,
    JournalEntry,
    PublishSeen,
    PublishWanted,
    ReviewAsked,
    UndoAction,
    UndoDone,
    UndoWanted,
    VersionWanted,
)
from cern_assets.model.publications import Draft, Review
from cern_assets.model.values import JsonObject
from cern_assets.ports import Repository

_LOST_VERSION = "a version whose answer was lost"
_REASON, _NOTE = "retracted", "The run of cern-assets that published this record was undone."


@dataclass(frozen=True)
class Step:
    """Something of a run that can be undone.

    For `put back`, `before` is what the record said before the run and `said` what the run published. With
    `next_version`, it is about a draft of the version after `record_id`, which was asked for and whose answer was lost.
    A request that is taken back is one to a `community`: for the review of the draft, or, with `published`, to take a
    published record; `withdrawn` where the plan withdraws that, too. `blocked` says why it is not done, "" if it is.
    """

    recid: Recid
    record_id: str
    action: UndoAction
    before: JsonObject | None = None
    said: JsonObject | None = None
    next_version: bool = False
    community: str = ""
    published: bool = False
    withdrawn: bool = False
    blocked: str = ""

    @property
    def words(self) -> str:
        """The action, as people read it."""
        if self.community:
            return f"{self.action} to the community {self.community}"
        return f"{self.action} of the next version" if self.next_version else self.action


@dataclass(frozen=True)
class Undone:
    """What became of a step: `done`, `nothing to do`, `refused`, or `blocked`, with the reason."""

    step: Step
    status: str
    reason: str = ""


def undo_plan(context: Context, run_id: str) -> Iterator[Step]:
    """The steps that undo a run in a collection, latest first in each record; nothing is written.

    Raises:
        StorageUnavailableError, TransferInterruptedError, CredentialsRefusedError: the journal cannot be read.
    """
    journal, name = context.adapters.journal, context.collection.name
    for recid in journal.recids_of_run(name, run_id):
        repository = context.adapters.repository
        yield from steps_of(recid, settled(repository, journal.entries(name, recid)), run_id, repository.url)


def settled(repository: Repository, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """The entries, and what reading tells of publications over which a run died before it could note them."""
    unknown: dict[str, tuple[JournalEntry, PublishWanted]] = {}
    for entry in entries:
        what = entry.what
        if isinstance(what, PublishWanted) and what.repository == repository.url:
            unknown[what.record_id] = (entry, what)
        elif isinstance(what, PublishSeen):
            unknown.pop(what.record_id, None)
    found = list(entries)
    for entry, what in unknown.values():
        record = repository.read_published(what.record_id)
        if record is not None and repository.read_draft(what.record_id) is None:
            about = {"repository": repository.url, "record_id": what.record_id, "version_index": record.version_index}
            found.append(entry.model_copy(update={"what": PublishSeen(**about, url=record.url)}))
    return found


def steps_of(recid: Recid, entries: Sequence[JournalEntry], run_id: str, repository: str) -> list[Step]:
    """The steps of one recid: what the run made, changed or published, unless a later run went on with it."""
    steps: dict[str, Step] = {}
    published_by: dict[str, str] = {}
    said: dict[str, JsonObject] = {}
    for entry in (each for each in entries if getattr(each.what, "repository", None) == repository):
        what, ours = entry.what, entry.run_id == run_id
        if ours:
            steps |= _request_steps(recid, what)
        if isinstance(what, VersionWanted | DraftMade | DraftsDiscarded):
            steps.pop(_LOST_VERSION, None)
        if isinstance(what, VersionWanted) and ours:
            steps[_LOST_VERSION] = Step(recid, what.record_id, "delete draft", next_version=True)
        elif isinstance(what, DraftMade) and ours:
            steps[what.record_id] = Step(recid, what.record_id, "delete draft")
        elif isinstance(what, EditWanted) and ours and what.record_id not in steps:
            steps[what.record_id] = Step(recid, what.record_id, "give up edit", before=what.before)
        elif isinstance(what, PublishWanted) and ours:
            said[what.record_id] = what.said
        elif isinstance(what, PublishSeen):
            steps.pop(f"{what.record_id} in review", None)
            if ours and what.record_id not in published_by and what.record_id not in steps:
                steps[what.record_id] = Step(recid, what.record_id, "delete draft")  # that an earlier run had made
            published_by[what.record_id] = entry.run_id
    judged = [_judged(step, published_by, said, run_id) for step in reversed(steps.values())]
    withdrawn = {step.record_id for step in judged if step.action == "withdraw"}
    return [replace(step, withdrawn=step.record_id in withdrawn) if step.published else step for step in judged]


def _request_steps(recid: Recid, what: Happening) -> dict[str, Step]:
    """The request to a community that was made, or may have been, by what it is about."""
    if not isinstance(what, PublishWanted | ReviewAsked | InclusionWanted | InclusionAsked) or not what.community:
        return {}
    step = Step(recid, what.record_id, "take back request", community=what.community)
    if isinstance(what, PublishWanted | ReviewAsked):
        return {f"{what.record_id} in review": step}
    return {f"{what.record_id} into {what.community}": replace(step, published=True)}


def _judged(step: Step, published_by: Mapping[str, str], said: Mapping[str, JsonObject], run_id: str) -> Step:
    """The step for what was published meanwhile; what a later run published is not taken from under it."""
    if step.next_version or step.community:
        return step
    last = published_by.get(step.record_id)
    if step.action == "give up edit" and last is not None and step.record_id in said:
        step = replace(step, action="put back", said=said[step.record_id])
    elif step.action == "delete draft" and last is not None:
        step = replace(step, action="withdraw")
    later = last not in (None, run_id) and step.action in ("put back", "withdraw")
    return replace(step, blocked=f"published again by the run {last or 'of an undo'}") if later else step


def undo(context: Context, step: Step, run_id: str) -> Undone:
    """Do one step, under the recid's lease, noted before and after; one that is done already writes nothing.

    Raises:
        RecordHeldError: another process is publishing the record.
        RepositoryUnavailableError, StorageUnavailableError: it may be done or not; run it again.
    """
    if step.blocked:
        return Undone(step, "blocked", step.blocked)
    with holding(context, step.recid) as held:
        about = {"repository": held.adapters.repository.url, "record_id": step.record_id, "of_run": run_id}
        if step.community:
            request = _request_of(held, step)
            if request is not None and request.status == "accepted" and step.published and not step.withdrawn:
                return Undone(step, "blocked", f"the community took the record (request {request.request_id})")
            if request is None or request.status != "waiting":
                return Undone(step, "nothing to do")
            about["request_id"] = request.request_id
        elif not _is_to_do(held, step):
            return Undone(step, "nothing to do")
        journal, name = held.adapters.journal, held.collection.name
        journal.note(name, step.recid, UndoWanted(**about, action=step.action))
        try:
            _do(held, step, about.get("request_id", ""))
        except (DepositRefusedError, CredentialsRefusedError) as error:
            return Undone(step, "refused", str(error))
        journal.note(name, step.recid, UndoDone(**about, action=step.action))
        return Undone(step, "done")


def _is_to_do(context: Context, step: Step) -> bool:
    """Whether the repository still holds what is to be undone: reading, not the journal, says so."""
    repository = context.adapters.repository
    if step.action == "withdraw":
        return repository.read_published(step.record_id) is not None
    if step.action == "put back":
        return _put_back(context, step) is not None
    return _draft(context, step) is not None


def _request_of(context: Context, step: Step) -> Review | None:
    """The request that a step is about, as the repository has it; a published record's that was lost, by its search."""
    repository, url = context.adapters.repository, context.adapters.repository.url
    if not step.published:
        draft = repository.read_draft(step.record_id)
        return None if draft is None else repository.review(draft)
    record = repository.read_published(step.record_id)
    if record is None:
        return None
    asked, lost = asked_before(context.adapters.journal.entries(context.collection.name, step.recid), url, record)
    if step.community in asked:
        return repository.request(asked[step.community].request_id)
    if step.community not in lost:
        return None
    wanted, since = lost[step.community]
    return shown_request(context, wanted, since=since)


def _draft(context: Context, step: Step) -> Draft | None:
    """The draft that a step is about; one of a next version by what the search shows of the depositor's own."""
    repository = context.adapters.repository
    if not step.next_version:
        return repository.read_draft(step.record_id)
    record = repository.read_published(step.record_id)
    if record is None:
        return None
    found = repository.find(context.adapters.crosswalk.identifier(step.recid)).own
    newer = (each for each in found if isinstance(each, Draft) and each.parent_id == record.parent_id)
    ids = [each.record_id for each in newer if each.version_index > record.version_index]
    return repository.read_draft(ids[0]) if ids else None


def _do(context: Context, step: Step, request_id: str) -> None:
    repository = context.adapters.repository
    if request_id:
        repository.cancel(request_id)
    elif step.action == "withdraw":
        record = repository.read_published(step.record_id)
        if record is not None:
            withdraw_surely(repository, record, reason=_REASON, note=_NOTE)
    elif step.action == "put back":
        payload = _put_back(context, step)
        if payload is not None:
            _published_again(context, step, payload)
    else:
        draft = _draft(context, step)
        if draft is not None:
            give_up(repository, draft)


def _put_back(context: Context, step: Step) -> JsonObject | None:
    """What the record said before the run, with what people edited since; None if it says that already."""
    record = context.adapters.repository.read_published(step.record_id)
    if record is None or step.before is None:
        return None
    merged = merge(step.before, record.payload, [step.said] if step.said else [], EditPolicy())
    return merged.payload if merged.differs else None


def _published_again(context: Context, step: Step, payload: JsonObject) -> None:
    repository, journal, name = context.adapters.repository, context.adapters.journal, context.collection.name
    draft = repository.edit(step.record_id)
    whole = {**draft.payload, **payload}
    draft = repository.update_draft(step.record_id, whole)
    noted = {"repository": repository.url, "record_id": step.record_id, "version_index": draft.version_index}
    journal.note(name, step.recid, PublishWanted(**noted, said=step.before or {}))
    published = repository.publish(draft)
    journal.note(name, step.recid, PublishSeen(**noted, url=published.url))
