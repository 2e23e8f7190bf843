"""Several communities of one record: it begins in the first, and the others are asked once it is published.

InvenioRDM publishes a draft through the review of one community. Each further one gets a request of its own, which a
published record does not wait for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cern_assets.errors import ConfigurationError, DepositRefusedError
from cern_assets.flows.stages import Context, Task
from cern_assets.model.findings import Finding
from cern_assets.model.journal import InclusionAsked, JournalEntry
from cern_assets.model.publications import Published

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

    A refusal is a finding, too: the record is published, and only the community's people can help.
    """
    repository = context.adapters.repository
    if any(community not in record.communities for community in communities):
        # What publishing answers names communities by id alone.
        record = repository.read_published(record.record_id) or record
    asked = {
        entry.what.community: entry.what.request_id
        for entry in entries
        if isinstance(entry.what, InclusionAsked) and entry.what.repository == repository.url
    }
    findings = []
    for community in (each for each in communities if each not in record.communities):
        if community not in asked:
            try:
                review = repository.include(record, community)
            except (ConfigurationError, DepositRefusedError) as error:
                findings.append(_finding(_NOT_ASKED, community, error.message))
                continue
            entry = InclusionAsked(
                repository=repository.url,
                record_id=record.record_id,
                community=community,
                request_id=review.request_id,
            )
            context.adapters.journal.note(context.collection.name, task.recid, entry)
            if review.status == "accepted":
                continue
            asked[community] = review.request_id
        message = f"The community {community} was asked to take the record (request {asked[community]}), and has not."
        findings.append(_finding(_ASKED, community, message))
    return tuple(findings)


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
