"""Spool files read once and kept as Parquet beside them: a cache, which may be deleted at any time.

A part (`<folder>/compact/<id>.parquet`) holds the lines of many spool files, and its index (`<id>.json`) their names
and sizes. A part stands for a file only while that has the size it was read at: a file that grew is read again, and
one that is gone is gone from the answers too, so that its loss is seen.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_WORTH_BYTES = 16 * 1024**2
"""Spool files of fewer bytes together are read as they are, which takes a tenth of a second."""


@dataclass(frozen=True)
class Part:
    """A Parquet file, and the spool files of which it holds all lines as they are now."""

    path: Path
    files: frozenset[str]


@dataclass(frozen=True)
class Spool:
    """What there is to read: parts, and the spool files that no part stands for, with their sizes in bytes."""

    parts: tuple[Part, ...]
    loose: Mapping[str, int]

    @property
    def worth_compacting(self) -> bool:
        """Whether the loose files are so large that the next reader is better off with a part of them."""
        return sum(self.loose.values()) > _WORTH_BYTES


def look(folder: Path) -> Spool:
    """What a spool's folder holds at this moment."""
    loose = {path.name: path.stat().st_size for path in sorted(folder.glob("events-*.jsonl"))}
    parts = []
    for index in sorted((folder / "compact").glob("*.json")):
        held = _held(index)
        files = frozenset(name for name, size_bytes in held.items() if loose.get(name) == size_bytes)
        if files and index.with_suffix(".parquet").exists():
            parts.append(Part(index.with_suffix(".parquet"), files))
            loose = {name: size_bytes for name, size_bytes in loose.items() if name not in files}
    return Spool(tuple(parts), loose)


def compact(folder: Path, spool: Spool, copy: Callable[[list[str], Path], None]) -> Spool:
    """Make a part of the loose files by `copy(paths, parquet)`; where nothing can be written, all stays as it is."""
    place = folder / "compact"
    part = place / f"{uuid.uuid4().hex}.parquet"
    unfinished = part.with_suffix(".unfinished")
    try:
        place.mkdir(exist_ok=True)
        copy([str(folder / name) for name in spool.loose], unfinished)
        unfinished.replace(part)
        index = part.with_suffix(".json.unfinished")
        index.write_text(json.dumps(dict(spool.loose)), encoding="utf-8")
        index.replace(part.with_suffix(".json"))
    except OSError:  # a reader of somebody else's spool, or a full disk: slower, and right
        return spool
    return Spool((*spool.parts, Part(part, frozenset(spool.loose))), {})


def _held(index: Path) -> dict[str, int]:
    try:
        held = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): int(size_bytes) for name, size_bytes in held.items()}
