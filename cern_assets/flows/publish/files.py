"""The files of a record: brought into its draft, and compared by size and MD5."""

from collections.abc import Mapping, Sequence

from cern_assets.errors import MissingInputError, TargetCopyDamagedError
from cern_assets.flows.damage import reading_ours
from cern_assets.flows.stages import Context
from cern_assets.model.checksums import same_checksum
from cern_assets.model.manifests import StoredFile
from cern_assets.model.publications import Draft, Published, RemoteFile
from cern_assets.ports import Upload


def bring_files(context: Context, draft: Draft, files: Sequence[StoredFile]) -> None:
    """Make a draft hold exactly these files; what it has of them, or the version before it, is not sent again.

    Raises:
        MissingInputError: our store has lost a file since it was archived.
        StoredFileDamagedError, TargetCopyDamagedError: our copy of a file is damaged, or the repository's.
    """
    repository = context.adapters.repository
    present = {file.key: file for file in repository.files(draft)}
    if not present and draft.version_index > 1:
        present = {file.key: file for file in repository.import_files(draft)}
    for key in present.keys() - {file.key for file in files}:
        repository.delete_file(draft, key)
    for file in files:
        if not _matches(present.get(file.key), file):
            context.shared.cancellation.check()
            with context.shared.slots.taken(file.size_bytes), reading_ours(context, [file]):
                repository.upload(draft, _upload(context, file))


def compared_files(context: Context, record: Published, files: Sequence[StoredFile]) -> tuple[RemoteFile, ...]:
    """The published files, if they are ours.

    Raises:
        TargetCopyDamagedError: they are not.
    """
    present = context.adapters.repository.files(record)
    wrong = wrong_files(present, files)
    if wrong:
        raise TargetCopyDamagedError(
            f"The published record's files are not ours: {', '.join(wrong[:5])}.",
            uri=record.url,
            remedy="Look at the record; running this recid again publishes a corrected version.",
        )
    return present


def wrong_files(present: Sequence[RemoteFile], files: Sequence[StoredFile]) -> list[str]:
    """Keys of files that the repository lacks, has otherwise, or has too many."""
    remote: Mapping[str, RemoteFile] = {file.key: file for file in present}
    ours = {file.key for file in files}
    return [file.key for file in files if not _matches(remote.get(file.key), file)] + sorted(remote.keys() - ours)


def _upload(context: Context, file: StoredFile) -> Upload:
    md5 = file.checksum("md5")
    assert md5 is not None, "every stored file has an MD5"
    places, stop = context.adapters.places, context.shared.cancellation
    if places.size_bytes(file.ref) is None:
        # Our loss, not the record's fault: it stays pending.
        raise MissingInputError(
            "The store has lost a file that is to be uploaded.",
            uri=places.uri(file.ref),
            remedy="Materialize raw_files and archive of this recid again.",
        )
    return Upload(key=file.key, size_bytes=file.size_bytes, md5=md5, open=lambda: stop.checked(places.open(file.ref)))


def _matches(remote: RemoteFile | None, file: StoredFile) -> bool:
    return (
        remote is not None
        and remote.committed
        and remote.size_bytes == file.size_bytes
        and same_checksum(remote.checksum, file.checksum("md5"))
    )
