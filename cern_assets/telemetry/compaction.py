"""Compaction: closed spool files become Parquet, partitioned by day, and the standing of each recid is kept beside.

Everything is written under new names and counts from the moment at which the catalog names it: a compaction that dies
leaves the folder as it was, and one that runs again does what is left. Lines that come late join their day as one more
part. A file with lines of a kind or version that is not known here stays as it is, for a reader who knows them.
"""

import shutil
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cern_assets.telemetry.catalog import (
    GRACE_SECONDS,
    Catalog,
    Contents,
    alone,
    closed_files,
    look,
    sweep,
    write_catalog,
)
from cern_assets.telemetry.database import Database, parquet

_MANY = 16
"""Parts of one day that are put together into one."""
LINES_A_SHARE = 2_000_000
"""Of which the recids' standings are worked out together, in the memory that DuckDB is given."""


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: spool files and their bytes, and the Parquet parts and bytes that there are afterwards."""

    files: int
    spool_bytes: int
    parts: int
    parquet_bytes: int


def compact(folder: Path, *, grace_seconds: float = GRACE_SECONDS) -> Compacted | None:
    """Compact what is closed; None where another process is at it.

    Raises:
        OSError: the folder cannot be written to, or is full; nothing is lost, and nothing changed.
    """
    if not folder.is_dir():
        return Compacted(0, 0, 0, 0)
    with alone(folder) as ours:
        if not ours:
            return None
        sweep(folder, look(folder).catalog, grace_seconds)
        contents = look(folder)
        with closed_files(contents) as closed:
            catalog, taken = _compacted(contents, closed)
        sweep(folder, catalog, grace_seconds)
        sizes = [(folder / "compact" / name).stat().st_size for name in catalog.named()]
        return Compacted(len(taken), sum(contents.loose[name] for name in taken), len(catalog.parts), sum(sizes))


def _compacted(contents: Contents, closed: Sequence[str]) -> tuple[Catalog, list[str]]:
    """The catalog afterwards, and the files that it names anew."""
    folder, before = contents.folder, contents.catalog
    crowded = {day for day, parts in Counter(day for day, _ in before.parts).items() if parts >= _MANY}
    batch = uuid.uuid4().hex
    with Database(Contents(folder, {name: contents.loose[name] for name in closed}, before)) as database:
        taken = [name for name in closed if name not in database.strange_files()]
        if not taken and not crowded and not before.outdated:
            return before, []
    loose = {name: contents.loose[name] for name in taken}
    place = folder / "compact"
    with Database(Contents(folder, loose, before)) as database:
        written = _written(database, place, batch, "FROM new_lines")
        again = before.parts if before.outdated else ()
        database.read_instead([place / name for _, name in (*again, *written)])
        kept = write_kept(database, place, batch)
        parts = [*before.parts, *written]
        merged = [(day, name) for day, name in parts if day in crowded]
        if merged:
            parts = [part for part in parts if part not in merged]
            lines = parquet([place / name for _, name in merged])
            parts += _written(database, place, f"{batch}-again", f"FROM {lines}")
    gone = {name for name in before.files if not (folder / name).exists()}
    files = (before.files - gone) | frozenset(taken)
    catalog = Catalog(tuple(sorted(parts)), kept.standing, kept.reports, files, kept.fates)
    write_catalog(folder, catalog)
    return catalog, taken


@dataclass(frozen=True)
class Kept:
    """Names of what is kept beside the parts, as the catalog has them."""

    standing: tuple[str, ...]
    reports: tuple[str, ...]
    fates: tuple[str, ...]


def write_kept(database: Database, place: Path, batch: str, *, lines_a_share: int = LINES_A_SHARE) -> Kept:
    """Write where each recid stands, what its stages last reported, and what became of metadata, into new files.

    A share of the recids at a time, so that memory does not grow with the loose lines. The fates of all shares add up;
    those that were kept before are among the first share's.
    """
    (counted,) = database.rows("SELECT count(*) AS lines FROM loose_lines")
    shares = 1 + int(str(counted["lines"])) // lines_a_share
    kept = Kept(
        *(tuple(f"{kind}-{batch}-{n}.parquet" for n in range(shares)) for kind in ("standing", "reports", "fates"))
    )
    for share, (standing, reports, fates) in enumerate(zip(kept.standing, kept.reports, kept.fates, strict=True)):
        database.keep_standing(share, shares)
        database.copy("FROM all_standing ORDER BY collection, length(recid), recid", place / standing)
        database.copy("FROM all_reports ORDER BY position, collection, length(recid), recid", place / reports)
        before = " UNION ALL BY NAME FROM kept_fates" if share == 0 else ""
        added = "collection, path, fate, as_bigint(sum(recids)) AS recids, as_bigint(sum(leaves)) AS leaves"
        database.copy(f"SELECT {added} FROM (FROM loose_fates{before}) GROUP BY ALL", place / fates)  # noqa: S608  ours
    return kept


def _written(database: Database, place: Path, batch: str, lines: str) -> list[tuple[str, str]]:
    """Lines as a part a day."""
    folder = place / f"{batch}.unfinished"
    by_day = f"SELECT *, coalesce(strftime(ts, '%Y-%m-%d'), 'unknown') AS day FROM ({lines})"  # noqa: S608  our own names
    database.copy(by_day, folder, "PARTITION_BY (day)")
    parts = []
    for number, path in enumerate(sorted(folder.rglob("*.parquet"))):
        day = path.parent.name.removeprefix("day=")
        name = f"day={day}/{batch}-{number}.parquet"
        (place / name).parent.mkdir(exist_ok=True)
        path.rename(place / name)
        parts.append((day, name))
    shutil.rmtree(folder, ignore_errors=True)
    return parts
