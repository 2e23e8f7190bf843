"""A record that the source withdrew and that the repository still shows: told, and withdrawn there by policy."""

from cern_assets.errors import CernAssetsError, DepositRefusedError
from cern_assets.flows.publish.fenced import holding
from cern_assets.flows.stages import Context
from cern_assets.model.findings import Finding, Severity
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import WithdrawalSeen, WithdrawalWanted
from cern_assets.model.publications import Published, Receipt
from cern_assets.ports import Repository

_STAGE = "published_record"
_REASON, _NOTE = "take-down-request", "The source withdrew the record that this is a copy of."


def findings(context: Context, recid: Recid) -> tuple[Finding, ...]:
    """What becomes of the published copy of a record that the source withdrew; nothing where there is none.

    A repository that cannot be asked, or refuses, is a finding too: the source's word stands without it.
    """
    receipt = context.adapters.documents.read(context.collection.name, _STAGE, recid, Receipt)
    repository = context.adapters.repository
    if receipt is None or receipt.body.repository != repository.url:
        return ()
    try:
        record = repository.read_published(receipt.body.record_id)
        if record is None:
            return ()
        if context.collection.withdrawn == "keep":
            return (_told("withdrawn-at-source", "warning", record.url, "The source withdrew it; the copy stays."),)
        _withdraw(context, recid, record)
    except CernAssetsError as error:
        return (_told("not-withdrawn-in-target", "warning", receipt.body.url, f"The copy stays: {error}"),)
    return (_told("withdrawn-in-target", "note", record.url, "The source withdrew it, and a tombstone is there now."),)


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


def _withdraw(context: Context, recid: Recid, record: Published) -> None:
    with holding(context, recid) as held:
        journal, name, url = held.adapters.journal, held.collection.name, held.adapters.repository.url
        journal.note(name, recid, WithdrawalWanted(repository=url, record_id=record.record_id))
        withdraw_surely(held.adapters.repository, record, reason=_REASON, note=_NOTE)
        journal.note(name, recid, WithdrawalSeen(repository=url, record_id=record.record_id))


def _told(code: str, severity: Severity, url: str, message: str) -> Finding:
    return Finding(code=code, severity=severity, field="", value=url, message=message)
