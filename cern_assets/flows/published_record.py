"""Stage 5, published_record: one draft a recid, its files, a comparison, publication, and a receipt.

Safe to repeat at any point: the draft is noted before any byte moves, a second attempt goes on with the same draft or
the record it became, and a receipt that got lost is found again by the record's identifier.
"""

from collections.abc import Mapping

from cern_assets.documents.claims import claim
from cern_assets.errors import (
    DepositRefusedError,
    MissingInputError,
    PublicationConflictError,
    TargetCopyDamagedError,
)
from cern_assets.flows.damage import reading_ours
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.metadata.comparison import differences
from cern_assets.model.archives import Archive
from cern_assets.model.documents import Document
from cern_assets.model.manifests import StoredFile
from cern_assets.model.metadata import Metadata
from cern_assets.model.publications import Receipt, RemoteFile, RemoteRecord
from cern_assets.model.values import Json, JsonObject, content_hash
from cern_assets.ports import Upload

_DRAFTS = "drafts"
"""Where drafts are noted: beside the receipts, as a receipt never stands for work in progress."""


def rules(context: Context) -> str:
    """A receipt holds for one repository."""
    return context.adapters.repository.url


def deposited(deposit: Metadata) -> Json:
    """What is sent of the metadata: the payload, and not the account of leaves."""
    return dict(deposit.payload)


def packed(archive: Archive) -> Json:
    """What is sent of the files: key, size and MD5, wherever they lie."""
    return [[file.key, file.size_bytes, str(file.checksum("md5"))] for file in archive.files]


def make(context: Context, task: Task) -> Made[Receipt]:
    """Bring the repository to hold this deposit with these files, published, and read it back.

    Raises:
        DepositRefusedError: the repository refuses the deposit, or changed what was sent.
        RecordClaimedError: another collection brings the recid into this repository.
        PublicationConflictError: the repository holds several records with this recid.
        TargetCopyDamagedError, StoredFileDamagedError: its copy of a file is not ours, or ours is damaged.
        MissingInputError: our store has lost a file since it was archived.
        RepositoryUnavailableError, CredentialsRefusedError: it did not answer, or refused the token.
    """
    claim(
        context.adapters.store,
        context.collection.name,
        source=context.collection.source,
        repository=context.adapters.repository.url,
        recid=task.recid,
    )
    deposit = task.body("metadata", Metadata).payload
    files = task.body("archive", Archive).files
    record = _existing(context, task) or _new_draft(context, task, deposit)
    if record.state == "published":
        record = _reopened_if_changed(context, task, record, deposit, files)
    if record.state == "draft":
        record = _completed(context, record, _payload(deposit, record.version_index), files)
    return Made(_receipt(context, record, _compared_files(context, record, files)))


def summarise(receipt: Receipt) -> Summary:
    """Where the record is published, and what the repository holds of it."""
    return Summary(
        size_bytes=sum(file.size_bytes or 0 for file in receipt.files),
        files=len(receipt.files),
        url=receipt.url,
        facts={"record_id": receipt.record_id, "version": receipt.version_index, "repository": receipt.repository},
    )


def _existing(context: Context, task: Task) -> RemoteRecord | None:
    """The record that an earlier attempt made, by its receipt or else by its identifier."""
    for receipt in filter(None, (_noted_draft(context, task), task.previous_body(Receipt))):
        if receipt.repository != context.adapters.repository.url:
            continue
        record = context.adapters.repository.read_published(
            receipt.record_id
        ) or context.adapters.repository.read_draft(receipt.record_id)
        if record is not None:
            return record
    identifier = context.adapters.crosswalk.identifier(task.recid)
    found = context.adapters.repository.find(identifier)
    published = [record for record in found if record.state == "published"]
    if len(published) > 1:
        raise PublicationConflictError(
            f"The repository holds {len(published)} published records with the identifier {identifier}: "
            f"{', '.join(record.url for record in published)}.",
            remedy="Keep one of them, and have the others deleted.",
        )
    record = next(iter(published or found), None)
    if record is not None and record.state == "draft":
        _remember_draft(context, task, record)
    return record


def _new_draft(context: Context, task: Task, deposit: JsonObject) -> RemoteRecord:
    draft = context.adapters.repository.create_draft(deposit)
    _remember_draft(context, task, draft)
    return draft


def _noted_draft(context: Context, task: Task) -> Receipt | None:
    """The last draft that was made for this recid; it may have been published since."""
    document = context.adapters.documents.read(context.collection.name, _DRAFTS, task.recid, Receipt)
    return document.body if document else None


def _remember_draft(context: Context, task: Task, draft: RemoteRecord) -> None:
    receipt = _receipt(context, draft)
    context.adapters.documents.write(
        Document(
            collection=context.collection.name,
            source=context.collection.source,
            repository=context.adapters.repository.url,
            stage=_DRAFTS,
            recid=task.recid,
            input_hash=task.input_hash,
            content_hash=content_hash(receipt),
            body=receipt,
        )
    )


def _reopened_if_changed(
    context: Context, task: Task, record: RemoteRecord, deposit: JsonObject, files: tuple[StoredFile, ...]
) -> RemoteRecord:
    """The published record itself if it is as it should be, else a draft of it: a new version if files changed."""
    if _wrong_files(context.adapters.repository.files(record), files):
        draft = context.adapters.repository.new_version(record.record_id)
        _remember_draft(context, task, draft)
        return draft
    if differences(_payload(deposit, record.version_index), record.payload):
        return context.adapters.repository.edit(record.record_id)
    return record


def _completed(
    context: Context, draft: RemoteRecord, payload: JsonObject, files: tuple[StoredFile, ...]
) -> RemoteRecord:
    """The draft with this payload and these files, compared and published."""
    draft = context.adapters.repository.update_draft(draft.record_id, payload)
    # Files are brought below; that they are missing now is no fault of the deposit.
    problems = tuple(problem for problem in draft.problems if not problem.startswith("files"))
    problems += differences(payload, draft.payload)
    if problems:
        raise DepositRefusedError(
            f"The repository does not take the deposit as it is: {'; '.join(problems[:5])}.",
            uri=draft.url,
            field=problems[0].split(":")[0],
            remedy="Nothing was published. Correct the crosswalk, or the repository's vocabularies.",
        )
    if not _is_edit(draft):
        _bring_files(context, draft, files)
    return context.adapters.repository.publish(draft)


def _bring_files(context: Context, draft: RemoteRecord, files: tuple[StoredFile, ...]) -> None:
    present = {file.key: file for file in context.adapters.repository.files(draft)}
    for key in present.keys() - {file.key for file in files}:
        context.adapters.repository.delete_file(draft, key)
    for file in files:
        if not _matches(present.get(file.key), file):
            context.shared.cancellation.check()
            with reading_ours(context, [file]):
                context.adapters.repository.upload(draft, _upload(context, file))


def _upload(context: Context, file: StoredFile) -> Upload:
    md5 = file.checksum("md5")
    assert md5 is not None, "every stored file has an MD5"
    if context.adapters.store.size_bytes(file.path) is None:
        # Our loss, not the record's fault: it stays pending.
        raise MissingInputError(
            "The store has lost a file that is to be uploaded.",
            uri=context.adapters.store.uri(file.path),
            remedy="Materialize raw_files and archive of this recid again.",
        )
    stop, store = context.shared.cancellation, context.adapters.store
    return Upload(key=file.key, size_bytes=file.size_bytes, md5=md5, open=lambda: stop.checked(store.open(file.path)))


def _compared_files(context: Context, record: RemoteRecord, files: tuple[StoredFile, ...]) -> tuple[RemoteFile, ...]:
    present = context.adapters.repository.files(record)
    wrong = _wrong_files(present, files)
    if wrong:
        raise TargetCopyDamagedError(
            f"The published record's files are not ours: {', '.join(wrong[:5])}.",
            uri=record.url,
            remedy="Look at the record; running this recid again publishes a corrected version.",
        )
    return present


def _wrong_files(present: tuple[RemoteFile, ...], files: tuple[StoredFile, ...]) -> list[str]:
    remote: Mapping[str, RemoteFile] = {file.key: file for file in present}
    ours = {file.key for file in files}
    return [file.key for file in files if not _matches(remote.get(file.key), file)] + sorted(remote.keys() - ours)


def _matches(remote: RemoteFile | None, file: StoredFile) -> bool:
    return (
        remote is not None
        and remote.committed
        and remote.size_bytes == file.size_bytes
        and remote.checksum == file.checksum("md5")
    )


def _receipt(context: Context, record: RemoteRecord, files: tuple[RemoteFile, ...] = ()) -> Receipt:
    return Receipt(
        repository=context.adapters.repository.url,
        state=record.state,
        record_id=record.record_id,
        url=record.url,
        version_index=record.version_index,
        files=files,
    )


def _payload(deposit: JsonObject, version_index: int) -> JsonObject:
    """The deposit for a version. A DOI names one version only: later ones carry it among their identifiers."""
    doi = _doi(deposit)
    if version_index <= 1 or doi is None:
        return deposit
    metadata = deposit["metadata"]
    assert isinstance(metadata, Mapping)
    identifiers = metadata.get("identifiers")
    known = identifiers if isinstance(identifiers, list) else []
    pids = {scheme: pid for scheme, pid in _pids(deposit).items() if scheme != "doi"}
    return {
        **deposit,
        "pids": pids,
        "metadata": {**metadata, "identifiers": [*known, {"scheme": "doi", "identifier": doi}]},
    }


def _doi(deposit: JsonObject) -> str | None:
    doi = _pids(deposit).get("doi")
    return str(doi["identifier"]) if isinstance(doi, Mapping) else None


def _pids(deposit: JsonObject) -> JsonObject:
    pids = deposit.get("pids")
    return pids if isinstance(pids, Mapping) else {}


def _is_edit(draft: RemoteRecord) -> bool:
    """Whether the draft edits a published record, whose files InvenioRDM does not let change."""
    return bool(draft.payload.get("is_published"))
