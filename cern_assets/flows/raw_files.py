"""Stage 2, raw_files: read every byte once, verify it as it passes, and store it."""

from collections.abc import Mapping, Sequence

from cern_assets.documents.paths import folder_of
from cern_assets.errors import FileOfflineError
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.model.checksums import Algorithm
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.model.values import Json
from cern_assets.transfers.hashing import fingerprint
from cern_assets.transfers.transfer import transfer

# adler32 is what the sources state, md5 what the repository states, crc32 what a ZIP needs before the first byte.
ALGORITHMS: tuple[Algorithm, ...] = ("adler32", "crc32", "md5")
_SHOWN = 20


def listed(record: SourceRecord) -> Json:
    """What the bytes depend on: where each file lies and what it should be, and not whether it is on tape."""
    return [[file.key, file.path, file.size_bytes, str(file.checksum)] for file in record.files]


def make(context: Context, task: Task) -> Made[Manifest]:
    """Store the record's files; one that an earlier attempt stored whole is not read from the source again.

    Raises:
        FileMissingError, SizeMismatchError, ChecksumMismatchError: the source's bytes are not what the record says.
        FileOfflineError: files that are still to be read are on tape.
        TransferInterruptedError, StorageUnavailableError, StorageFullError: bytes did not get through.
    """
    record = task.body("raw_record", SourceRecord)
    folder = folder_of("files", context.collection.name, task.recid)
    earlier = {file.path: file for file in _stored_before(task)}
    kept = {file.key: _kept(context, file, f"{folder}/{file.key}", earlier) for file in record.files}
    _refuse_offline(record, [file for file in record.files if kept[file.key] is None])
    manifest = Manifest(
        files=tuple(kept[file.key] or _store(context, file, f"{folder}/{file.key}") for file in record.files)
    )
    return Made(manifest)


def summarise(manifest: Manifest) -> Summary:
    """How many bytes, how many files a checksum of the source vouches for, and the first checksums."""
    return Summary(
        size_bytes=manifest.size_bytes,
        files=len(manifest.files),
        facts={
            "verified_files": sum(file.verified for file in manifest.files),
            "checksums": {file.key: [str(checksum) for checksum in file.checksums] for file in manifest.files[:_SHOWN]},
        },
    )


def intact(context: Context, manifest: Manifest) -> bool:
    """Whether all stored files are where the manifest says, with their sizes."""
    return all(context.adapters.store.size_bytes(file.path) == file.size_bytes for file in manifest.files)


def _stored_before(task: Task) -> tuple[StoredFile, ...]:
    manifest = task.previous_body(Manifest)
    return manifest.files if manifest else ()


def _kept(context: Context, file: SourceFile, path: str, earlier: Mapping[str, StoredFile]) -> StoredFile | None:
    """The copy that we have, if it is provably the file that the record lists; else None, and it has to be read."""
    if file.checksum is None or file.size_bytes is None or context.adapters.store.size_bytes(path) != file.size_bytes:
        return None
    known = earlier.get(path)
    if known is not None:
        return known if known.checksum(file.checksum.algorithm) == file.checksum else None
    # An attempt that died before its manifest left whole files behind: reading our copy is cheaper than the source's.
    with context.shared.cancellation.checked(context.adapters.store.open(path)) as chunks:
        size_bytes, checksums = fingerprint(chunks, _algorithms(file))
    if file.checksum not in checksums:
        return None
    return StoredFile(key=file.key, path=path, size_bytes=size_bytes, checksums=checksums, verified=True)


def _store(context: Context, file: SourceFile, path: str) -> StoredFile:
    moved = transfer(
        context.adapters.files,
        file.path,
        context.adapters.store,
        path,
        size_bytes=file.size_bytes,
        expected=file.checksum,
        algorithms=_algorithms(file),
        attempts=context.shared.attempts,
        check=context.shared.cancellation.check,
    )
    return StoredFile(
        key=file.key,
        path=path,
        size_bytes=moved.size_bytes,
        checksums=moved.checksums,
        verified=file.checksum is not None,
    )


def _algorithms(file: SourceFile) -> tuple[Algorithm, ...]:
    if file.checksum is None or file.checksum.algorithm in ALGORITHMS:
        return ALGORITHMS
    return (*ALGORITHMS, file.checksum.algorithm)


def _refuse_offline(record: SourceRecord, wanted: Sequence[SourceFile]) -> None:
    offline = [file for file in wanted if file.availability != "online"]
    if offline:
        raise FileOfflineError(
            f"{len(offline)} of {len(record.files)} files are on tape.",
            uri=offline[0].uri,
            field="files[].availability",
            remedy=f"Ask for them to be staged at {record.url}, then run this recid again.",
        )
