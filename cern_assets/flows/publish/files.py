"""The files of a record: brought into its draft, and compared by size and MD5."""

from collections.abc import Mapping, Sequence

from cern_assets.errors import TargetCopyDamagedError
from cern_assets.flows.damage import reading_ours
from cern_assets.flows.publish.wanted import Wanted
from cern_assets.model.checksums import same_checksum
from cern_assets.model.manifests import StoredFile
from cern_assets.model.publications import Draft, Published, RemoteFile


def bring_files(wanted: Wanted, draft: Draft) -> None:
    """Make a draft hold exactly these files; what it has of them, or the version before it, is not sent again.

    Raises:
        MissingInputError: our store has lost a file since it was archived.
        StoredFileDamagedError, TargetCopyDamagedError: our copy of a file is damaged, or the repository's.
    """
    repository, shared = wanted.context.adapters.repository, wanted.context.shared
    present = {file.key: file for file in repository.files(draft)}
    if not present and draft.version_index > 1:
        present = {file.key: file for file in repository.import_files(draft)}
    for key in present.keys() - {file.key for file in wanted.files}:
        repository.delete_file(draft, key)
    for file in wanted.files:
        if not _matches(wanted, present.get(file.key), file):
            shared.cancellation.check()
            with shared.slots.taken(file.size_bytes), reading_ours(wanted.context, wanted.sources(file)):
                repository.upload(draft, wanted.upload(file))


def compared_files(wanted: Wanted, record: Published) -> tuple[RemoteFile, ...]:
    """The published files, if they are ours.

    Raises:
        TargetCopyDamagedError: they are not.
    """
    present = wanted.context.adapters.repository.files(record)
    wrong = wrong_files(wanted, present)
    if wrong:
        raise TargetCopyDamagedError(
            f"The published record's files are not ours: {', '.join(wrong[:5])}.",
            uri=record.url,
            remedy="Look at the record; running this recid again publishes a corrected version.",
        )
    return present


def wrong_files(wanted: Wanted, present: Sequence[RemoteFile]) -> list[str]:
    """Keys of files that the repository lacks, has otherwise, or has too many."""
    remote: Mapping[str, RemoteFile] = {file.key: file for file in present}
    ours = {file.key for file in wanted.files}
    return [
        *(file.key for file in wanted.files if not _matches(wanted, remote.get(file.key), file)),
        *sorted(remote.keys() - ours),
    ]


def _matches(wanted: Wanted, remote: RemoteFile | None, file: StoredFile) -> bool:
    if remote is None or not remote.committed or remote.size_bytes != file.size_bytes:
        return False
    return same_checksum(remote.checksum, wanted.md5(file))
