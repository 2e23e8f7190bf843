"""Which form the files of a record take in the target: as they are, in one ZIP, or in several along their folders.

Pure and cheap: the plan needs names and sizes, not one byte. A ZIP of stored members has an exact size beforehand.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from posixpath import commonpath, dirname

from cern_assets.archives.layout import zip_size_bytes
from cern_assets.archives.members import Member
from cern_assets.errors import ArchiveLimitError
from cern_assets.model.archives import MANIFEST_KEY, ArchiveLimits, ArchivePlan, PlannedArchive

# What a ZIP needs for a member beside its bytes and twice its name: headers, with all ZIP64 fields they can have.
_HEADERS_BYTES = 30 + 20 + 46 + 28
_ENDS_BYTES = 56 + 20 + 22


def plan_archive(
    members: Sequence[Member], limits: ArchiveLimits, *, base: str, always_zip: bool = False
) -> ArchivePlan:
    """Files go up as they are when the target takes them so, else in as few ZIPs as it takes.

    Several ZIPs are cut between folders, the highest ones that fit, so that each can be named by what it holds; their
    keys are `<base>-01.zip` and so on, and a file says which of them holds what. `members` must be in `tree_order`.
    With `always_zip` nothing goes up as it is.

    Raises:
        ArchiveLimitError: no form fits, with the numbers that forbid it.
    """
    if not members:
        return ArchivePlan(form="none", reason="the record has no files")
    obstacle = _obstacle(members, limits)
    if obstacle is None and always_zip:
        obstacle = "a ZIP was asked for"
    if obstacle is None:
        return ArchivePlan(form="as-is", reason=f"{len(members)} file(s) fit the repository's limits")
    _refuse_hopeless(members, limits, obstacle)
    whole = zip_size_bytes(members)
    if whole <= min(limits.max_file_bytes, limits.max_record_bytes):
        archive = PlannedArchive(
            key=f"{base}.zip", size_bytes=whole, first=0, count=len(members), folder=_folder(members)
        )
        return ArchivePlan(form="zip", reason=obstacle, archives=(archive,))
    return _several(members, limits, obstacle, base)


def tree_order(name: str) -> tuple[str, ...]:
    """Sort key that keeps what is in one folder together; files of a folder stand among its folders by name."""
    return tuple(name.split("/"))


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


def _several(members: Sequence[Member], limits: ArchiveLimits, obstacle: str, base: str) -> ArchivePlan:
    parts = list(_parts(list(members), limits.max_file_bytes))
    sizes = [zip_size_bytes(part) for part in parts]
    if len(parts) + 1 > limits.max_files or sum(sizes) > limits.max_record_bytes:
        tried = f"{len(parts)} archives and {MANIFEST_KEY} with {sum(sizes)} bytes would be needed"
        raise _refusal(obstacle, tried, limits)
    width = max(2, len(str(len(parts))))
    archives, first = [], 0
    for number, (part, size) in enumerate(zip(parts, sizes, strict=True), start=1):
        key = f"{base}-{number:0{width}}.zip"
        archives.append(PlannedArchive(key=key, size_bytes=size, first=first, count=len(part), folder=_folder(part)))
        first += len(part)
    reason = (
        f"{len(parts)} archives because {obstacle}, and one ZIP would have {zip_size_bytes(members)} bytes "
        f"where a file may have {limits.max_file_bytes}; cut between folders"
    )
    return ArchivePlan(form="zips", reason=reason, archives=tuple(archives))


def _parts(members: list[Member], capacity: int, depth: int = 0) -> Iterator[list[Member]]:
    """Runs of neighbours that fit an archive: whole folders while they fit, the inside of one that does not."""
    current: list[Member] = []
    used = _ENDS_BYTES
    for _, group in groupby(members, key=lambda member: _segment(member, depth)):
        unit = list(group)
        needed = _needed(unit)
        if used + needed > capacity:
            if current:
                yield current
            current, used = [], _ENDS_BYTES
        if used + needed > capacity:
            *full, unit = _parts(unit, capacity, depth + 1)
            yield from full
            needed = _needed(unit)
        current += unit
        used += needed
    if current:
        yield current


def _segment(member: Member, depth: int) -> str:
    segments = member.name.split("/")
    return segments[depth] if depth < len(segments) - 1 else f"/{member.name}"


def _needed(members: Sequence[Member]) -> int:
    """Upper bound of what members take in an archive, without its end."""
    return sum(member.size_bytes + 2 * len(member.encoded) + _HEADERS_BYTES for member in members)


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
