"""Several communities of one record: it begins in the first, and the others are asked once it is published.

InvenioRDM publishes a draft through the review of one community. Each further one gets a request of its own, which a
published record does not wait for.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cern_assets.errors import ConfigurationError, DepositRefusedError, WaitingError
from cern_assets.flows.cancellation import pause
from cern_assets.flows.stages import Context, Task
from cern_assets.model.findings import Finding
from cern_assets.model.journal import DraftMade, InclusionAsked, InclusionWanted, JournalEntry, UndoDone
from cern_assets.model.publications import Published, Review
from cern_assets.ports import Repository

_AGAIN_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 10.0
"""For a search that lags more, the recid waits, and not a worker."""

_ASKED, _NOT_ASKED = "community-asked", "community-not-asked"


def beginning_in(context: Context, communities: Sequence[str]) -> Context:
    """The context of a record that is published through the first of its communities, unless the collection has one."""
    if context.collection.community is not None or not communities:
        return context
    return replace(context, collection=context.collection.model_copy(update={"community": communities[0]}))


def further_asked(
    context: Context, task: Task, record: Published, communities: Sequence[str], *, entries: Sequence[JournalEntry]
) -> tuple[Finding, ...]:
    """Ask the communities that do not have the record yet, each once; a finding for each that has still to take it.

    That one is to be asked is noted before; where its answer was lost, the repository's list of requests settles it.
    A refusal is a finding, too: the record is published, and only the community's people can help.

    Raises:
        WaitingError: an answer was lost, and the repository's search may not show the request yet.
    """
    repository, journal, name = context.adapters.repository, context.adapters.journal, context.collection.name
    if any(community not in record.communities for community in communities):
        # What publishing answers names communities by id alone.
        record = repository.read_published(record.record_id) or record
    missing = [community for community in communities if community not in record.communities]
    asked, lost = asked_before(entries, repository.url, record)
    for community in (each for each in missing if each in lost):
        wanted_before, since = lost[community]
        review = shown_request(context, wanted_before, since=since)
        if review is not None:
            asked[community] = review
            journal.note(name, task.recid, _asked_of(repository.url, record, community, review))
    about = {"repository": repository.url, "record_id": record.record_id}
    wanted = [InclusionWanted(**about, community=community) for community in missing if community not in asked]
    if wanted:
        journal.note(name, task.recid, *wanted)
    findings = []
    for community in missing:
        if community not in asked:
            try:
                asked[community] = _included(repository, record, community)
            except (ConfigurationError, DepositRefusedError) as error:
                findings.append(_finding(_NOT_ASKED, community, error.message))
                continue
            journal.note(name, task.recid, _asked_of(repository.url, record, community, asked[community]))
        if asked[community].status != "accepted":
            request = asked[community].request_id
            message = f"The community {community} was asked to take the record (request {request}), and has not."
            findings.append(_finding(_ASKED, community, message))
    return tuple(findings)


def shown_request(context: Context, wanted: InclusionWanted, *, since: float) -> Review | None:
    """The request to a community of which the answer was lost, asked for `since`, seconds since 1970; None for none.

    The search is asked again until it must have caught up.

    Raises:
        WaitingError: that takes longer than a worker should wait.
    """
    until = since + context.shared.search_lag_seconds
    patient_until = time.time() + _LONGEST_WAIT_SECONDS
    while True:
        review = context.adapters.repository.included(wanted.record_id, wanted.community)
        left = until - time.time()
        if review is not None or not 0 < left <= context.shared.search_lag_seconds:
            return review
        if time.time() > patient_until:
            raise WaitingError(
                f"The community {wanted.community} was asked to take the record {wanted.record_id}, and the answer was "
                "lost; the repository's search may not show the request yet.",
                remedy=f"Run the recid again in {left:.0f} s.",
            )
        pause(min(left, _AGAIN_SECONDS))


def asked_before(
    entries: Sequence[JournalEntry], repository: str, record: Published
) -> tuple[dict[str, Review], dict[str, tuple[InclusionWanted, float]]]:
    """The requests that were made, by community; those of which nobody knows whether they were made, and since when."""
    asked, lost = dict[str, Review](), dict[str, tuple[InclusionWanted, float]]()
    for entry in _about(record, entries, repository):
        what = entry.what
        if isinstance(what, InclusionWanted):
            lost[what.community] = (what, entry.at)
        elif isinstance(what, InclusionAsked):
            asked[what.community] = Review(request_id=what.request_id, status="waiting")
            lost.pop(what.community, None)
        elif isinstance(what, UndoDone) and what.request_id:  # as if it had not been asked
            asked = {community: each for community, each in asked.items() if each.request_id != what.request_id}
    return asked, {community: each for community, each in lost.items() if community not in asked}


def _about(record: Published, entries: Sequence[JournalEntry], repository: str) -> Sequence[JournalEntry]:
    """The entries about a record in all its versions, and about none whose place it took."""
    here = [entry for entry in entries if getattr(entry.what, "repository", None) == repository]
    if record.version_index == 1:
        return [entry for entry in here if getattr(entry.what, "record_id", "") == record.record_id]
    firsts = (isinstance(entry.what, DraftMade) and entry.what.version_index == 1 for entry in here)
    return here[max((number for number, first in enumerate(firsts) if first), default=0) :]


def _included(repository: Repository, record: Published, community: str) -> Review:
    """Ask a community; a request that is open already, whoever made it, is one.

    Raises:
        ConfigurationError: there is no such community.
        DepositRefusedError: it does not take the record, nor is it asked to.
    """
    try:
        return repository.include(record, community)
    except DepositRefusedError:
        review = repository.included(record.record_id, community)
        if review is None or review.status != "waiting":
            raise
        return review


def _asked_of(repository: str, record: Published, community: str, review: Review) -> InclusionAsked:
    return InclusionAsked(
        repository=repository, record_id=record.record_id, community=community, request_id=review.request_id
    )


def still_asked(findings: Iterable[Finding], record: Published) -> tuple[Finding, ...]:
    """Those of the findings of the last time that are still so: the community has not taken the record."""
    return tuple(
        finding
        for finding in findings
        if finding.code in (_ASKED, _NOT_ASKED) and finding.value not in record.communities
    )


def _finding(code: str, community: str, message: str) -> Finding:
    return Finding(
        code=code,
        severity="note" if code == _ASKED else "warning",
        field="communities",
        value=community,
        message=message,
    )
