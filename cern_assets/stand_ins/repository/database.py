"""The SQLite file: schema and transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (           -- one version of a record: its published state, its draft, or both
  id                 TEXT PRIMARY KEY,
  parent_id          TEXT NOT NULL,
  version_index      INTEGER NOT NULL,
  created            TEXT NOT NULL,
  updated            TEXT NOT NULL,
  published          TEXT,                     -- JSON
  published_revision INTEGER NOT NULL DEFAULT 0,
  published_text     TEXT NOT NULL DEFAULT '', -- lower-case words for the search
  draft              TEXT,                     -- JSON
  draft_revision     INTEGER NOT NULL DEFAULT 0,
  own_text           TEXT NOT NULL DEFAULT '', -- the same of what its depositor sees: the draft if there is one
  owner              TEXT NOT NULL DEFAULT '1', -- the user who began it
  UNIQUE (parent_id, version_index),
  CHECK (published IS NOT NULL OR draft IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS record_created ON record (created);
CREATE TABLE IF NOT EXISTS identifier (       -- what `metadata.identifiers.identifier:` and DOIs are looked up in
  record_id  TEXT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  view       TEXT NOT NULL CHECK (view IN ('own', 'published')),
  scheme     TEXT NOT NULL,
  identifier TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS identifier_value ON identifier (identifier);
CREATE INDEX IF NOT EXISTS identifier_record ON identifier (record_id);
CREATE TABLE IF NOT EXISTS file (
  record_id  TEXT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  key        TEXT NOT NULL,
  file_id    TEXT NOT NULL,                    -- name of the content below the content folder
  status     TEXT NOT NULL CHECK (status IN ('pending', 'completed')),
  transfer   TEXT NOT NULL,                    -- JSON: type, and parts and part_size of a multipart transfer
  metadata   TEXT NOT NULL,                    -- JSON
  size_bytes INTEGER,
  checksum   TEXT,
  created    TEXT NOT NULL,
  updated    TEXT NOT NULL,
  PRIMARY KEY (record_id, key)
);
CREATE TABLE IF NOT EXISTS tombstone (        -- in the place of a version that was withdrawn
  record_id TEXT PRIMARY KEY,
  removed   TEXT NOT NULL                      -- JSON: what the tombstone says
);
CREATE TABLE IF NOT EXISTS community (
  id     TEXT PRIMARY KEY,
  slug   TEXT NOT NULL UNIQUE,
  title  TEXT NOT NULL,
  policy TEXT NOT NULL,
  owner  TEXT NOT NULL DEFAULT '1'
);
CREATE TABLE IF NOT EXISTS request (          -- to a community, to take a draft
  id           TEXT PRIMARY KEY,
  record_id    TEXT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  community_id TEXT NOT NULL REFERENCES community (id),
  status       TEXT NOT NULL CHECK (status IN ('created', 'submitted', 'accepted', 'declined', 'cancelled'))
);
CREATE INDEX IF NOT EXISTS request_record ON request (record_id);
CREATE TABLE IF NOT EXISTS inclusion (        -- request to a community, to take a published record
  id           TEXT PRIMARY KEY,
  record_id    TEXT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  community_id TEXT NOT NULL REFERENCES community (id),
  status       TEXT NOT NULL CHECK (status IN ('submitted', 'accepted', 'declined', 'cancelled')),
  created      REAL NOT NULL DEFAULT 0          -- seconds since 1970
);
CREATE INDEX IF NOT EXISTS inclusion_record ON inclusion (record_id);
"""


class Database:
    """Transactions on one SQLite file, from any thread; writers queue for one lock, readers never wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch(mode=0o600)  # SQLite gives its log the rights of the file
        self._lock = threading.Lock()
        # Kept open: SQLite empties its log into the file, with all the waiting for the disk, when the last one closes.
        self._writer = self._connect()
        self._readers = list[sqlite3.Connection]()
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.executescript(_SCHEMA)
        for table in ("request", "inclusion"):
            self._know_cancelled(table)
        for table in ("record", "community"):
            self._know_owners(table)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            while self._readers:
                self._readers.pop().close()
            self._writer.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view; a connection that another reader is done with is taken again."""
        try:
            connection = self._readers.pop()  # by one thread at a time, as the interpreter sees to
        except IndexError:
            connection = self._connect()
        with ExitStack() as closed:
            closed.callback(connection.close)
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
            closed.pop_all()
        self._readers.append(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of the block, or nothing of it."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def _know_owners(self, table: str) -> None:
        """Add the column of owners to a folder of the time when there was one user."""
        columns = {row["name"] for row in self._writer.execute(f"PRAGMA table_info({table})")}
        if "owner" not in columns:
            self._writer.execute(f"ALTER TABLE {table} ADD COLUMN owner TEXT NOT NULL DEFAULT '1'")

    def _know_cancelled(self, table: str) -> None:
        """Make a table of requests anew in a folder of the time when none could be taken back."""
        stated = self._writer.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()["sql"]
        if "'cancelled'" not in stated:
            copied = f"INSERT INTO {table} (id, record_id, community_id, status) SELECT * FROM earlier"  # noqa: S608  # names of tables, from above
            self._writer.executescript(
                f"DROP INDEX {table}_record; ALTER TABLE {table} RENAME TO earlier; {_SCHEMA}; {copied}; "
                "DROP TABLE earlier"
            )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=30, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # What was answered is on the disk: a loss of power loses none of it either.
        connection.execute("PRAGMA synchronous = FULL")
        return connection
