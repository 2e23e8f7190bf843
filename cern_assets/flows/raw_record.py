"""Stage 1, raw_record: ask the source, cheaply when nothing changed."""

from cern_assets.errors import RecordAliasError, RecordInvalidError, RecordNotFoundError, RecordWithdrawnError
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord


def make(context: Context, task: Task) -> Made[SourceRecord]:
    """Read the record with the ETag of the last answer.

    Raises:
        RecordWithdrawnError: the source showed the record before and does not now.
        RecordInvalidError: parsing found what makes the record unusable (findings of severity `error`).
        RecordAliasError: the source answers with a record of another recid.
        RecordNotFoundError, RecordRestrictedError, SourceUnavailableError: as the source says.
    """
    known = task.previous_body(SourceRecord)
    etag = task.previous.etag if task.previous and known else None
    try:
        fetched = context.adapters.source.fetch(task.recid, etag=etag)
    except RecordNotFoundError as error:
        if known is None:
            raise
        raise RecordWithdrawnError(
            "The source showed this record before and does not know it now.",
            uri=known.url,
            remedy="The published copy was left as it is; decide whether to withdraw it.",
        ) from error
    record = fetched.record or known
    assert record is not None, "a source answers `not modified` only to an ETag"
    _refuse_alias(record, task.recid)
    _refuse_unusable(record)
    return Made(record, etag=fetched.etag)


def summarise(record: SourceRecord) -> Summary:
    """The record's title, and the files it lists."""
    return Summary(
        size_bytes=record.size_bytes,
        files=len(record.files),
        findings=record.findings,
        facts={"title": str(record.metadata.get("title", ""))},
    )


def _refuse_alias(record: SourceRecord, asked: Recid) -> None:
    """One record must not travel under two names: it would be published twice."""
    if record.recid != asked:
        raise RecordAliasError(
            f"{asked} is another name of record {record.recid}.",
            field="recid",
            value=record.recid,
            remedy=f"Ingest {record.recid} instead.",
        )


def _refuse_unusable(record: SourceRecord) -> None:
    errors = [finding for finding in record.findings if finding.severity == "error"]
    if errors:
        raise RecordInvalidError(
            f"The record cannot be carried: {'; '.join(finding.message for finding in errors[:5])}",
            field=errors[0].field,
            value=errors[0].value,
            remedy="Ask the source's curators to correct it.",
        )
