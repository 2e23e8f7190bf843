"""A community's review of a record that begins in it: asked for once, waited for, and heeded."""

from collections.abc import Sequence

from cern_assets.documents.journal import latest
from cern_assets.errors import DepositRefusedError, RepositoryUnavailableError, WaitingError
from cern_assets.flows.publish.dois import telling_taken
from cern_assets.flows.publish.said import last_said
from cern_assets.flows.stages import Context, Task
from cern_assets.model.journal import JournalEntry, ReviewAsked, UndoDone
from cern_assets.model.publications import Draft, Published, Review
from cern_assets.model.values import JsonObject


def heed_review(
    context: Context, task: Task, draft: Draft, *, said: JsonObject, entries: Sequence[JournalEntry]
) -> None:
    """Go on only with a draft that no community looks at, nor has refused as it would be now.

    One that lies before a community is the community's: it is not changed under its reviewers' eyes. One that was
    refused is not put before it again until the deposit says something else.

    Raises:
        WaitingError: somebody of the community has to accept it.
        DepositRefusedError: it was refused.
    """
    repository, community = context.adapters.repository, context.collection.community
    if community is None:
        return
    review, asked = repository.review(draft), _last_asked(entries, repository.url, draft)
    if review is not None and review.status == "waiting":
        if asked is None or asked.request_id != review.request_id:  # the answer was lost
            _note_asked(context, task, draft, community, review)
        raise _in_review(context, draft, review)
    if asked is None:
        return
    if asked.community == community and said in last_said(entries, repository.url)[-1:]:
        # The draft may not tell any more what became of its review; the request does.
        answered = repository.request(asked.request_id)
        if answered is not None and answered.status == "refused":
            raise _refused(draft, community, answered)


def through_the_community(context: Context, task: Task, draft: Draft, community: str) -> Published:
    """A record that begins in a community is published through the community's review.

    Raises:
        WaitingError: somebody of the community has to accept it.
        DepositRefusedError: it was refused.
        DoiTakenError: another record has the DOI.
    """
    repository = context.adapters.repository
    with telling_taken(draft):  # a community that takes it at once publishes it at once
        review = repository.submit_review(draft, community)
    _note_asked(context, task, draft, community, review)
    if review.status == "waiting":
        raise _in_review(context, draft, review)
    if review.status == "refused":
        raise _refused(draft, community, review)
    published = repository.read_published(draft.record_id)
    if published is None:
        raise RepositoryUnavailableError(f"The community {community} took {draft.url}, and it is not published.")
    return published


def _last_asked(entries: Sequence[JournalEntry], repository: str, draft: Draft) -> ReviewAsked | None:
    """The review that was last asked for, if it is of this draft and was not taken back."""
    last = latest(entries, ReviewAsked)
    asked = last.what if last else None
    if not isinstance(asked, ReviewAsked) or (asked.repository, asked.record_id) != (repository, draft.record_id):
        return None
    taken_back = (entry.what for entry in entries if isinstance(entry.what, UndoDone))
    return None if any(undone.request_id == asked.request_id for undone in taken_back) else asked


def _note_asked(context: Context, task: Task, draft: Draft, community: str, review: Review) -> None:
    asked = ReviewAsked(
        repository=context.adapters.repository.url,
        record_id=draft.record_id,
        community=community,
        request_id=review.request_id,
    )
    context.adapters.journal.note(context.collection.name, task.recid, asked)


def _in_review(context: Context, draft: Draft, review: Review) -> WaitingError:
    return WaitingError(
        f"The community {context.collection.community} has to take the record.",
        ticket=review.request_id,
        uri=draft.url,
        remedy="Have a curator of the community accept it, then run this recid again.",
    )


def _refused(draft: Draft, community: str, review: Review) -> DepositRefusedError:
    return DepositRefusedError(
        f"The community {community} refused the record (request {review.request_id}).",
        uri=draft.url,
        remedy="Its curators say why, in the request. Once the deposit says something else, it is put before them "
        "again; or leave the recid out.",
    )
