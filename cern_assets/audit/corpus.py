"""What is to be known of all records together, on disk, so that memory does not grow with their number."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cern_assets.model.identifiers import Recid
from cern_assets.model.values import content_hash

_TABLES = """
CREATE TABLE records (recid TEXT PRIMARY KEY, page TEXT, title TEXT, alike TEXT, umbrella INT, related INT,
                      files INT, bytes INT, events INT);
CREATE TABLE relations (recid TEXT, kind TEXT, target TEXT, field TEXT, PRIMARY KEY (recid, kind, target))
    WITHOUT ROWID;
CREATE TABLE identifiers (kind TEXT, value TEXT, recid TEXT, field TEXT);
CREATE TABLE words (field TEXT, folded TEXT, spelling TEXT, times INT, recids TEXT,
                    PRIMARY KEY (field, folded, spelling)) WITHOUT ROWID;
CREATE INDEX by_title ON records (title, alike);
CREATE INDEX by_target ON relations (target);
CREATE INDEX by_value ON identifiers (kind, value);
"""
MOST_RECIDS = 20
"""Other records that one fault names."""


@dataclass(frozen=True)
class Relation:
    """A record's word that it is related to another: its kind as the source writes it, and where it stands."""

    kind: str
    target: Recid
    field: str


@dataclass(frozen=True)
class Totals:
    """What a record holds, as far as it says: files, bytes, events."""

    files: int | None = None
    bytes: int | None = None
    events: int | None = None


@dataclass(frozen=True)
class Facts:
    """What of a record is compared with others.

    `alike` is all by which people tell apart records of one title. An `umbrella` states totals and has no files of its
    own. `words` are values of fields that are to be spelt alike, and `identifiers` what is one record's alone: both
    by their field.
    """

    title: str
    alike: object = ""
    umbrella: bool = False
    has_relations: bool = False
    totals: Totals = Totals()
    relations: tuple[Relation, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()


class Corpus:
    """Facts of records in an SQLite file of this run; made by `opened_corpus`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, recid: Recid, page: str, facts: Facts) -> None:
        """Note a record; of one that stands twice, the first counts."""
        totals = facts.totals
        row = (recid, page, _folded(facts.title), content_hash(facts.alike), facts.umbrella, facts.has_relations)
        done = self._connection.execute(
            "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, totals.files, totals.bytes, totals.events),
        )
        if not done.rowcount:
            return
        self._connection.executemany(
            "INSERT OR IGNORE INTO relations VALUES (?, ?, ?, ?)",
            [(recid, each.kind, each.target, each.field) for each in facts.relations],
        )
        self._connection.executemany(
            "INSERT INTO identifiers VALUES (?, ?, ?, ?)",
            [(field, value.casefold(), recid, field) for field, value in facts.identifiers],
        )
        self._connection.executemany(
            "INSERT INTO words VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET times = times + 1,"
            " recids = CASE WHEN times < ? THEN recids || ' ' || excluded.recids ELSE recids END",
            [(field, letters(word), word, recid, MOST_RECIDS) for field, word in facts.words],
        )

    def rows(self, query: str, *values: object) -> Iterator[Any]:
        """Ask in SQL: tables `records`, `relations`, `identifiers`, `words`."""
        with closing(self._connection.cursor()) as cursor:
            yield from cursor.execute(query, values)

    def page(self, recid: Recid) -> str:
        """The public page of a record that was noted."""
        return next((str(page) for (page,) in self.rows("SELECT page FROM records WHERE recid = ?", recid)), "")


@contextmanager
def opened_corpus() -> Iterator[Corpus]:
    """An empty corpus, gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-audit-") as folder:
        connection = sqlite3.connect(Path(folder) / "corpus.sqlite", isolation_level=None)
        with closing(connection):
            connection.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN; {_TABLES}")
            yield Corpus(connection)


def letters(word: str) -> str:
    """A word by its letters and digits alone: `CERN-LHC` and `Cern LHC` are one."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())
