"""Which record or draft of the repository is a recid's own: by the journal, by the receipt, and by the identifier."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from cern_assets.documents.journal import latest
from cern_assets.errors import CredentialsRefusedError, DepositRefusedError, PublicationConflictError, WaitingError
from cern_assets.flows.cancellation import pause
from cern_assets.flows.publish.giving_up import give_up
from cern_assets.flows.publish.others import strangers, trusted
from cern_assets.flows.stages import Context, Task
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import (
    DraftMade,
    DraftRefused,
    DraftsDiscarded,
    DraftWanted,
    Happening,
    JournalEntry,
    PublishWanted,
)
from cern_assets.model.publications import Draft, Published, Receipt, RemoteRecord, Sought
from cern_assets.model.values import JsonObject

_AGAIN_SECONDS = 0.5
_COMES_UP_SECONDS = 3600.0
"""How long after it was asked for a draft may come up that was not there: a request in a queue, an index that lags."""

_LONGEST_WAIT_SECONDS = 10.0
"""For a search that lags more, the recid waits, and not a worker."""


@dataclass(frozen=True)
class Own:
    """A recid's own record or draft, None if there is none yet, and what else was found under its identifier.

    `sharing` are records that have its DOI and not its identifier.
    """

    record: RemoteRecord | None
    findings: tuple[Finding, ...] = ()
    sharing: tuple[Published, ...] = ()


def own_record(context: Context, task: Task, entries: Sequence[JournalEntry], *, doi: str | None = None) -> Own:
    """What an earlier attempt made, of whatever process; spare drafts of attempts whose answers were lost are deleted.

    Raises:
        PublicationConflictError: the repository holds several published records, and nothing says which is ours.
        WaitingError: a draft was asked for, its answer was lost, and the search may not show it yet.
    """
    known = _known(context, task, entries)
    sought = found_here(context, task.recid, entries, known, doi=doi)
    community = context.collection.community
    found = (*sought.own, *(record for record in sought.others if trusted(record, community)))
    published = _by_parent([record for record in found if isinstance(record, Published)])
    own: RemoteRecord | None = known
    if not isinstance(own, Published) and not (isinstance(own, Draft) and own.parent_id in published):
        # A draft of ours that was never published gives way to a record that was: somebody made both.
        only = _only(context, task, published)
        own = (only and context.adapters.repository.read_published(only.record_id)) or own
    drafts = [record for record in found if isinstance(record, Draft)]
    if own is None and drafts:
        own = drafts[0]
    _delete_spare(context, [*drafts, *([known] if isinstance(known, Draft) else [])], own)
    if isinstance(own, Draft) and own != known:
        note_draft(context, task, own)
    duplicates = tuple(_duplicate(own, other) for other in published.values() if own and _is_other(own, other))
    foreign = [other for other in sought.others if not trusted(other, community) and _is_other(own, other)]
    return Own(own, (*duplicates, *strangers(foreign)), sought.sharing)


def new_draft(context: Context, task: Task, deposit: JsonObject) -> Draft:
    """A draft for a recid that has none, and that it is to say the deposit; that it is wanted is noted before."""
    repository, journal = context.adapters.repository, context.adapters.journal
    wanted = DraftWanted(repository=repository.url, identifier=context.adapters.crosswalk.identifier(task.recid))
    journal.note(context.collection.name, task.recid, wanted)
    try:
        draft = repository.create_draft(deposit)
    except (DepositRefusedError, CredentialsRefusedError):
        journal.note(context.collection.name, task.recid, DraftRefused(repository=repository.url))
        raise
    note_draft(context, task, draft, said=deposit)
    return draft


def note_draft(context: Context, task: Task, draft: Draft, *, said: JsonObject | None = None) -> None:
    """Note a draft of the recid's own, before anything is done with it, and what is about to be published of it."""
    of_draft = {
        "repository": context.adapters.repository.url,
        "record_id": draft.record_id,
        "version_index": draft.version_index,
    }
    happened: list[Happening] = [DraftMade(**of_draft, url=draft.url)]
    if said is not None:
        happened.append(PublishWanted(**of_draft, said=said, community=reviewed_by(context, draft)))
    context.adapters.journal.note(context.collection.name, task.recid, *happened)


def reviewed_by(context: Context, draft: Draft) -> str:
    """The community through whose review a draft is published, "" for none."""
    community = context.collection.community
    return "" if community is None or draft.is_edit or draft.in_community else community


def _known(context: Context, task: Task, entries: Sequence[JournalEntry]) -> RemoteRecord | None:
    """The record of an id that we wrote down, the likeliest first: a draft may be of a later version."""
    repository = context.adapters.repository
    made = latest(entries, DraftMade)
    noted = made.what if made else None
    written = [noted if isinstance(noted, DraftMade) else None, task.previous_body(Receipt)]
    ids = dict.fromkeys(entry.record_id for entry in written if entry and entry.repository == repository.url)
    for record_id in ids:
        record = repository.read_published(record_id) or repository.read_draft(record_id)
        if record is not None:
            return record
    return None


def found_here(
    context: Context,
    recid: Recid,
    entries: Sequence[JournalEntry],
    known: RemoteRecord | None = None,
    *,
    doi: str | None = None,
) -> Sought:
    """What the search shows; after a draft whose answer was lost, asked again until the search must have caught up.

    Raises:
        WaitingError: that takes longer than a worker should wait.
    """
    identifier = context.adapters.crosswalk.identifier(recid)
    until = 0.0 if known else _lost_answer(context, entries) + context.shared.search_lag_seconds
    patient_until = time.time() + _LONGEST_WAIT_SECONDS
    while True:
        found = context.adapters.repository.find(identifier, doi=doi)
        left = until - time.time()
        if found.own or not 0 < left <= context.shared.search_lag_seconds:
            return found
        if time.time() > patient_until:
            raise WaitingError(
                "A draft was asked for and its answer was lost; the repository's search may not show it yet.",
                remedy=f"Run the recid again in {left:.0f} s.",
            )
        pause(min(left, _AGAIN_SECONDS))


def look_until(context: Context, entries: Sequence[JournalEntry]) -> float | None:
    """Until when a draft may come up whose creation answer was lost; None if it cannot any more."""
    lost = _lost_answer(context, entries)
    return lost + _COMES_UP_SECONDS if lost and time.time() < lost + _COMES_UP_SECONDS else None


def _lost_answer(context: Context, entries: Sequence[JournalEntry]) -> float:
    """When a draft was last asked for here of which nobody knows what became; 0 if there is none such."""
    lost, open_since = 0.0, 0.0
    for entry in entries:
        what = entry.what
        if isinstance(what, DraftWanted) and what.repository == context.adapters.repository.url:
            lost, open_since = open_since or lost, entry.at
        elif isinstance(what, (DraftMade, DraftRefused)):
            open_since = 0.0
        elif isinstance(what, DraftsDiscarded) and what.repository == context.adapters.repository.url:
            lost, open_since = 0.0, 0.0
    return open_since or lost


def _by_parent(records: Sequence[Published]) -> dict[str, Published]:
    """One of each record; versions of one record are no two records."""
    return {record.parent_id: record for record in reversed(records)}


def _only(context: Context, task: Task, published: dict[str, Published]) -> Published | None:
    if len(published) > 1:
        raise PublicationConflictError(
            f"The repository holds {len(published)} published records with the identifier "
            f"{context.adapters.crosswalk.identifier(task.recid)}: "
            f"{', '.join(record.url for record in published.values())}.",
            remedy="Keep one of them, and have the others deleted.",
        )
    return next(iter(published.values()), None)


def _delete_spare(context: Context, drafts: Sequence[Draft], own: RemoteRecord | None) -> None:
    """Delete drafts that nobody would ever publish; one of a later version has a reason."""
    for draft in {draft.record_id: draft for draft in drafts}.values():
        if draft.version_index == 1 and not draft.is_edit and own is not None and draft.record_id != own.record_id:
            give_up(context.adapters.repository, draft)


def _is_other(own: RemoteRecord | None, record: Published) -> bool:
    return own is None or record.parent_id != own.parent_id


def _duplicate(own: RemoteRecord, other: Published) -> Finding:
    return Finding(
        code="published-twice",
        severity="warning",
        field="metadata.identifiers",
        value=other.url,
        message=f"The repository holds this record twice: {own.url} is kept up to date, {other.url} is not. "
        "Have the other one deleted.",
    )
