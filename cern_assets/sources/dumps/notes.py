"""Notes of what stands in a dump: each record by its recid, with its text, in one SQLite file of the machine.

A dump of millions of records is read once. After that, a record is found in well under a millisecond, and only files of
the dump that are new or changed are read again. The notes can be thrown away at any time: they are made again.
"""

import fcntl
import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cern_assets.errors import CernAssetsError, StorageFullError, StorageUnavailableError
from cern_assets.failures import failure, of_the_system
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import RecordSummary

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, seal TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    recid TEXT NOT NULL, path TEXT NOT NULL, place TEXT NOT NULL, updated TEXT, title TEXT NOT NULL,
    digest TEXT, gone TEXT, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_recid ON records (recid);
CREATE INDEX IF NOT EXISTS by_path ON records (path);
CREATE TABLE IF NOT EXISTS unread (path TEXT NOT NULL, place TEXT NOT NULL, why TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Noted:
    """One record as it was found: `place` is where in the dump, `text` the record's own, `gone` why it is withdrawn.

    `times` is how often the recid stands in the dump; this is the one that was updated last, of equals the last one.
    """

    summary: RecordSummary
    place: str
    text: str
    gone: str | None
    times: int = 1


@dataclass(frozen=True)
class Unread:
    """What stands in a file of the dump and is no record: where, and why not."""

    place: str
    why: str


class DumpNotes:
    """The notes of one dump. Threads share it; processes share its file."""

    def __init__(self, file: Path) -> None:
        """Use or make `file` (SQLite)."""
        self._file = file.with_suffix(f".{_VERSION}.sqlite")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only process that reads the dump into the notes."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._failed(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def seals(self) -> Mapping[str, str]:
        """The seal (digest) under which each file was read."""
        return dict(self._connection().execute("SELECT path, seal FROM files"))

    def forget(self, path: str) -> None:
        """Forget a file that is no longer in the dump."""
        with self._writing() as connection:
            _forget(connection, path)

    def take(self, path: str, seal: str, found: Iterable[Noted | Unread]) -> None:
        """Note all that stands in a file, in place of what stood in it before; all of it, or nothing after an error."""
        with self._writing() as connection:
            _forget(connection, path)
            for each in found:
                if isinstance(each, Unread):
                    connection.execute("INSERT INTO unread VALUES (?, ?, ?)", (path, each.place, each.why))
                else:
                    connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _row(path, each))
            connection.execute("INSERT INTO files VALUES (?, ?)", (path, seal))

    def find(self, recid: Recid) -> Noted | None:
        """The record of a recid, None if none stands in the dump."""
        rows = (
            self._connection()
            .execute(
                "SELECT recid, place, updated, title, digest, gone, body FROM records WHERE recid = ?"
                " ORDER BY updated NULLS FIRST, path, rowid",
                (recid,),
            )
            .fetchall()
        )
        return _noted(rows[-1], len(rows)) if rows else None

    def summaries(self) -> Iterator[tuple[RecordSummary, bool]]:
        """What a list tells of each record, each recid once and in order, and whether the record is gone."""
        rows = self._connection().execute(
            "SELECT recid, updated, title, digest, gone FROM records ORDER BY recid, updated NULLS FIRST, path, rowid"
        )
        last: tuple[RecordSummary, bool] | None = None
        for recid, updated, title, digest, gone in rows:
            summary = RecordSummary(recid=Recid(recid), title=title, updated=updated, digest=digest)
            if last is not None and last[0].recid != recid:
                yield last
            last = summary, gone is not None
        if last is not None:
            yield last

    def unread(self) -> tuple[Unread, ...]:
        """All that is no record."""
        return tuple(Unread(*row) for row in self._connection().execute("SELECT place, why FROM unread ORDER BY place"))

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if known is None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                known = sqlite3.connect(self._file, timeout=60, check_same_thread=False)
                known.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
            except (OSError, sqlite3.Error) as error:
                raise self._failed(error) from error
            self._local.connection = known
            with self._lock:
                self._opened.append(known)
        return known

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        try:
            with connection:
                yield connection
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError | sqlite3.Error) -> CernAssetsError:
        uri, doing = str(self._file), "Noting what stands in the dump"
        if isinstance(error, OSError):
            return of_the_system(error, doing, uri)
        full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        return failure(StorageFullError if full else StorageUnavailableError, doing, uri, str(error))


def _forget(connection: sqlite3.Connection, path: str) -> None:
    for table in ("records", "unread", "files"):
        connection.execute(f"DELETE FROM {table} WHERE path = ?", (path,))  # noqa: S608  names of ours


def _row(path: str, noted: Noted) -> tuple[object, ...]:
    summary = noted.summary
    text = zlib.compress(noted.text.encode("utf-8", "surrogatepass"), 3)
    known = (summary.updated, summary.title, summary.digest, noted.gone)
    return (summary.recid, path, noted.place, *known, text)


def _noted(row: tuple[str, str, str | None, str, str | None, str | None, bytes], times: int) -> Noted:
    recid, place, updated, title, digest, gone, body = row
    summary = RecordSummary(recid=Recid(recid), title=title, updated=updated, digest=digest)
    return Noted(summary, place, zlib.decompress(body).decode("utf-8", "surrogatepass"), gone, times)


def text_of(body: object) -> str:
    """A record's JSON as it is noted: the same for the same content."""
    return json.dumps(body, ensure_ascii=False)
