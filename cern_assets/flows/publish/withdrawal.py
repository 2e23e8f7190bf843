"""What becomes of what the repository has of a record that is not carried any more.

Of one that the source withdrew, a published copy is told of, and withdrawn by policy. Of one that is left out, only
what was begun and not published is discarded: leaving out says nothing about a copy that is published.
"""

from collections.abc import Sequence

from cern_assets.errors import CernAssetsError, DepositRefusedError
from cern_assets.flows.publish.begun import discarded
from cern_assets.flows.publish.fenced import holding
from cern_assets.flows.stages import Context
from cern_assets.model.findings import Finding, Severity
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import PublishSeen, PublishWanted, WithdrawalSeen, WithdrawalWanted
from cern_assets.model.publications import Published, Receipt
from cern_assets.ports import Repository

_STAGE = "published_record"
_REASON, _NOTE = "take-down-request", "The source withdrew the record that this is a copy of."


def findings(context: Context, recid: Recid) -> tuple[Finding, ...]:
    """What becomes of what the repository has of a record that the source withdrew; nothing where there is nothing.

    What was begun and not published is discarded; of a published copy the collection's policy decides. A repository
    that cannot be asked, or refuses, is a finding too: the source's word stands without it.
    """
    receipt = context.adapters.documents.read(context.collection.name, _STAGE, recid, Receipt)
    repository = context.adapters.repository
    known = receipt.body if receipt and receipt.body.repository == repository.url else None
    told: tuple[Finding, ...] = ()
    try:
        ids, told = discarded(context, recid, "The source withdrew the record")
        copies = _published_copies(context, recid, [*([known.record_id] if known else []), *ids])
        if not copies:
            return told
        record = copies[-1]
        if context.collection.withdrawn == "keep":
            kept = "The source withdrew it; the copy stays."
            return (*told, _told("withdrawn-at-source", "warning", record.url, kept))
        _withdraw(context, recid, copies)
    except CernAssetsError as error:
        where = known.url if known else error.uri or repository.url
        return (*told, _told("not-withdrawn-in-target", "warning", where, f"What is there stays: {error}"))
    gone = "The source withdrew it, and a tombstone is there now."
    return (*told, _told("withdrawn-in-target", "note", record.url, gone))


def findings_of_left_out(context: Context, recid: Recid) -> tuple[Finding, ...]:
    """What was begun in the repository for a record that is left out now: discarded; nothing where nothing was."""
    try:
        _, told = discarded(context, recid, "The record is left out")
    except CernAssetsError as error:
        where = error.uri or context.adapters.repository.url
        return (_told("draft-not-discarded", "warning", where, f"What was begun stays until the next run: {error}"),)
    return told


def _published_copies(context: Context, recid: Recid, record_ids: Sequence[str]) -> list[Published]:
    """What is published under these ids; of a record that is to be withdrawn, all versions that we know, in order.

    A version for itself is withdrawn: without the latest, the one before it would be shown. One that a run published
    and died over was never seen, so that those that were to be published are looked for, too.
    """
    repository, ids = context.adapters.repository, list(record_ids)
    if context.collection.withdrawn == "tombstone":
        noted = (entry.what for entry in context.adapters.journal.entries(context.collection.name, recid))
        published = (each for each in noted if isinstance(each, PublishWanted | PublishSeen))
        ids += [each.record_id for each in published if each.repository == repository.url]
    records = (repository.read_published(record_id) for record_id in dict.fromkeys(ids))
    return sorted((each for each in records if each is not None), key=lambda record: record.version_index)


def withdraw_surely(repository: Repository, record: Published, *, reason: str, note: str) -> None:
    """Withdraw a record, and read that it is gone.

    Raises:
        CredentialsRefusedError: the depositor may not.
        DepositRefusedError: it is still there.
    """
    repository.withdraw(record, reason=reason, note=note)
    if repository.read_published(record.record_id) is not None:
        raise DepositRefusedError(
            "The repository still shows a record that was withdrawn.", uri=record.url, remedy="Ask its administrators."
        )


def _withdraw(context: Context, recid: Recid, copies: Sequence[Published]) -> None:
    """Withdraw versions, the latest last: as long as it is there, no earlier one is shown in its place."""
    with holding(context, recid) as held:
        journal, name, url = held.adapters.journal, held.collection.name, held.adapters.repository.url
        journal.note(name, recid, *(WithdrawalWanted(repository=url, record_id=each.record_id) for each in copies))
        for each in copies:
            withdraw_surely(held.adapters.repository, each, reason=_REASON, note=_NOTE)
        journal.note(name, recid, *(WithdrawalSeen(repository=url, record_id=each.record_id) for each in copies))


def _told(code: str, severity: Severity, url: str, message: str) -> Finding:
    return Finding(code=code, severity=severity, field="", value=url, message=message)
