"""The bytes of many files one after the other, read ahead: small ones in batches by several threads, others streamed.

Memory is bounded by bytes, whatever the files: what is read and not yet used is at most `AHEAD_BYTES` of small files,
and `HELD_BYTES` of those that are held whole because their CRC-32 has to be known before their first byte is written.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from isal import isal_zlib

from cern_assets.archives.members import DEFLATED, Measured, Member, MemberBytes, Packed
from cern_assets.transfers.lanes import read_ahead

AHEAD_BYTES = 32 * 1024**2
WHOLE_BYTES = 128 * 1024**2
HELD_BYTES = 144 * 1024**2
_SMALL_BYTES = 1024**2
_BATCH_BYTES, _BATCH_FILES = 1024**2, 64
_READERS = 8


type OpenFile = Callable[[str], AbstractContextManager[Iterator[bytes]]]
"""Opens a file by its member's name, as chunks."""

type ReadFile = Callable[[str, int], bytes]
"""Reads so many bytes from the beginning of a file at once, fewer where it ends."""


def known_members(
    members: Sequence[Member], open_file: OpenFile, read_file: ReadFile | None = None
) -> Iterator[MemberBytes]:
    """Members whose CRC-32 is known, with their bytes, each file read once."""
    for unit in _ahead(members, read_file or _by_opening(open_file)):
        if isinstance(unit, Member):
            yield unit, _streamed(unit, open_file)
        else:
            yield from ((member, iter((data,))) for member, data in unit)


def packed_members(members: Sequence[Member], open_file: OpenFile) -> Iterator[MemberBytes]:
    """Members as another archive holds them; what is compressed there is taken as it is."""
    for member, chunks in known_members(members, open_file):
        yield member, Packed(iter(chunks)) if member.method == DEFLATED else chunks


def measured_members(
    members: Sequence[Member],
    open_file: OpenFile,
    read_file: ReadFile | None = None,
    *,
    whole_bytes: int = WHOLE_BYTES,
) -> Iterator[MemberBytes]:
    """Members of which only name and size are known; the CRC-32 is computed from the bytes.

    A file over `whole_bytes` is read twice, as its CRC-32 stands before its bytes; any other once.
    """
    held = [member for member in members if _SMALL_BYTES < member.size_bytes <= whole_bytes]
    with ExitStack() as stack:
        whole = stack.enter_context(closing(_Held(held, open_file))) if held else None
        for unit in _ahead(members, read_file or _by_opening(open_file)):
            if not isinstance(unit, Member):
                for member, data in unit:
                    yield replace(member, crc32=isal_zlib.crc32(data)), _of_right_size(member, data)
            elif whole is not None and unit.size_bytes <= whole_bytes:
                yield whole.next(unit)
            else:
                yield replace(unit, crc32=_crc_of(unit, open_file)), _streamed(unit, open_file)


def _of_right_size(member: Member, data: bytes) -> Measured | Iterator[bytes]:
    """Bytes whose sum was just computed; of another size than stated, they are looked at, and refused."""
    return Measured(iter((data,))) if len(data) == member.size_bytes else iter((data,))


def _ahead(members: Sequence[Member], read_file: ReadFile) -> Iterator[Member | list[tuple[Member, bytes]]]:
    """In the order of the members: large ones as they are, runs of small ones with their bytes."""
    waiting = iter(_units(members))
    with ThreadPoolExecutor(_READERS, thread_name_prefix="member") as pool:
        ahead: deque[Member | tuple[Future[list[tuple[Member, bytes]]], int]] = deque()
        held, upcoming = 0, next(waiting, None)
        try:
            while upcoming is not None or ahead:
                while upcoming is not None and (held < AHEAD_BYTES or not ahead):
                    if isinstance(upcoming, Member):
                        ahead.append(upcoming)
                    else:
                        size = sum(_taken(member) for member in upcoming)
                        ahead.append((pool.submit(_read_batch, upcoming, read_file), size))
                        held += size
                    upcoming = next(waiting, None)
                first = ahead.popleft()
                if isinstance(first, Member):
                    yield first
                else:
                    future, size = first
                    yield future.result()
                    held -= size
        finally:
            for unit in ahead:
                if not isinstance(unit, Member):
                    unit[0].cancel()


def _units(members: Iterable[Member]) -> Iterator[Member | list[Member]]:
    batch: list[Member] = []
    size = 0
    for member in members:
        small = _taken(member) <= _SMALL_BYTES
        if batch and (not small or size + _taken(member) > _BATCH_BYTES or len(batch) == _BATCH_FILES):
            yield batch
            batch, size = [], 0
        if small:
            batch.append(member)
            size += _taken(member)
        else:
            yield member
    if batch:
        yield batch


def _taken(member: Member) -> int:
    return max(member.size_bytes, member.packed_bytes)


def _read_batch(batch: Sequence[Member], read_file: ReadFile) -> list[tuple[Member, bytes]]:
    """All bytes of each file, but no more than one beyond its size: enough to see that it grew."""
    return [(member, read_file(member.name, _taken(member) + 1)) for member in batch]


def _by_opening(open_file: OpenFile) -> ReadFile:
    def read(name: str, most_bytes: int) -> bytes:
        with open_file(name) as chunks:
            return b"".join(_at_most(chunks, most_bytes))

    return read


def _streamed(member: Member, open_file: OpenFile) -> Iterator[bytes]:
    with open_file(member.name) as chunks, closing(read_ahead(chunks)) as ahead:
        yield from ahead


def _crc_of(member: Member, open_file: OpenFile) -> int:
    crc = 0
    for chunk in _streamed(member, open_file):
        crc = isal_zlib.crc32(chunk, crc)
    return crc


def _at_most(chunks: Iterator[bytes], most_bytes: int) -> Iterator[bytes]:
    """Chunks until there are so many bytes or more."""
    given = 0
    for chunk in chunks:
        yield chunk
        given += len(chunk)
        if given >= most_bytes:
            return


@dataclass
class _WholeFile:
    """A file of which chunks are held until its last one is there."""

    member: Member
    chunks: deque[bytes] = field(default_factory=deque)
    crc32: int = 0
    size_bytes: int = 0


class _Held:
    """Files that are held whole, read one after the other by a thread while the one before is written.

    What was taken makes room for what is read next.
    """

    def __init__(self, members: Sequence[Member], open_file: OpenFile) -> None:
        self._members = members
        self._open_file = open_file
        self._held_bytes = 0
        self._room = threading.Condition()
        self._ended = False
        self._ready: SimpleQueue[_WholeFile | BaseException] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="held-member", daemon=True)
        self._thread.start()

    def next(self, member: Member) -> MemberBytes:
        """The next of the files, when all of it is read."""
        found = self._ready.get()
        if isinstance(found, BaseException):
            raise found
        chunks = self._given(found)
        right = found.size_bytes == member.size_bytes
        return replace(member, crc32=found.crc32), Measured(chunks) if right else chunks

    def close(self) -> None:
        """End the thread."""
        with self._room:
            self._ended = True
            self._room.notify_all()
        self._thread.join()

    def _given(self, file: _WholeFile) -> Iterator[bytes]:
        while file.chunks:
            chunk = file.chunks.popleft()
            yield chunk
            with self._room:
                self._held_bytes -= len(chunk)
                self._room.notify_all()

    def _run(self) -> None:
        try:
            for member in self._members:
                file = _WholeFile(member)
                with self._open_file(member.name) as chunks:
                    for chunk in _at_most(chunks, member.size_bytes + 1):
                        if not self._take(chunk, file):
                            return
                self._ready.put(file)
        except BaseException as error:  # noqa: BLE001  it is raised again in the thread that asks
            self._ready.put(error)

    def _take(self, chunk: bytes, file: _WholeFile) -> bool:
        """Hold a chunk as soon as there is room; False when nobody wants it any more."""
        with self._room:
            # A file that is not whole yet cannot be given out: it always has room, whatever else is held.
            self._room.wait_for(lambda: self._ended or self._held_bytes < HELD_BYTES)
            if self._ended:
                return False
            self._held_bytes += len(chunk)
        file.crc32 = isal_zlib.crc32(chunk, file.crc32)
        file.size_bytes += len(chunk)
        file.chunks.append(chunk)
        return True
