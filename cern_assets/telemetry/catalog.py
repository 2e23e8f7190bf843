"""What lies in a spool's folder: files of lines, and the Parquet parts that stand for those that were compacted.

`<folder>/compact/catalog.json` names the parts, and the spool files whose lines they hold; it is replaced in one step,
and nothing counts that it does not name. A spool file that it names is read no more, whether it is still there or not.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cern_assets.errors import StorageUnavailableError

GRACE_SECONDS = 3600.0
"""For so long after they were replaced, files are left to readers that began before."""
KEPT_VERSION = 2
"""Of what is kept beside the parts; what another version kept is not read, and made anew by the next compaction."""
_PATTERN = "events-*.jsonl"


@dataclass(frozen=True)
class Catalog:
    """Parts by day (UTC, `unknown` for lines that cannot be read), and what is kept and held of them.

    `standing` and `reports` have a row a recid, and a row for each of its stages, `fates` what became of metadata by
    path; all are names below the spool's `compact/` but `files`, the spool files whose lines the parts hold.
    """

    parts: tuple[tuple[str, str], ...] = ()
    standing: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    fates: tuple[str, ...] = ()
    kept_version: int = KEPT_VERSION

    @property
    def outdated(self) -> bool:
        """Whether there are parts of which nothing is kept that this version can read."""
        return bool(self.parts) and self.kept_version != KEPT_VERSION

    def named(self) -> set[str]:
        """Names of all files that count."""
        return {name for _, name in self.parts} | {*self.standing, *self.reports, *self.fates}


@dataclass(frozen=True)
class Contents:
    """What there is to read: loose spool files that no part stands for, with their sizes in bytes, and the catalog."""

    folder: Path
    loose: dict[str, int]
    catalog: Catalog

    @property
    def loose_bytes(self) -> int:
        """How much has to be read as lines."""
        return sum(self.loose.values())


def look(folder: Path) -> Contents:
    """What a spool's folder holds at this moment; each line once, whoever compacts meanwhile.

    What is no file is none of ours: a pipe of that name would be waited for.

    Raises:
        StorageUnavailableError: the catalog cannot be read.
    """
    # In this order: what is compacted in between is in the list and in the catalog, which wins.
    found = {path.name: _size(path) for path in sorted(folder.glob(_PATTERN)) if path.is_file()}
    catalog = read_catalog(folder)
    return Contents(folder, {name: size for name, size in found.items() if name not in catalog.files}, catalog)


def read_catalog(folder: Path) -> Catalog:
    """The catalog of a folder, an empty one where nothing was compacted.

    Raises:
        StorageUnavailableError: it cannot be read, or is none.
    """
    place = folder / "compact" / "catalog.json"
    try:
        return _catalog_of(json.loads(place.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Catalog()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageUnavailableError(
            f"The catalog of compacted events cannot be read: {error}.",
            uri=str(place),
            remedy="Restore it from a copy, and delete nothing beside it: nothing else tells which files count.",
        ) from error


def _catalog_of(said: dict[str, Any]) -> Catalog:
    parts, files = tuple((str(day), str(name)) for day, name in said["parts"]), frozenset(said["files"])
    if said.get("kept_version") != KEPT_VERSION:
        return Catalog(parts, files=files, kept_version=0)
    return Catalog(parts, tuple(said["standing"]), tuple(said["reports"]), files, tuple(said["fates"]))


def write_catalog(folder: Path, catalog: Catalog) -> None:
    """Replace the catalog in one step; what it names is on the disk before."""
    place = folder / "compact"
    for name in catalog.named():
        _sync(place / name)
    text = json.dumps({**asdict(catalog), "files": sorted(catalog.files)})
    new = place / "catalog.json.unfinished"
    new.write_text(text, encoding="utf-8")
    _sync(new)
    new.replace(place / "catalog.json")
    _sync(place)


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else compacts this folder, for the length of the block."""
    place = folder / "compact"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        yield _locked(lock.fileno())


@contextmanager
def closed_files(contents: Contents) -> Iterator[Sequence[str]]:
    """The loose files that nobody will append to any more, kept so for the length of the block."""
    closed = []
    with ExitStack() as held:
        for name in contents.loose:
            with suppress(FileNotFoundError):
                file = held.enter_context((contents.folder / name).open("rb"))
                if _locked(file.fileno()):
                    closed.append(name)
        yield closed


def sweep(folder: Path, catalog: Catalog, grace_seconds: float) -> None:
    """Delete what counts no more: compacted spool files, replaced parts, and what dead processes left."""
    place = folder / "compact"
    counting = {place / name for name in catalog.named()} | {place / "catalog.json", place / "lock"}
    old = [folder / name for name in catalog.files] + [path for path in place.rglob("*") if path.is_file()]
    latest = time.time() - grace_seconds
    for path in [*old, *folder.glob(f"{_PATTERN}.beginning")]:
        with suppress(FileNotFoundError):
            if path not in counting and max(path.stat().st_mtime, _replaced(place, path)) <= latest:
                path.unlink()


def _replaced(place: Path, path: Path) -> float:
    """When a file stopped counting, at the latest: the catalog is as old as its last change."""
    catalog = place / "catalog.json"
    return catalog.stat().st_mtime if catalog.exists() and not path.name.endswith(".beginning") else 0.0


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
