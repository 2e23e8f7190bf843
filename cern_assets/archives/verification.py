"""Is an archive whole? Directory against local headers, both against the bytes, all against what it should hold.

One sequential pass over the bytes; findings say which member, where, and what was expected.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Self

from isal import isal_zlib

from cern_assets.archives.members import DEFLATED, STORED, Member
from cern_assets.archives.reading import (
    BrokenArchiveError,
    Directory,
    Entry,
    ReadAt,
    read_directory,
    read_local,
    walk_locals,
)
from cern_assets.errors import UnsafeNameError
from cern_assets.model.names import safe_key

type OpenAt = Callable[[int], AbstractContextManager[Iterator[bytes]]]
"""Reads an archive from an offset to its end, as chunks."""

Code = Literal[
    "no-directory",
    "directory-damaged",
    "header-damaged",
    "member-damaged",
    "member-truncated",
    "member-not-readable",
    "members-overlap",
    "foreign-bytes",
    "name-unsafe",
    "name-twice",
    "missing-member",
    "foreign-member",
    "member-differs",
]
_DRAIN_BYTES = 1024**2


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong: with which member ("" for the archive itself), and in words what and where."""

    code: Code
    member: str
    message: str


@dataclass(frozen=True)
class Verified:
    """What an archive holds: `intact` are the members whose bytes have the CRC-32 that a header states."""

    flaws: tuple[Flaw, ...]
    intact: tuple[Entry, ...]
    members: int

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws


@dataclass
class _Findings:
    flaws: list[Flaw] = field(default_factory=list)

    def add(self, code: Code, entry: Entry | None, message: str) -> None:
        self.flaws.append(Flaw(code, entry.shown if entry else "", message))


def verify(read: ReadAt, open_at: OpenAt, size_bytes: int, expected: Sequence[Member] | None = None) -> Verified:
    """Check an archive of so many bytes, and that it holds just the expected members where these are known."""
    findings = _Findings()
    directory = _directory(read, size_bytes, findings)
    entries = directory.entries if directory else tuple(walk_locals(read, size_bytes))
    _check_names(entries, findings)
    intact = tuple(_intact(read, open_at, entries, (directory, size_bytes), findings))
    if expected is not None:
        _compare(entries, {member.encoded: member for member in expected}, findings)
    return Verified(tuple(findings.flaws), intact, len(entries))


def _directory(read: ReadAt, size_bytes: int, findings: _Findings) -> Directory | None:
    try:
        return read_directory(read, size_bytes)
    except BrokenArchiveError as error:
        lost = "has no end" in str(error)
        findings.add("no-directory" if lost else "directory-damaged", None, f"The archive is damaged: {error}.")
        return None


def _check_names(entries: Sequence[Entry], findings: _Findings) -> None:
    seen: set[bytes] = set()
    for entry in entries:
        if entry.name in seen:
            findings.add(
                "name-twice", entry, "Two members have this name; which one is extracted depends on the program."
            )
        seen.add(entry.name)
        try:
            safe_key(entry.name.decode())
        except (UnsafeNameError, UnicodeDecodeError) as error:
            findings.add("name-unsafe", entry, f"Nobody should extract this: {error}")


def _intact(
    read: ReadAt, open_at: OpenAt, entries: Sequence[Entry], ends: tuple[Directory | None, int], findings: _Findings
) -> Iterator[Entry]:
    """The members whose bytes are right; everything between them is looked at, too."""
    directory, size_bytes = ends
    end = directory.start if directory else size_bytes
    position = 0
    with _Pass(open_at) as stream:
        for entry in sorted(entries, key=lambda entry: entry.offset):
            if entry.offset != position:
                _tell_gap(entry, position, findings)
            header = _header(read, entry, findings)
            data_at = entry.offset + (header.header_bytes if header else _assumed_header_bytes(entry))
            position = data_at + entry.packed_bytes
            if position > end:
                findings.add(
                    "member-truncated", entry, f"Its bytes should reach to {position}, the members end at {end}."
                )
                continue
            if _is_right(stream, entry, data_at, findings):
                yield entry
    if position < end and directory is not None:
        findings.add("foreign-bytes", None, f"{end - position} bytes behind the last member belong to none.")


def _tell_gap(entry: Entry, position: int, findings: _Findings) -> None:
    if entry.offset < position:
        findings.add(
            "members-overlap",
            entry,
            f"It begins at {entry.offset}, inside the member before, which ends at {position}.",
        )
    else:
        findings.add(
            "foreign-bytes", entry, f"{entry.offset - position} bytes before it, from {position}, belong to no member."
        )


def _header(read: ReadAt, entry: Entry, findings: _Findings) -> Entry | None:
    """The local header, None if it is none; what it says otherwise than the directory is told."""
    try:
        header = read_local(read, entry.offset)
    except BrokenArchiveError as error:
        findings.add("header-damaged", entry, f"The member has no local header where the directory says: {error}.")
        return None
    if header.flags & 8:  # sizes and CRC follow the bytes: other programs write archives so
        return header
    told = (header.name, header.size_bytes, header.packed_bytes, header.crc32, header.method)
    if told != (entry.name, entry.size_bytes, entry.packed_bytes, entry.crc32, entry.method):
        findings.add("header-damaged", entry, f"The local header at {entry.offset} and the directory disagree.")
    return header if len(header.name) == len(entry.name) else None


def _assumed_header_bytes(entry: Entry) -> int:
    """As this package writes it, for a header that cannot be read."""
    wide = 20 if entry.size_bytes >= 0xFFFFFFFF else 0
    return 30 + len(entry.name) + wide


def _is_right(stream: "_Pass", entry: Entry, data_at: int, findings: _Findings) -> bool:
    if entry.encrypted or entry.method not in (STORED, DEFLATED):
        findings.add(
            "member-not-readable",
            entry,
            f"Its bytes cannot be checked (method {entry.method}, flags {entry.flags:#x}).",
        )
        return False
    try:
        size, crc = _fingerprint(stream.between(data_at, entry.packed_bytes), entry)
    except zlib.error as error:
        findings.add("member-damaged", entry, f"It cannot be unpacked: {error}.")
        return False
    if (size, crc) != (entry.size_bytes, entry.crc32):
        findings.add(
            "member-damaged",
            entry,
            f"It has {size} bytes with CRC-32 {crc:08x}, the directory says {entry.size_bytes} with {entry.crc32:08x}.",
        )
        return False
    return True


def _fingerprint(chunks: Iterator[bytes], entry: Entry) -> tuple[int, int]:
    """Size and CRC-32 of the unpacked bytes; a bomb is unpacked no further than the size it claims."""
    size, crc = 0, 0
    for chunk in _unpacked(chunks, entry.size_bytes) if entry.method == DEFLATED else chunks:
        size += len(chunk)
        crc = isal_zlib.crc32(chunk, crc)
    return size, crc


def _unpacked(chunks: Iterator[bytes], claimed_bytes: int) -> Iterator[bytes]:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    given = 0
    for chunk in chunks:
        rest = chunk
        while rest and not machine.eof:
            piece = machine.decompress(rest, _DRAIN_BYTES)
            rest = machine.unconsumed_tail
            given += len(piece)
            yield piece
            if given > claimed_bytes:
                raise zlib.error(f"it goes on after the {claimed_bytes} bytes that it should have")
    if not machine.eof:
        raise zlib.error("its end is missing")


class _Pass:
    """One reading of the archive from front to back, opened again only where members do not follow each other."""

    def __init__(self, open_at: OpenAt) -> None:
        self._open_at = open_at
        self._opened: AbstractContextManager[Iterator[bytes]] | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._position = 0
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def between(self, offset: int, size_bytes: int) -> Iterator[bytes]:
        """The bytes from an offset on, fewer only at the archive's end."""
        self._seek(offset)
        while size_bytes > 0:
            chunk = self._rest or next(self._chunks, b"")
            if not chunk:
                return
            taken, self._rest = chunk[:size_bytes], chunk[size_bytes:]
            self._position += len(taken)
            size_bytes -= len(taken)
            yield taken

    def _seek(self, offset: int) -> None:
        ahead = offset - self._position
        if self._opened is not None and 0 <= ahead <= _DRAIN_BYTES:
            for _ in self._skip(ahead):
                pass
            return
        self._close()
        self._opened = self._open_at(offset)
        self._chunks = self._opened.__enter__()
        self._position, self._rest = offset, b""

    def _skip(self, count: int) -> Iterator[None]:
        while count > 0:
            chunk = self._rest or next(self._chunks, b"")
            if not chunk:
                return
            self._rest = chunk[count:]
            taken = len(chunk) - len(self._rest)
            self._position += taken
            count -= taken
            yield

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.__exit__(None, None, None)
            self._opened = None


def _compare(entries: Sequence[Entry], expected: Mapping[bytes, Member], findings: _Findings) -> None:
    held = {entry.name: entry for entry in entries}
    for name, member in expected.items():
        entry = held.get(name)
        if entry is None:
            findings.flaws.append(Flaw("missing-member", member.name, "It should be in the archive and is not."))
        elif (entry.size_bytes, entry.crc32) != (member.size_bytes, member.crc32):
            findings.add(
                "member-differs",
                entry,
                f"It has {entry.size_bytes} bytes with CRC-32 {entry.crc32:08x}; expected are {member.size_bytes} "
                f"with {member.crc32:08x}.",
            )
    for name in held.keys() - expected.keys():
        findings.add("foreign-member", held[name], "Nothing says that it should be in the archive.")


def member_crc(open_at: OpenAt, data_offset: int, entry: Entry) -> int | None:
    """CRC-32 of a member's bytes from an offset on, unpacked; None where there are others or fewer than it states."""
    with _Pass(open_at) as stream:
        try:
            size, crc = _fingerprint(stream.between(data_offset, entry.packed_bytes), entry)
        except zlib.error:
            return None
    return crc if size == entry.size_bytes else None
