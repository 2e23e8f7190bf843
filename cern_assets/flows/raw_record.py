"""Stage 1, raw_record: ask the source, cheaply when nothing changed."""

import time

from cern_assets.errors import (
    HeldBackError,
    LeftOutError,
    RecordAliasError,
    RecordInvalidError,
    RecordNotFoundError,
    RecordWithdrawnError,
    RejectionAcceptedError,
    WaitingError,
)
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import Missed, SeenAgain
from cern_assets.model.records import SourceRecord

_REOPEN = "`cern-assets decide reopen` takes the word back."


def rules(context: Context) -> str:
    """How the source's answer is read."""
    return context.adapters.source.rules


def make(context: Context, task: Task) -> Made[SourceRecord]:
    """Ask with the ETag of the last answer; where it holds and the rules of reading are new, read that answer again.

    Raises:
        LeftOutError: the collection or a steward says so; the source is not asked.
        HeldBackError: a steward holds the recid; the source is not asked.
        WaitingError: the source showed the record before and does not now, which may pass.
        RecordWithdrawnError: it has been so for as long as the settings say.
        RecordInvalidError: parsing found what makes the record unusable (findings of severity `error`).
        RecordAliasError: the source answers with a record of another recid.
        RecordNotFoundError, RecordRestrictedError, SourceUnavailableError: as the source says.
    """
    _refuse_left_out(context, task)
    _heed_steward(context, task)
    known = task.previous_body(SourceRecord)
    answer = task.previous.answer if task.previous else None
    etag = task.previous.etag if task.previous and (task.settled or answer) else None
    try:
        fetched = context.adapters.source.fetch(task.recid, etag=etag)
    except RecordNotFoundError as error:
        if known is None:
            raise
        raise _missed(context, task, known) from error
    if known is not None and _missed_since(context, task) is not None:
        context.adapters.journal.note(context.collection.name, task.recid, SeenAgain())
    record = fetched.record
    if record is None:
        record = known if task.settled or answer is None else context.adapters.source.read(answer)
    assert record is not None, "a source answers `not modified` only to an ETag"
    _refuse_alias(record, task.recid)
    refuse_unusable(record)
    return Made(record, etag=fetched.etag, answer=fetched.answer or answer)


def summarise(record: SourceRecord) -> Summary:
    """The record's title, and the files it lists."""
    return Summary(
        size_bytes=record.size_bytes,
        files=len(record.files),
        findings=record.findings,
        facts={"title": str(record.metadata.get("title", ""))},
    )


def _refuse_left_out(context: Context, task: Task) -> None:
    reason = context.collection.left_out.get(task.recid)
    if reason is not None:
        raise LeftOutError(
            f"The collection leaves this recid out: {reason}",
            field="selection.left_out",
            remedy="Take it off the list to bring it in.",
        )


def _heed_steward(context: Context, task: Task) -> None:
    decision = context.collection.decisions.get(task.recid)
    if decision is None:
        return
    if decision.choice == "hold":
        raise HeldBackError(f"A steward holds this recid ({decision}).", field="decisions", remedy=_REOPEN)
    if decision.choice == "accept":
        message = f"A steward accepted that this record is not carried ({decision})."
        raise RejectionAcceptedError(message, field="decisions", remedy=_REOPEN)
    raise LeftOutError(f"A steward leaves this recid out ({decision}).", field="decisions", remedy=_REOPEN)


def _missed(context: Context, task: Task, known: SourceRecord) -> WaitingError | RecordWithdrawnError:
    """A source that is being mended forgets records for an hour: one look is not enough, nor are many at once."""
    since = _missed_since(context, task)
    if since is None:
        since = context.adapters.journal.note(context.collection.name, task.recid, Missed()).at
    left = since + context.shared.withdraw_after_seconds - time.time()
    if left > 0:
        return WaitingError(
            "The source showed this record before and does not know it now; it may be a fault that passes.",
            uri=known.url,
            remedy=f"Run it again in {left / 3600:.1f} hours: if it is still so, the record counts as withdrawn.",
        )
    if not context.shared.withdrawals.take():
        return WaitingError(
            f"The source does not know this record any more, nor {context.shared.withdrawals.most} others of this run.",
            uri=known.url,
            remedy="See whether the source is as it should be, then run it again (CERN_ASSETS_WITHDRAW_AT_MOST).",
        )
    return RecordWithdrawnError(
        "The source showed this record before and does not know it now.",
        uri=known.url,
        remedy="The published copy was left as it is; decide whether to withdraw it.",
    )


def _missed_since(context: Context, task: Task) -> float | None:
    """Since when the source does not know the record, None if it knew it the last time."""
    since: float | None = None
    for entry in context.adapters.journal.entries(context.collection.name, task.recid):
        if isinstance(entry.what, Missed):
            since = entry.at if since is None else since
        elif isinstance(entry.what, SeenAgain):
            since = None
    return since


def _refuse_alias(record: SourceRecord, asked: Recid) -> None:
    """One record must not travel under two names: it would be published twice."""
    if record.recid != asked:
        raise RecordAliasError(
            f"{asked} is another name of record {record.recid}.",
            field="recid",
            value=record.recid,
            remedy=f"Ingest {record.recid} instead.",
        )


def refuse_unusable(record: SourceRecord) -> None:
    """Refuse a record that has findings of severity `error`.

    Raises:
        RecordInvalidError: with their messages.
    """
    errors = [finding for finding in record.findings if finding.severity == "error"]
    if errors:
        raise RecordInvalidError(
            f"The record cannot be carried: {'; '.join(finding.message for finding in errors[:5])}",
            field=errors[0].field,
            value=errors[0].value,
            remedy="Ask the source's curators to correct it.",
        )
