"""Which form the files of a record take in the target: as they are, in one ZIP, or in several along their folders.

Pure and cheap: the plan needs names and sizes, not one byte. A ZIP of members whose packed sizes are known has an exact
size beforehand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from posixpath import commonpath, dirname
from typing import NamedTuple

from cern_assets.archives.clashes import clash_ranks, unusual_names
from cern_assets.archives.layout import directory_bytes, zip_size_bytes
from cern_assets.archives.members import Member
from cern_assets.errors import ArchiveLimitError
from cern_assets.model.archives import (
    MANIFEST_KEY,
    PREVIEW_BYTES,
    PREVIEW_DIRECTORY_BYTES,
    PREVIEW_ENTRIES,
    ArchiveLimits,
    ArchivePlan,
    ArchivePolicy,
    PlannedArchive,
)

# What a ZIP needs for a member beside its bytes and twice its name: headers, with all ZIP64 fields they can have.
_AS_USUAL = ArchivePolicy()
_HEADERS_BYTES = 30 + 20 + 46 + 28
_ENTRY_BYTES = 46 + 28
_ENDS_BYTES = 56 + 20 + 22


def plan_archive(
    members: Sequence[Member], limits: ArchiveLimits, *, base: str, policy: ArchivePolicy = _AS_USUAL
) -> ArchivePlan:
    """Files go up as they are when the target takes them so, else in as few ZIPs as it takes.

    Several ZIPs are cut between folders, the highest ones that fit, so that each can be named by what it holds; their
    keys are `<base>-01.zip` and so on, and a file says which of them holds what. `members` must be in `plan_order`.
    Names that would take each other's place where capitals do not count are never in one archive.

    Raises:
        ArchiveLimitError: no form fits, with the numbers that forbid it.
    """
    if not members:
        return ArchivePlan(form="none", reason="the record has no files")
    obstacle = _obstacle(members, limits)
    if obstacle is None and policy.always:
        obstacle = "a ZIP was asked for"
    if obstacle is None:
        return ArchivePlan(form="as-is", reason=f"{len(members)} file(s) fit the repository's limits")
    _refuse_hopeless(members, limits, obstacle)
    ranks = clash_ranks([member.name for member in members])
    room = _Room(limits, preview=policy.preview)
    whole = zip_size_bytes(members)
    fits = whole <= min(limits.max_file_bytes, limits.max_record_bytes)
    if fits and not any(ranks) and (not policy.preview or _previewable(members)):
        archive = _planned(f"{base}.zip", members, first=0)
        return ArchivePlan(form="zip", reason=obstacle, archives=(archive,), warnings=_warnings(members, (archive,)))
    return _several(members, ranks, room, obstacle, base)


def plan_order(names: Sequence[str]) -> list[str]:
    """Names as a plan wants them: those of a folder together, and after all others what clashes with one of them."""
    ordered = sorted(names, key=lambda name: tuple(name.split("/")))
    ranks = clash_ranks(ordered)
    return [name for _, name in sorted(zip(ranks, ordered, strict=True), key=lambda pair: pair[0])]


def _obstacle(members: Sequence[Member], limits: ArchiveLimits) -> str | None:
    if len(members) > limits.max_files:
        return f"{len(members)} files are more than the {limits.max_files} that a record may have"
    largest = max(members, key=lambda member: member.size_bytes)
    if largest.size_bytes > limits.max_file_bytes:
        return f"{largest.name} has {largest.size_bytes} bytes, more than the {limits.max_file_bytes} of a file"
    total = _total(members)
    if total > limits.max_record_bytes:
        return f"{total} bytes are more than the {limits.max_record_bytes} that a record may have"
    return None


def _refuse_hopeless(members: Sequence[Member], limits: ArchiveLimits, obstacle: str) -> None:
    """Storing without compression makes nothing smaller."""
    largest = max(members, key=lambda member: member.size_bytes)
    if _needed([largest]) + _ENDS_BYTES > limits.max_file_bytes:
        raise _refusal(obstacle, f"{largest.name} alone has {largest.size_bytes} bytes", limits)
    if _total(members) > limits.max_record_bytes:
        raise _refusal(obstacle, f"all together have {_total(members)} bytes", limits)


def _several(members: Sequence[Member], ranks: Sequence[int], room: "_Room", obstacle: str, base: str) -> ArchivePlan:
    limits = room.limits
    parts = [
        part
        for _, group in groupby(zip(ranks, members, strict=True), key=lambda pair: pair[0])
        for part in _parts([member for _, member in group], room)
    ]
    sizes = [zip_size_bytes(part) for part in parts]
    if len(parts) + 1 > limits.max_files or sum(sizes) > limits.max_record_bytes:
        tried = f"{len(parts)} archives and {MANIFEST_KEY} with {sum(sizes)} bytes would be needed"
        raise _refusal(obstacle, tried, limits)
    width = max(2, len(str(len(parts))))
    archives, first = [], 0
    for number, part in enumerate(parts, start=1):
        archives.append(_planned(f"{base}-{number:0{width}}.zip", part, first=first))
        first += len(part)
    reason = f"{len(parts)} archives because {obstacle}, and {'; '.join(_why_several(members, ranks, room))}"
    planned = tuple(archives)
    return ArchivePlan(
        form="zips", reason=f"{reason}; cut between folders", archives=planned, warnings=_warnings(members, planned)
    )


def _why_several(members: Sequence[Member], ranks: Sequence[int], room: "_Room") -> Iterator[str]:
    whole = zip_size_bytes(members)
    if whole > room.limits.max_file_bytes:
        yield f"one ZIP would have {whole} bytes where a file may have {room.limits.max_file_bytes}"
    if room.preview and not _previewable(members):
        yield "the repository's pages list what is inside of smaller ones only"
    if any(ranks):
        yield f"{sum(rank > 0 for rank in ranks)} names differ from others in capitals or accents only"


def _planned(key: str, members: Sequence[Member], *, first: int) -> PlannedArchive:
    return PlannedArchive(
        key=key,
        size_bytes=zip_size_bytes(members),
        first=first,
        count=len(members),
        folder=_folder(members),
        previewable=_previewable(members),
    )


def _previewable(members: Sequence[Member]) -> bool:
    return (
        len(members) <= PREVIEW_ENTRIES
        and _total(members) <= PREVIEW_BYTES
        and directory_bytes(members) <= PREVIEW_DIRECTORY_BYTES
    )


def _warnings(members: Sequence[Member], archives: Sequence[PlannedArchive]) -> tuple[str, ...]:
    hidden = [archive.key for archive in archives if not archive.previewable]
    found = list(unusual_names([member.name for member in members]))
    if hidden:
        found.append(f"{len(hidden)} archives are too large for the repository's preview (first: {hidden[0]})")
    return tuple(found)


class _Load(NamedTuple):
    """What members take: bytes of the archive, bytes of its directory, entries, bytes when unpacked."""

    zip_bytes: int
    listed_bytes: int
    entries: int
    unpacked_bytes: int

    def with_(self, other: "_Load") -> "_Load":
        """Both together."""
        return _Load(*(one + another for one, another in zip(self, other, strict=True)))


_NOTHING = _Load(_ENDS_BYTES, 0, 0, 0)


def _load(members: Sequence[Member]) -> _Load:
    """Of members, without the end of an archive."""
    names = sum(len(member.encoded) for member in members)
    return _Load(
        _needed(members), names + _ENTRY_BYTES * len(members), len(members), sum(each.size_bytes for each in members)
    )


@dataclass(frozen=True)
class _Room:
    """What fits into one archive: the target's bytes of a file, and with `preview` what its pages list."""

    limits: ArchiveLimits
    preview: bool

    def holds(self, load: _Load) -> bool:
        """Whether it fits; of one member alone, only its bytes count, as it cannot be cut."""
        if load.zip_bytes > self.limits.max_file_bytes:
            return False
        if not self.preview or load.entries == 1:
            return True
        within = load.unpacked_bytes <= PREVIEW_BYTES and load.listed_bytes <= PREVIEW_DIRECTORY_BYTES
        return within and load.entries <= PREVIEW_ENTRIES


def _parts(members: list[Member], room: _Room, depth: int = 0) -> Iterator[list[Member]]:
    """Runs of neighbours that fit an archive: whole folders while they fit, the inside of one that does not."""
    current: list[Member] = []
    used = _NOTHING
    for _, group in groupby(members, key=lambda member: _segment(member, depth)):
        unit = list(group)
        load = _load(unit)
        if current and not room.holds(used.with_(load)):
            yield current
            current, used = [], _NOTHING
        if not room.holds(_NOTHING.with_(load)):
            *full, unit = _parts(unit, room, depth + 1)
            yield from full
            load = _load(unit)
        current += unit
        used = used.with_(load)
    if current:
        yield current


def _segment(member: Member, depth: int) -> str:
    segments = member.name.split("/")
    return segments[depth] if depth < len(segments) - 1 else f"/{member.name}"


def _needed(members: Sequence[Member]) -> int:
    """Upper bound of what members take in an archive, without its end."""
    return sum(member.packed_bytes + 2 * len(member.encoded) + _HEADERS_BYTES for member in members)


def _total(members: Sequence[Member]) -> int:
    return sum(member.size_bytes for member in members)


def _folder(members: Sequence[Member]) -> str:
    folders = {dirname(member.name) for member in members}
    return "" if "" in folders else commonpath(folders)


def _refusal(obstacle: str, tried: str, limits: ArchiveLimits) -> ArchiveLimitError:
    return ArchiveLimitError(
        f"The files fit the repository in no form: {obstacle}, and {tried}, where a record may have {limits.max_files} "
        f"files and {limits.max_record_bytes} bytes, and a file {limits.max_file_bytes}.",
        field="files",
        remedy="Ask for a higher quota and raise CERN_ASSETS_MAX_FILE_BYTES and CERN_ASSETS_MAX_RECORD_BYTES.",
    )
