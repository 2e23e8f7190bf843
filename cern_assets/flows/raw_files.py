"""Stage 2, raw_files: read every byte once, verify it as it passes, and store it."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import batched

from cern_assets.documents.journal import latest
from cern_assets.errors import ChecksumMismatchError, FileOfflineError
from cern_assets.flows.choosing import chosen, finding_of, left_out
from cern_assets.flows.quarantine import read_again
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.flows.tidying import clear_the_way, tidy
from cern_assets.flows.vouching import doubts, vouched
from cern_assets.model.checksums import Algorithm, Checksum, same_checksum
from cern_assets.model.collections import Collection
from cern_assets.model.events import FileMoved, How
from cern_assets.model.files import FileRef, FilesChoice
from cern_assets.model.journal import StagingAsked, TransferBegun
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.model.values import Json, content_hash
from cern_assets.ports import ByteReader, FileStore
from cern_assets.recording import carried, note
from cern_assets.transfers.hashing import fingerprint
from cern_assets.transfers.movers import SMALL_BYTES
from cern_assets.transfers.transfer import agreed_size, transfer

# adler32 is what the sources state, md5 what the repository states, crc32 what a ZIP needs before the first byte.
ALGORITHMS: tuple[Algorithm, ...] = ("adler32", "crc32", "md5")
_SHOWN = 20
_BATCH_FILES = 512
"""Small files that get their names together: at most 2 GiB, and what a crash costs again."""
_ASK_AGAIN_SECONDS = 86_400.0


def listed(record: SourceRecord) -> Json:
    """What the bytes depend on: where each file lies and what it should be, and not whether it is on tape."""
    return [[file.key, file.path, file.size_bytes, str(file.checksum)] for file in record.files]


def rules(context: Context) -> str:
    """Whether bytes are kept, and whether files are taken for which nothing vouches."""
    collection = context.collection
    choice = "" if collection.files_choice == FilesChoice() else f", {collection.files_choice.model_dump_json()}"
    digests = f", {', '.join(collection.digests)}" if collection.digests else ""
    return f"{collection.files_mode}, unverified: {collection.unverified}{choice}{digests}"


def algorithms(collection: Collection, expected: Checksum | None) -> tuple[Algorithm, ...]:
    """What is computed of a file's bytes while they pass: what others need, what the collection asks for."""
    stated = (expected.algorithm,) if expected else ()
    return tuple(dict.fromkeys((*ALGORITHMS, *collection.digests, *stated)))


def make(context: Context, task: Task) -> Made[Manifest]:
    """Store the record's files; one that an earlier attempt stored whole is not read from the source again.

    A collection whose bytes are streamed keeps none: its manifest has what the record states, compared with the sizes
    of the place where the files lie, and the bytes are verified when they are read.

    Raises:
        FileMissingError, SizeMismatchError, ChecksumMismatchError: the source's bytes are not what the record says.
        TransferSpoiledError: two readings of a file gave different bytes.
        UnverifiedFileError: nothing vouches for a file's bytes, and the collection does not accept that.
        FileOfflineError: files that are still to be read are on tape.
        TransferInterruptedError, StorageUnavailableError, StorageFullError: bytes did not get through.
    """
    record = task.body("raw_record", SourceRecord)
    taken, _ = chosen(context.collection, record.files)
    files, stay = vouched(context, taken), left_out(context.collection, record.files)
    for each in stay:
        note(FileMoved(key=each.key, way="in", how="left out", size_bytes=each.size_bytes or 0, reason=each.why))
    folder = context.files_folder(context.collection.name, task.recid)
    mode = context.collection.files_mode
    if mode != "mirror":
        if mode == "stream":
            _refuse_offline(context, task, files)
        manifest = Manifest(files=tuple(_at_the_source(context, file) for file in files), mode=mode, left_out=stay)
        tidy(context, folder, context.adapters.store.list(folder))
        return Made(manifest)
    paths = {file.key: f"{folder}/{file.key}" for file in files}
    present = clear_the_way(context, folder, set(paths.values()))
    earlier = {file.ref.path: file for file in _stored_before(task)}
    kept = {file.key: _kept(context, file, paths[file.key], present, earlier) for file in files}
    for ours in filter(None, kept.values()):
        _note(ours.key, "kept", ours.size_bytes)
    _refuse_offline(context, task, [file for file in files if kept[file.key] is None])
    fetched = _fetched(context, task, [file for file in files if kept[file.key] is None], paths)
    manifest = Manifest(files=tuple(kept[file.key] or fetched[file.key] for file in files), left_out=stay)
    resumable = {_word(file, paths[file.key]) for file in files}
    tidy(context, folder, present.keys() - set(paths.values()), resumable)
    return Made(manifest)


def summarise(manifest: Manifest) -> Summary:
    """How many bytes, how many files a checksum of the source vouches for, and the first checksums."""
    return Summary(
        size_bytes=manifest.size_bytes,
        files=len(manifest.files),
        findings=(*doubts(manifest), *filter(None, [finding_of(manifest.left_out)])),
        facts={
            "verified_files": sum(file.verified for file in manifest.files),
            "mode": manifest.mode,
            "left_out_files": len(manifest.left_out),
            "checksums": {file.key: [str(checksum) for checksum in file.checksums] for file in manifest.files[:_SHOWN]},
        },
    )


def intact(context: Context, manifest: Manifest) -> bool:
    """Whether all stored files are where the manifest says, with their sizes; those of the source are not asked for."""
    places, ours = context.adapters.places, [file for file in manifest.files if file.ref.place == "store"]
    return all(places.size_bytes(file.ref) == file.size_bytes for file in ours)


def _stored_before(task: Task) -> tuple[StoredFile, ...]:
    manifest = task.previous_body(Manifest)
    return manifest.files if manifest else ()


def _at_the_source(context: Context, file: SourceFile) -> StoredFile:
    """A file that stays where it is, with what is known of it before a byte is read.

    Of one that will not be read at all, its place is asked for the checksum, too.
    """
    reader = context.adapters.places.reader(file.ref)
    size_bytes = agreed_size(reader, file.path, declared=file.size_bytes, attempts=context.shared.attempts)
    by_reference = context.collection.files_mode == "reference"
    verified = by_reference and file.checksum is not None and _said_alike(reader, file, file.checksum)
    if not by_reference:  # those were told of as left out
        _note(file.key, "by reference", size_bytes)
    checksums = (file.checksum,) if file.checksum else ()
    return StoredFile(
        key=file.key,
        ref=file.ref,
        size_bytes=size_bytes,
        checksums=checksums,
        verified=verified,
        against=file.checksum,
    )


def _said_alike(reader: ByteReader, file: SourceFile, stated: Checksum) -> bool:
    """Whether a file's place says the same checksum as its record; False where it says none.

    Raises:
        ChecksumMismatchError: it says another one.
    """
    said = reader.checksum(file.path, stated.algorithm)
    if said is not None and said != stated:
        raise ChecksumMismatchError(
            f"The server says {said}, the record declares {stated}.",
            found=str(said),
            uri=reader.uri(file.path),
            field="checksum",
            value=str(stated),
            remedy="Ask the source's curators which of the two is right.",
        )
    return said is not None


def _kept(
    context: Context, file: SourceFile, path: str, present: Mapping[str, int], earlier: Mapping[str, StoredFile]
) -> StoredFile | None:
    """The copy that we have, if it is provably the file that the record lists; else None, and it has to be read."""
    if file.checksum is None or file.size_bytes is None or present.get(path) != file.size_bytes:
        return None
    known = earlier.get(path)
    if known is not None:
        if not same_checksum(known.checksum(file.checksum.algorithm), file.checksum):
            return None
        if all(known.checksum(algorithm) for algorithm in context.collection.digests):
            return known
    # An attempt that died before its manifest left whole files behind, or a digest is asked for that was not before:
    # reading our copy is cheaper than the source's.
    return _ours(context, file, path, file.checksum)


def _ours(context: Context, file: SourceFile, path: str, expected: Checksum) -> StoredFile | None:
    """A file that lies in our store, if its bytes are the expected ones."""
    with context.shared.cancellation.checked(context.adapters.store.open(path)) as chunks:
        size_bytes, checksums = fingerprint(chunks, algorithms(context.collection, expected))
    return _stored(file, path, size_bytes, checksums) if expected in checksums else None


def _fetched(
    context: Context, task: Task, files: Sequence[SourceFile], paths: Mapping[str, str]
) -> dict[str, StoredFile]:
    """Files that we have not got, from the source, by key: the small ones in batches, the others each by itself."""
    small = [file for file in files if file.size_bytes is not None and file.size_bytes <= SMALL_BYTES]
    others = [file for file in files if file.size_bytes is None or file.size_bytes > SMALL_BYTES]
    movers, store = context.shared.movers, context.adapters.store

    def into(place: FileStore) -> Callable[[SourceFile], StoredFile]:
        return carried(lambda file: _told_store(context, task, file, paths[file.key], place))

    stored = movers.large(into(store), others)
    for some in batched(small, _BATCH_FILES):
        with store.batch() as batch:
            stored += movers.small(into(batch), some)
    return {file.key: file for file in stored}


def _told_store(context: Context, task: Task, file: SourceFile, path: str, store: FileStore) -> StoredFile:
    """`_store`, with a note of the bytes that came."""
    started = time.monotonic()
    stored = _store(context, task, file, path, store)
    _note(file.key, "moved", stored.size_bytes, time.monotonic() - started)
    return stored


def _note(key: str, how: How, size_bytes: int, elapsed_seconds: float = 0.0) -> None:
    note(FileMoved(key=key, way="in", how=how, size_bytes=size_bytes, elapsed_seconds=elapsed_seconds))


def _store(context: Context, task: Task, file: SourceFile, path: str, store: FileStore) -> StoredFile:
    reader = context.adapters.places.reader(file.ref)
    expected = file.checksum
    with context.shared.slots.taken(file.size_bytes or 0):
        fetched = _fetched_by_the_store(context, file, path, expected)
        if fetched is not None:
            return fetched
        resume = None
        if expected is not None and (file.size_bytes or 0) >= context.shared.resume_bytes:
            resume = _word(file, path)
            begun = TransferBegun(path=path, size_bytes=file.size_bytes or 0)
            context.adapters.journal.note(context.collection.name, task.recid, begun)
        try:
            moved = transfer(
                reader,
                file.path,
                store,
                path,
                size_bytes=file.size_bytes,
                expected=expected,
                algorithms=algorithms(context.collection, expected),
                attempts=context.shared.attempts,
                check=context.shared.cancellation.check,
                moved=context.shared.moved,
                resume=resume,
                least_rate=context.shared.least_rate,
            )
        except ChecksumMismatchError as error:
            assert expected is not None, "what is not declared cannot differ"
            _note(file.key, "refused", file.size_bytes or 0)
            wanted = algorithms(context.collection, expected)
            moved = read_again(context, task, file, expected, error, path, store, wanted)
            return _stored(file, path, moved.size_bytes, moved.checksums, readings=2)
    return _stored(file, path, moved.size_bytes, moved.checksums)


def _fetched_by_the_store(
    context: Context, file: SourceFile, path: str, expected: Checksum | None
) -> StoredFile | None:
    """A file that our store copied from the source by itself; None where it is to come through this process.

    The store's own checksum vouches for it. Where it computes none, or the collection asks for digests, the bytes are
    looked at once, where they are. What the target wants to know besides (MD5, CRC-32) is computed when the file is
    packed or sent.
    """
    if not context.collection.third_party_copy or expected is None or file.size_bytes is None:
        return None
    uri = context.adapters.places.uri(file.ref)
    copied = context.adapters.store.fetch(uri, path, size_bytes=file.size_bytes, expected=expected)
    if copied is None:
        return None
    if copied == "verified" and not context.collection.digests:
        return _stored(file, path, file.size_bytes, (expected,))
    found = _ours(context, file, path, expected)
    if found is None:
        context.adapters.store.remove(path)
    return found


def _stored(
    file: SourceFile, path: str, size_bytes: int, checksums: tuple[Checksum, ...], *, readings: int = 1
) -> StoredFile:
    return StoredFile(
        key=file.key,
        ref=FileRef(place="store", path=path),
        size_bytes=size_bytes,
        checksums=checksums,
        verified=file.checksum is not None,
        against=file.checksum,
        readings=readings,
    )


def _word(file: SourceFile, path: str) -> str:
    """What an unfinished copy is called: another content at the same path has another name."""
    return content_hash([path, file.size_bytes, str(file.checksum)])[:32]


def _refuse_offline(context: Context, task: Task, wanted: Sequence[SourceFile]) -> None:
    """Files on tape are asked for once a day; until they are back, the recid waits."""
    files = context.adapters.files
    offline = [file for file in wanted if file.availability != "online" and files.is_online(file.path) is not True]
    if not offline:
        return
    record = task.body("raw_record", SourceRecord)
    ticket = _staging_ticket(context, task, tuple(file.path for file in offline))
    remedy = f"Ask for them to be staged at {record.url}, then run this recid again."
    if ticket is not None:
        remedy = "They were asked for; run this recid again later."
    raise FileOfflineError(
        f"{len(offline)} of {len(record.files)} files are on tape.",
        ticket=ticket or "",
        uri=offline[0].uri,
        field="files[].availability",
        remedy=remedy,
    )


def _staging_ticket(context: Context, task: Task, paths: tuple[str, ...]) -> str | None:
    """The name of the request that is under way, or of a new one; None where nobody takes such requests.

    The source knows best how its files come back; where it takes no request, the place of its files is asked.
    """
    last = latest(context.adapters.journal.entries(context.collection.name, task.recid), StagingAsked)
    asked_lately = last.what if last and last.at > time.time() - _ASK_AGAIN_SECONDS else None
    if isinstance(asked_lately, StagingAsked) and set(paths) <= set(asked_lately.paths):
        return asked_lately.ticket
    ticket = context.adapters.source.stage(task.recid) or context.adapters.files.prepare(paths)
    if ticket is not None:
        asked = StagingAsked(ticket=ticket, paths=paths)
        context.adapters.journal.note(context.collection.name, task.recid, asked)
    return ticket
