"""What was begun in the repository for a record that nobody is to publish any more: discarded.

The source withdrew it, or the collection or a steward leaves it out.
"""

from collections.abc import Sequence

from cern_assets.documents.journal import latest
from cern_assets.flows.publish.fenced import holding
from cern_assets.flows.publish.giving_up import give_up
from cern_assets.flows.publish.identify import found_here, look_until
from cern_assets.flows.publish.said import last_said
from cern_assets.flows.stages import Context
from cern_assets.metadata.comparison import differences
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import (
    DraftMade,
    DraftRefused,
    DraftsDiscarded,
    DraftWanted,
    EditWanted,
    JournalEntry,
    PublishSeen,
    PublishWanted,
    VersionWanted,
)
from cern_assets.model.publications import Draft
from cern_assets.ports import Repository


def discarded(context: Context, recid: Recid, why: str) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Ids under which a published copy may be, and what is told of drafts, with `why`; those of ours are deleted.

    Nothing is asked where the journal says that nothing was begun. That all is discarded is noted only when no draft
    can come up any more whose creation answer was lost: until then, each run looks again.

    Raises:
        RecordHeldError: another process works on the recid.
        WaitingError: a draft was asked for, its answer was lost, and the search may not show it yet.
        DepositRefusedError, CredentialsRefusedError, RepositoryUnavailableError: a draft stays.
    """
    if not _is_begun(context, _here(context, recid)):
        return (), ()
    with holding(context, recid) as held:
        entries = _here(held, recid)
        repository = held.adapters.repository
        ours, theirs = _drafts(held, recid, entries)
        for draft in ours:
            give_up(repository, draft)
        if look_until(held, entries) is None:
            gone = DraftsDiscarded(repository=repository.url, record_ids=tuple(draft.record_id for draft in ours))
            held.adapters.journal.note(held.collection.name, recid, gone)
    told = (
        *(_told("draft-discarded", draft, f"{why}: its draft was deleted.") for draft in ours),
        *(_told("draft-of-another", draft, f"{why}; somebody edits it.") for draft in theirs),
    )
    last = latest(entries, DraftMade)
    return ((last.what.record_id,) if last and isinstance(last.what, DraftMade) else ()), told


def _here(context: Context, recid: Recid) -> tuple[JournalEntry, ...]:
    """What was noted of this repository."""
    url = context.adapters.repository.url
    entries = context.adapters.journal.entries(context.collection.name, recid)
    return tuple(entry for entry in entries if getattr(entry.what, "repository", None) == url)


def _is_begun(context: Context, entries: Sequence[JournalEntry]) -> bool:
    begun = (DraftWanted, DraftMade, EditWanted, VersionWanted, PublishWanted)
    last = latest(entries, *begun, DraftRefused, PublishSeen, DraftsDiscarded)
    return (last is not None and isinstance(last.what, begun)) or look_until(context, entries) is not None


def _drafts(context: Context, recid: Recid, entries: Sequence[JournalEntry]) -> tuple[list[Draft], list[Draft]]:
    """Our drafts, and an edit that is not as we left it: somebody went on with it, and it is theirs."""
    repository = context.adapters.repository
    made, edit = latest(entries, DraftMade), latest(entries, EditWanted, PublishSeen, DraftsDiscarded)
    known = _draft(repository, made.what.record_id) if made and isinstance(made.what, DraftMade) else None
    found = found_here(context, recid, entries, known).own
    listed = {record.record_id for record in found if isinstance(record, Draft) and not record.is_edit}
    # What a search shows may be of before: each is read again.
    read = [known, *(_draft(repository, record_id) for record_id in listed - {known.record_id if known else ""})]
    ours = {draft.record_id: draft for draft in read if draft is not None}
    version = latest(entries, VersionWanted, DraftMade, DraftsDiscarded)
    of = version.what.record_id if version is not None and isinstance(version.what, VersionWanted) else None
    if of is not None and repository.read_published(of) is not None:
        # Whether its draft was made is not known, and a search may not show it yet: asking gives the one that is there.
        draft_of_version = repository.new_version(of)
        ours[draft_of_version.record_id] = draft_of_version
    theirs = []
    if edit is not None and isinstance(edit.what, EditWanted):
        draft = repository.read_draft(edit.what.record_id)
        said = (edit.what.before, *last_said(entries, repository.url))
        if draft is not None and any(not differences(each, draft.payload) for each in said):
            ours[draft.record_id] = draft
        elif draft is not None:
            theirs.append(draft)
    return list(ours.values()), theirs


def _draft(repository: Repository, record_id: str) -> Draft | None:
    """A draft that was never published; of a record that is, an edit is somebody's."""
    return None if repository.read_published(record_id) else repository.read_draft(record_id)


def _told(code: str, draft: Draft, message: str) -> Finding:
    return Finding(code=code, severity="note", field="", value=draft.url, message=message)
