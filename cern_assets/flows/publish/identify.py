"""Which record or draft of the repository is a recid's own: by the journal, by the receipt, or by the identifier."""

import time

from cern_assets.documents.journal import latest
from cern_assets.errors import PublicationConflictError
from cern_assets.flows.cancellation import pause
from cern_assets.flows.stages import Context, Task
from cern_assets.model.journal import DraftMade, DraftWanted, JournalEntry
from cern_assets.model.publications import Draft, Published, Receipt, RemoteRecord
from cern_assets.model.values import JsonObject

_SEARCH_LAG_SECONDS = 5.0
"""How long after a draft was asked for a search may not show it; about a second on InvenioRDM 14."""


def existing(context: Context, task: Task) -> RemoteRecord | None:
    """The record that an earlier attempt made, None if there was none.

    Raises:
        PublicationConflictError: the repository holds several published records with this recid.
    """
    entries = context.adapters.journal.entries(context.collection.name, task.recid)
    for record_id in _known_ids(context, task, entries):
        record = _read(context, record_id)
        if record is not None:
            return record
    _wait_for_the_search(context, entries)
    found = context.adapters.repository.find(context.adapters.crosswalk.identifier(task.recid))
    published = [record for record in found if isinstance(record, Published)]
    _refuse_several(context, task, published)
    drafts = [record for record in found if isinstance(record, Draft)]
    if not published and not drafts:
        return None
    own, spare = (published[0], drafts) if published else (drafts[0], drafts[1:])
    for draft in spare:
        # Of attempts whose answer was lost: nobody would ever publish them. A draft of a later version has a reason.
        if draft.version_index == 1:
            context.adapters.repository.delete_draft(draft)
    if isinstance(own, Draft):
        note_draft(context, task, own)
    return own


def new_draft(context: Context, task: Task, deposit: JsonObject) -> Draft:
    """A draft for a recid that has none; that it is wanted is noted before it is asked for."""
    wanted = DraftWanted(
        repository=context.adapters.repository.url, identifier=context.adapters.crosswalk.identifier(task.recid)
    )
    context.adapters.journal.note(context.collection.name, task.recid, wanted)
    draft = context.adapters.repository.create_draft(deposit)
    note_draft(context, task, draft)
    return draft


def note_draft(context: Context, task: Task, draft: Draft) -> None:
    """Note a draft of the recid's own, before anything is done with it."""
    made = DraftMade(
        repository=context.adapters.repository.url,
        record_id=draft.record_id,
        url=draft.url,
        version_index=draft.version_index,
    )
    context.adapters.journal.note(context.collection.name, task.recid, made)


def _known_ids(context: Context, task: Task, entries: tuple[JournalEntry, ...]) -> list[str]:
    """Ids of this repository that we wrote down, the likeliest first: a draft may be of a later version."""
    here = context.adapters.repository.url
    made = latest(entries, DraftMade)
    noted = made.what if made else None
    known = [noted if isinstance(noted, DraftMade) else None, task.previous_body(Receipt)]
    return list(dict.fromkeys(entry.record_id for entry in known if entry and entry.repository == here))


def _read(context: Context, record_id: str) -> RemoteRecord | None:
    repository = context.adapters.repository
    return repository.read_published(record_id) or repository.read_draft(record_id)


def _wait_for_the_search(context: Context, entries: tuple[JournalEntry, ...]) -> None:
    """A draft whose answer was lost a moment ago is there, and the search does not show it yet."""
    last = latest(entries, DraftWanted, DraftMade)
    if (
        last is None
        or not isinstance(last.what, DraftWanted)
        or last.what.repository != context.adapters.repository.url
    ):
        return
    left = last.at + _SEARCH_LAG_SECONDS - time.time()
    if 0 < left <= _SEARCH_LAG_SECONDS:
        pause(left)


def _refuse_several(context: Context, task: Task, published: list[Published]) -> None:
    if len(published) > 1:
        identifier = context.adapters.crosswalk.identifier(task.recid)
        raise PublicationConflictError(
            f"The repository holds {len(published)} published records with the identifier {identifier}: "
            f"{', '.join(record.url for record in published)}.",
            remedy="Keep one of them, and have the others deleted.",
        )
