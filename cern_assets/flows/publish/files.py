"""The files of a record: brought into its draft, and compared by size and MD5."""

import time
from collections.abc import Mapping, Sequence

from cern_assets.errors import TargetCopyDamagedError
from cern_assets.flows.publish.sending import announced, sending_of
from cern_assets.flows.publish.wanted import Wanted
from cern_assets.flows.publish.ways import way_noted
from cern_assets.model.checksums import same_checksum
from cern_assets.model.events import FileMoved
from cern_assets.model.journal import JournalEntry
from cern_assets.model.manifests import StoredFile
from cern_assets.model.publications import Draft, FileWay, Published, Receipt, RemoteFile
from cern_assets.ports import Repository
from cern_assets.recording import note

_SENT_EARLIER = "An earlier run sent it"


def bring_files(
    wanted: Wanted, draft: Draft, *, fresh: bool, entries: Sequence[JournalEntry], earlier: Receipt | None = None
) -> tuple[FileWay, ...]:
    """Make a draft hold exactly these files, and tell how those that were sent went there, be it by an earlier run.

    Of those that the `earlier` receipt tells of, it tells that already.

    What it has of them, or the version before it, is not sent again.

    All that is to come is announced in one request; then each file takes one for its bytes, and one to commit them; or,
    in parts, one to look where they go, one a part and one to commit them. Of a file that an earlier attempt began in
    parts, as the journal's `entries` say, only the missing ones are sent. A `fresh` draft has none.

    Raises:
        MissingInputError: our store has lost a file since it was archived.
        StoredFileDamagedError, TargetCopyDamagedError: our copy of a file is damaged, or the repository's.
        WaitingError: the repository still computes the MD5 of a file that came in parts, or still fetches one.
    """
    repository, shared = wanted.context.adapters.repository, wanted.context.shared
    present = {} if fresh else {file.key: file for file in repository.files(draft)}
    if not present and draft.version_index > 1:
        present = {file.key: file for file in repository.import_files(draft)}
    reused = {file.key for file in wanted.files if _matches(wanted, present.get(file.key), file)}
    sendings = [
        sending_of(wanted, draft, file, present.get(file.key), entries)
        for file in wanted.files
        if file.key not in reused
    ]
    gone_on = {sending.file.key for sending in sendings if sending.gone_on}
    for key in present.keys() - reused - gone_on:
        repository.delete_file(draft, key)
    ways: list[FileWay] = []
    for file in (each for each in wanted.files if each.key in reused):
        note(FileMoved(key=file.key, way="out", how="reused", size_bytes=file.size_bytes))
        ways += _way_of_reused(repository, draft, present[file.key], entries, earlier)
    for sending in announced(repository, draft, sendings):
        shared.cancellation.check()
        started, file = time.monotonic(), sending.file
        way = sending.sent(draft).way
        elapsed = time.monotonic() - started
        moved = FileMoved(key=file.key, way="out", how="sent", size_bytes=file.size_bytes, elapsed_seconds=elapsed)
        note(moved.model_copy(update={"transfer": way.transfer, "reason": way.reason}))
        ways.append(FileWay(key=file.key, transfer=way.transfer, reason=way.reason))
    return tuple(ways)


def _way_of_reused(
    repository: Repository,
    draft: Draft,
    file: RemoteFile,
    entries: Sequence[JournalEntry],
    earlier: Receipt | None,
) -> list[FileWay]:
    """How a file that the draft has went there, unless it is of the version before, of which the receipt tells."""
    noted = way_noted(entries, repository.url, draft.record_id, file.key)
    known = earlier.files if earlier is not None and earlier.repository == repository.url else ()
    if noted is None and (file in known or (draft.version_index > 1 and not known)):
        return []
    transfer, reason = noted or ("L", _SENT_EARLIER)
    return [FileWay(key=file.key, transfer=transfer, reason=reason)]


def files_of(repository: Repository, record: Published) -> tuple[RemoteFile, ...]:
    """The files of a published record, asked for only where its own answer does not list them."""
    return repository.files(record) if record.files is None else record.files


def compared_files(wanted: Wanted, record: Published) -> tuple[RemoteFile, ...]:
    """The published files, if they are ours.

    Raises:
        TargetCopyDamagedError: they are not.
    """
    present = files_of(wanted.context.adapters.repository, record)
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
