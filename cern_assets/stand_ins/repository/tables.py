"""Rows as values, and the statements that read and write them; each takes the connection of its transaction."""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self

Stage = Literal["draft", "published"]
Content = dict[str, Any]
"""What a depositor controls of a record: `metadata`, `access`, `custom_fields`, `pids`, `files.enabled`."""

_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True)
class Version:
    """One version of a record."""

    id: str
    parent_id: str
    index: int
    created: str
    updated: str
    published: Content | None
    published_revision: int
    draft: Content | None
    draft_revision: int
    owner: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        return cls(
            id=row["id"],
            parent_id=row["parent_id"],
            index=row["version_index"],
            created=row["created"],
            updated=row["updated"],
            published=None if row["published"] is None else json.loads(row["published"]),
            published_revision=row["published_revision"],
            draft=None if row["draft"] is None else json.loads(row["draft"]),
            draft_revision=row["draft_revision"],
            owner=row["owner"],
        )

    def with_draft(self, draft: Content | None) -> Self:
        """The version with another draft, one revision later."""
        return replace(self, draft=draft, draft_revision=self.draft_revision + 1, updated=now())

    def as_published(self, content: Content) -> Self:
        """The version with this published content and no draft."""
        revision = self.published_revision + 1
        return replace(self, published=content, published_revision=revision, draft=None, updated=now())


@dataclass(frozen=True)
class StoredContent:
    """A file of a version, in whatever state its upload is."""

    record_id: str
    key: str
    file_id: str
    status: Literal["pending", "completed"]
    transfer: dict[str, Any]
    metadata: dict[str, Any]
    size_bytes: int | None
    checksum: str | None
    created: str
    updated: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        values = {name: row[name] for name in row.keys()}  # noqa: SIM118  # a Row iterates over its values
        values |= {name: json.loads(row[name]) for name in ("transfer", "metadata")}
        return cls(**values)


def now() -> str:
    """The time as InvenioRDM writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def new_id() -> str:
    """An id of InvenioRDM's form: `abcde-12345`."""
    digits = "".join(secrets.choice(_ID_ALPHABET) for _ in range(10))
    return f"{digits[:5]}-{digits[5:]}"


def read_version(connection: sqlite3.Connection, record_id: str) -> Version | None:
    """One version by its id."""
    row = connection.execute("SELECT * FROM record WHERE id = ?", (record_id,)).fetchone()
    return None if row is None else Version.of(row)


def versions_of(connection: sqlite3.Connection, parent_id: str) -> tuple[Version, ...]:
    """All versions, the first one first."""
    rows = connection.execute("SELECT * FROM record WHERE parent_id = ? ORDER BY version_index", (parent_id,))
    return tuple(Version.of(row) for row in rows)


def write_version(connection: sqlite3.Connection, version: Version) -> None:
    """Insert or replace a version, with what the search needs."""
    values = {
        "id": version.id,
        "parent_id": version.parent_id,
        "version_index": version.index,
        "created": version.created,
        "updated": version.updated,
        "published": None if version.published is None else json.dumps(version.published),
        "published_revision": version.published_revision,
        "published_text": _search_text(version.id, version.published),
        "draft": None if version.draft is None else json.dumps(version.draft),
        "draft_revision": version.draft_revision,
        "own_text": _search_text(version.id, version.draft or version.published),
        "owner": version.owner,
    }
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values)
    statement = f"INSERT INTO record ({names}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {updates}"  # noqa: S608  # names of columns, from above
    connection.execute(statement, values)
    connection.execute("DELETE FROM identifier WHERE record_id = ?", (version.id,))
    connection.executemany("INSERT INTO identifier VALUES (?, ?, ?, ?)", _identifier_rows(version))


def delete_version(connection: sqlite3.Connection, record_id: str) -> None:
    """Delete a version with its files' rows."""
    connection.execute("DELETE FROM record WHERE id = ?", (record_id,))


def bury(connection: sqlite3.Connection, record_id: str, removed: Mapping[str, object]) -> None:
    """Put a tombstone in a version's place."""
    delete_version(connection, record_id)
    connection.execute("INSERT INTO tombstone VALUES (?, ?)", (record_id, json.dumps(removed)))


def tombstone_of(connection: sqlite3.Connection, record_id: str) -> dict[str, Any] | None:
    """What the tombstone of a version says, None if there is none."""
    row = connection.execute("SELECT removed FROM tombstone WHERE record_id = ?", (record_id,)).fetchone()
    return None if row is None else dict(json.loads(row["removed"]))


def request_status(connection: sqlite3.Connection, record_id: str) -> str | None:
    """How the request of a draft to a community stands, None if there is none."""
    row = connection.execute("SELECT status FROM request WHERE record_id = ?", (record_id,)).fetchone()
    return None if row is None else str(row["status"])


def write_request_status(connection: sqlite3.Connection, request_id: str, status: str) -> None:
    """Note how a request to a community stands."""
    connection.execute("UPDATE request SET status = ? WHERE id = ?", (status, request_id))
    connection.execute("UPDATE inclusion SET status = ? WHERE id = ?", (status, request_id))


def communities_of(connection: sqlite3.Connection, parent_id: str) -> Mapping[str, str]:
    """The communities that have taken a record, by id, with their slugs."""
    rows = connection.execute(
        "SELECT DISTINCT community.id, community.slug "
        "FROM (SELECT record_id, community_id, status FROM request "
        "UNION ALL SELECT record_id, community_id, status FROM inclusion) AS asked "
        "JOIN record ON record.id = asked.record_id JOIN community ON community.id = asked.community_id "
        "WHERE record.parent_id = ? AND asked.status = 'accepted'",
        (parent_id,),
    )
    return {row["id"]: row["slug"] for row in rows}


def doi_taken(connection: sqlite3.Connection, doi: str, *, except_for: str) -> bool:
    """Whether another published record has this DOI."""
    found = connection.execute(
        "SELECT 1 FROM identifier "
        "WHERE scheme = 'pid:doi' AND view = 'published' AND identifier = ? AND record_id <> ?",
        (doi.lower(), except_for),
    )
    return found.fetchone() is not None


def files_of(connection: sqlite3.Connection, record_id: str) -> tuple[StoredContent, ...]:
    """All files of a version by key."""
    rows = connection.execute("SELECT * FROM file WHERE record_id = ? ORDER BY key", (record_id,))
    return tuple(StoredContent.of(row) for row in rows)


def file_ids(connection: sqlite3.Connection) -> frozenset[str]:
    """The ids of the contents of all files."""
    return frozenset(row["file_id"] for row in connection.execute("SELECT file_id FROM file"))


def read_file(connection: sqlite3.Connection, record_id: str, key: str) -> StoredContent | None:
    """One file of a version."""
    row = connection.execute("SELECT * FROM file WHERE record_id = ? AND key = ?", (record_id, key)).fetchone()
    return None if row is None else StoredContent.of(row)


def write_file(connection: sqlite3.Connection, file: StoredContent) -> None:
    """Insert or replace a file's row."""
    values = (
        *(file.record_id, file.key, file.file_id, file.status, json.dumps(file.transfer), json.dumps(file.metadata)),
        *(file.size_bytes, file.checksum, file.created, file.updated),
    )
    connection.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def delete_file(connection: sqlite3.Connection, record_id: str, key: str) -> None:
    """Delete a file's row."""
    connection.execute("DELETE FROM file WHERE record_id = ? AND key = ?", (record_id, key))


def _identifier_rows(version: Version) -> Iterator[tuple[str, str, str, str]]:
    for view, content in (("own", version.draft or version.published), ("published", version.published)):
        if content is None:
            continue
        entries = content["metadata"].get("identifiers")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                yield version.id, view, str(entry.get("scheme", "")), str(entry.get("identifier", ""))
        doi = content["pids"].get("doi", {}).get("identifier")
        if doi:
            yield version.id, view, "pid:doi", str(doi).lower()


def _search_text(record_id: str, content: Content | None) -> str:
    if content is None:
        return ""
    metadata = content["metadata"]
    names = ("title", "description", "creators", "contributors", "subjects", "identifiers", "additional_titles")
    parts = (json.dumps(metadata.get(name, ""), ensure_ascii=False) for name in names)
    return " ".join((record_id, *parts)).lower()
