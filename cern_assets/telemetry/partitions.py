"""A Dagster instance's partitions and runs, read where SQLite keeps them: asking Dagster itself takes three seconds."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import yaml

from cern_assets.errors import StorageFullError, StorageUnavailableError
from cern_assets.failures import failure, is_full

_ELSEWHERE = frozenset({"storage", "run_storage", "event_log_storage", "local_artifact_storage"})
"""Keys of `dagster.yaml` that move the database to another place."""
_QUERY = "SELECT partition FROM dynamic_partitions WHERE partitions_def_name = ? ORDER BY id"
_PIECE = 50_000


def kept_in_sqlite(home: Path) -> bool:
    """Whether the instance of a folder keeps its partitions in the SQLite file that is Dagster's default."""
    try:
        configured = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return not home.exists()
    except (OSError, ValueError, yaml.YAMLError):  # Dagster says best what is wrong with it
        return False
    return isinstance(configured, dict) and not _ELSEWHERE & configured.keys()


def sqlite_runs(home: Path) -> int | None:
    """How many runs the instance of a folder has recorded; None where that is not to be read.

    Raises:
        StorageFullError, StorageUnavailableError: the file cannot be read.
    """
    path = home / "history" / "runs.db"
    if not path.exists():
        return None
    (count,) = next(_read(path, "SELECT count(*) FROM runs", []))
    return int(str(count))


def sqlite_partitions(home: Path, collections: Iterable[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The recids that are partitions of collections, in pieces; none where no instance has been made yet.

    Raises:
        StorageUnavailableError: the file cannot be read.
    """
    path = home / "history" / "runs" / "index.db"
    if path.exists():
        for collection in collections:
            found = _read(path, _QUERY, [f"{collection}_recid"])
            while piece := list(islice(found, _PIECE)):
                yield collection, [str(recid) for (recid,) in piece]


def _read(path: Path, query: str, parameters: list[str]) -> Iterator[tuple[object, ...]]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as database:
            yield from database.execute(query, parameters)
    except sqlite3.Error as error:
        if is_full(path):
            raise failure(StorageFullError, "Reading the Dagster instance", str(path), str(error)) from error
        raise StorageUnavailableError(
            f"The Dagster instance cannot be read: {error}.",
            uri=str(path),
            remedy="Run `cern-assets doctor`; if the instance is spoilt, restore its folder from a copy.",
        ) from error
