"""Archives on stores: written in one pass with their digests, checked, and mended from what is still good."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from isal import isal_zlib

from cern_assets.archives.layout import zip_size_bytes
from cern_assets.archives.members import Member, MemberBytes
from cern_assets.archives.plan import plan_order
from cern_assets.archives.salvage import Salvaged, salvage
from cern_assets.archives.verification import Verified, verify
from cern_assets.archives.zip_stream import zip_chunks
from cern_assets.errors import FileMissingError, SizeMismatchError
from cern_assets.failures import failure
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.names import safe_key
from cern_assets.ports import ByteReader, FileStore
from cern_assets.transfers.deflating import measured
from cern_assets.transfers.lanes import DigestLanes
from cern_assets.transfers.members import OpenFile, ReadFile, measured_members, packed_members
from cern_assets.transfers.remote_file import RemoteFile

DIGESTS: tuple[Algorithm, ...] = ("md5", "sha256")
_GATHERED_BYTES = 1024**2


@dataclass(frozen=True)
class WrittenArchive:
    """An archive that is in its place: size in bytes, its checksums, and its members with their CRC-32."""

    path: str
    size_bytes: int
    checksums: tuple[Checksum, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True)
class RepairedArchive:
    """What a repair wrote, and which members were copied from the damaged archive and which were fetched again."""

    written: WrittenArchive
    kept: tuple[str, ...]
    fetched: tuple[str, ...]
    fetched_bytes: int


def folder_members(folder: FileStore, names: Iterable[str] | None = None) -> tuple[Member, ...]:
    """Files of a folder as members whose CRC-32 is not known yet: these, or all of them in the order of a plan.

    Raises:
        FileMissingError: one is not there.
        UnsafeNameError: a name could leave the folder that it is extracted in.
    """
    if names is not None:
        return tuple(Member(name, _size_bytes(folder, name)) for name in names)
    sizes = {safe_key(path): size_bytes for path, size_bytes in folder.sizes()}
    return tuple(Member(name, sizes[name]) for name in plan_order(list(sizes)))


def with_checksums(folder: ByteReader, members: Sequence[Member]) -> list[Member]:
    """The members with the CRC-32 of their files, each of which is read for it."""
    return [replace(member, crc32=_crc_of(folder, member.name)) for member in members]


def write_archive(
    store: FileStore,
    path: str,
    members: Sequence[Member],
    pairs: Iterable[MemberBytes],
    algorithms: Sequence[Algorithm],
    *,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> WrittenArchive:
    """Write one archive: its exact size is announced first, and it gets its name only when its last byte is right.

    `members` may lack their CRC-32; `pairs` are the same members with it, and their bytes. `progress` is told the size
    of each chunk that was written.

    Raises:
        SizeMismatchError, ChecksumMismatchError: a member is not what was announced; nothing was written.
        StorageFullError, StorageUnavailableError: it did not get into the store.
    """
    size_bytes = zip_size_bytes(members)
    written: list[Member] = []
    with store.create(path, size_bytes=size_bytes) as writer, DigestLanes(algorithms) as lanes:
        for chunk in _gathered(zip_chunks(_noted(pairs, written))):
            lanes.update(chunk)
            writer.write(chunk)
            progress(len(chunk))
        if lanes.size_bytes != size_bytes:
            raise SizeMismatchError(
                f"The archive has {lanes.size_bytes} bytes where {size_bytes} were planned.",
                uri=store.uri(path),
                remedy="Run it again: a member changed while it was read.",
            )
        checksums = lanes.checksums()
        writer.commit()
    return WrittenArchive(path=path, size_bytes=size_bytes, checksums=checksums, members=tuple(written))


def write_folder(
    store: FileStore,
    path: str,
    folder: ByteReader,
    members: Sequence[Member],
    algorithms: Sequence[Algorithm] = DIGESTS,
    *,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> WrittenArchive:
    """Write the archive of files in a folder, of which only sizes are known; see `write_archive`."""
    pairs = measured_members(members, folder.open, reading_at_once(folder))
    return write_archive(store, path, members, pairs, algorithms, progress=progress)


def verify_archive(store: ByteReader, path: str, expected: Sequence[Member] | None = None) -> Verified:
    """Check an archive in one sequential pass; see `archives.verification`.

    Raises:
        FileMissingError: there is no such archive.
    """
    archive = RemoteFile(store, path)
    return verify(archive.read_at, lambda offset: store.open(path, offset_bytes=offset), archive.size_bytes, expected)


def repair_archive(
    store: FileStore,
    path: str,
    folder: ByteReader,
    members: Sequence[Member],
    algorithms: Sequence[Algorithm] = DIGESTS,
    *,
    deflates: Callable[[str], bool] = lambda _name: False,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> RepairedArchive:
    """Write an archive anew, byte for byte as a fresh one: only what is not good in the old one comes from the folder.

    The old archive stays until the new one is whole. A member of it is good if its size is the folder's and its bytes
    have the CRC-32 that the archive states, and that of `members` where these have one: a file of the folder that
    changed and kept its size is seen only then. `deflates` says which members a fresh archive would compress.

    Raises:
        FileMissingError: there is no such archive, or a member is neither good nor in the folder.
        and what `write_archive` raises.
    """
    old = RemoteFile(store, path)
    good = salvage(old.read_at, lambda offset: store.open(path, offset_bytes=offset), old.size_bytes, members, deflates)
    again = [member for member in members if member.name not in good]
    fresh = {member.name: member for member in measured(again, folder.open, deflates)}
    wanted = [good[member.name].member if member.name in good else fresh[member.name] for member in members]
    pairs = _mixed(wanted, good, lambda name: _slice(store, path, good[name]), folder.open)
    written = write_archive(store, path, wanted, pairs, algorithms, progress=progress)
    fetched = [member for member in wanted if member.name not in good]
    return RepairedArchive(
        written=written,
        kept=tuple(good),
        fetched=tuple(member.name for member in fetched),
        fetched_bytes=sum(member.size_bytes for member in fetched),
    )


def _mixed(
    wanted: Sequence[Member], good: dict[str, Salvaged], open_good: OpenFile, open_new: OpenFile
) -> Iterator[MemberBytes]:
    """Runs of good members from the old archive, and the others from the folder, in order."""
    for is_good, run in _runs(wanted, good):
        yield from packed_members(run, open_good) if is_good else measured_members(run, open_new)


def _runs(wanted: Sequence[Member], good: dict[str, Salvaged]) -> Iterator[tuple[bool, list[Member]]]:
    run: list[Member] = []
    for member in wanted:
        if run and (run[-1].name in good) != (member.name in good):
            yield run[-1].name in good, run
            run = []
        run.append(member)
    if run:
        yield run[-1].name in good, run


def _gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of some size: headers and small files by themselves cost more than they are."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= _GATHERED_BYTES:
            yield b"".join(parts) if len(parts) > 1 else chunk
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


def reading_at_once(folder: ByteReader) -> ReadFile:
    """How small files of a folder are read."""
    return lambda name, most_bytes: folder.read_ranges(name, [(0, most_bytes)])[0]


def _noted(pairs: Iterable[MemberBytes], written: list[Member]) -> Iterator[MemberBytes]:
    for member, chunks in pairs:
        written.append(member)
        yield member, chunks


@contextmanager
def _slice(store: ByteReader, path: str, place: Salvaged) -> Iterator[Iterator[bytes]]:
    """The bytes of a good member in the old archive."""
    with store.open(path, offset_bytes=place.data_offset) as chunks:
        yield _first(chunks, place.member.packed_bytes)


def _first(chunks: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    while size_bytes > 0:
        chunk = next(chunks, b"")
        if not chunk:
            return
        yield chunk[:size_bytes]
        size_bytes -= min(len(chunk), size_bytes)


def _crc_of(folder: ByteReader, name: str) -> int:
    crc = 0
    with folder.open(name) as chunks:
        for chunk in chunks:
            crc = isal_zlib.crc32(chunk, crc)
    return crc


def _size_bytes(reader: ByteReader, path: str) -> int:
    size_bytes = reader.size_bytes(path)
    if size_bytes is None:
        raise failure(FileMissingError, "Looking at the file", reader.uri(path), "there is no such file")
    return size_bytes
