"""Search in published records, and in the depositor's own; a write is found at once."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.refusals import FieldError, RefusedError, invalid
from cern_assets.stand_ins.repository.tables import Version

_WINDOW = 10_000
_IDENTIFIER = re.compile(
    r'(?:metadata\.identifiers|pids\.doi)\.identifier:(?:"(?:[^"\\]|\\.)*"|\S+)'
    r'(?:\s+OR\s+(?:metadata\.identifiers|pids\.doi)\.identifier:(?:"(?:[^"\\]|\\.)*"|\S+))*'
)
_OF_FIELD = re.compile(r'(metadata\.identifiers|pids\.doi)\.identifier:("(?:[^"\\]|\\.)*"|\S+)')
_CREATED = re.compile(r'created:\["([^"]*)" TO \*\]')
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_ORDERS = {
    "newest": "created DESC",
    "oldest": "created ASC",
    "updated-desc": "updated DESC",
    "bestmatch": "created DESC",
}

_VIEWS = {
    "published": """
        r.published IS NOT NULL AND json_extract(r.published, '$.access.record') = 'public' AND NOT EXISTS (
          SELECT 1 FROM record AS n
          WHERE n.parent_id = r.parent_id AND n.version_index > r.version_index AND n.published IS NOT NULL)""",
    "own": """
        NOT EXISTS (SELECT 1 FROM record AS n WHERE n.parent_id = r.parent_id AND n.version_index > r.version_index)""",
}
"""Latest versions: those that everybody may see, and those of the depositor, drafts included."""

_WITH_IDENTIFIER = {
    "published": "SELECT record_id FROM identifier WHERE identifier = ? AND view = 'published'",
    "own": "SELECT record_id FROM identifier WHERE identifier = ? AND view = 'own'",
}
_OF_SCHEME = {"metadata.identifiers": "AND scheme <> 'pid:doi'", "pids.doi": "AND scheme = 'pid:doi'"}


@dataclass(frozen=True)
class Query:
    """A search as the URL states it: all words and identifiers must match; latest versions only.

    With an owner, among the drafts and records of this user; without, among what everybody may see.
    """

    text: str = ""
    size: int = 25
    page: int = 1
    sort: str = "newest"
    owner: str | None = None

    def __post_init__(self) -> None:
        for name, number in (("size", self.size), ("page", self.page)):
            if number < 1:
                raise invalid(FieldError(name, "Must be greater than or equal to 1."))
        if self.size * self.page > _WINDOW:
            raise RefusedError(400, f"Maximum number of {_WINDOW} results have been reached.")
        if self.sort not in _ORDERS:
            raise invalid(FieldError("_schema", f"Invalid sort option '{self.sort}'."))


@dataclass(frozen=True)
class Found:
    """One page of versions, and how many there are in all."""

    query: Query
    total: int
    versions: tuple[Version, ...]

    @property
    def pages(self) -> int:
        """The number of pages."""
        return math.ceil(self.total / self.query.size)


def search(database: Database, query: Query, *, indexed_until: float | None = None) -> Found:
    """Find versions, by identifiers, `created:["..." TO *]`, and by words.

    Identifiers are asked for as `metadata.identifiers.identifier:"..."` and `pids.doi.identifier:"..."`, joined by OR.

    What was created after `indexed_until` (seconds since 1970) is not found, as with an index that lags.
    """
    view = "published" if query.owner is None else "own"
    conditions, values = [_VIEWS[view]], list[str]()
    if query.owner is not None:
        conditions.append("r.owner = ?")
        values.append(query.owner)
    if indexed_until is not None:
        conditions.append("r.created <= ?")
        values.append(datetime.fromtimestamp(indexed_until, UTC).isoformat())
    for either in _IDENTIFIER.findall(query.text):
        asked = _OF_FIELD.findall(either)
        any_of = (f"r.id IN ({_WITH_IDENTIFIER[view]} {_OF_SCHEME[field]})" for field, _ in asked)
        conditions.append(f"({' OR '.join(any_of)})")
        values.extend(_unquoted(term).lower() if field == "pids.doi" else _unquoted(term) for field, term in asked)
    for moment in _CREATED.findall(query.text):
        conditions.append("r.created >= ?")
        values.append(moment)
    for phrase, word in _PHRASE.findall(_CREATED.sub(" ", _IDENTIFIER.sub(" ", query.text))):
        if word not in ("AND", "*"):
            conditions.append(f"instr(r.{view}_text, ?) > 0")
            values.append((phrase or word).lower())
    # Only words of this module are put into the statements; what was asked for is bound.
    found = f"FROM record AS r WHERE {' AND '.join(conditions)}"
    page = f"ORDER BY {_ORDERS[query.sort]} LIMIT {query.size} OFFSET {query.size * (query.page - 1)}"
    with database.reading() as connection:
        total = connection.execute(f"SELECT COUNT(*) {found}", values).fetchone()[0]
        rows = connection.execute(f"SELECT * {found} {page}", values).fetchall()
    return Found(query, total, tuple(Version.of(row) for row in rows))


def _unquoted(term: str) -> str:
    return re.sub(r"\\(.)", r"\1", term[1:-1]) if term.startswith('"') else term
