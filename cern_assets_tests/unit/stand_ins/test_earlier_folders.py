"""A folder of the embedded repository that an earlier version made is opened, with all that is in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.tables import write_request_status

_EARLIER = """
CREATE TABLE community (id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL, policy TEXT NOT NULL);
CREATE TABLE request (
  id           TEXT PRIMARY KEY,
  record_id    TEXT NOT NULL,
  community_id TEXT NOT NULL REFERENCES community (id),
  status       TEXT NOT NULL CHECK (status IN ('created', 'submitted', 'accepted', 'declined'))
);
CREATE INDEX request_record ON request (record_id);
CREATE TABLE inclusion (
  id           TEXT PRIMARY KEY,
  record_id    TEXT NOT NULL,
  community_id TEXT NOT NULL REFERENCES community (id),
  status       TEXT NOT NULL CHECK (status IN ('submitted', 'accepted', 'declined'))
);
CREATE INDEX inclusion_record ON inclusion (record_id);
CREATE TABLE record (
  id TEXT PRIMARY KEY, parent_id TEXT NOT NULL, version_index INTEGER NOT NULL, created TEXT NOT NULL,
  updated TEXT NOT NULL, published TEXT, published_revision INTEGER NOT NULL DEFAULT 0,
  published_text TEXT NOT NULL DEFAULT '', draft TEXT, draft_revision INTEGER NOT NULL DEFAULT 0,
  own_text TEXT NOT NULL DEFAULT ''
);
INSERT INTO record (id, parent_id, version_index, created, updated, draft) VALUES ('r', 'p', 1, '', '', '{}');
INSERT INTO community VALUES ('c', 'slug', 'Title', 'closed');
INSERT INTO request VALUES ('asked', 'r', 'c', 'declined');
INSERT INTO inclusion VALUES ('further', 'r', 'c', 'submitted');
"""


def test_requests_of_a_folder_of_the_time_when_none_was_taken_back_are_kept_and_can_be(tmp_path: Path) -> None:
    path = tmp_path / "repository.sqlite"
    with closing(sqlite3.connect(path)) as earlier:
        earlier.executescript(_EARLIER)
    for _ in range(2):  # the second time, all is as it is to be
        database = Database(path)
        database.close()
    database = Database(path)
    with database.writing() as connection:
        write_request_status(connection, "further", "cancelled")
    with database.reading() as connection:
        rows = [tuple(connection.execute(f"SELECT id, status FROM {table}").fetchone()) for table in _TABLES]
        indexes = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        (owner,) = connection.execute("SELECT owner FROM community").fetchone()
    database.close()
    assert (rows, owner) == ([("asked", "declined"), ("further", "cancelled")], "1")
    assert {"request_record", "inclusion_record"} <= indexes


_TABLES = ("request", "inclusion")
