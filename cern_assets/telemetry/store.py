"""Reading the spool: an in-memory DuckDB with the tables and views of `sql/`."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from cern_assets.bundled import bundled

type Row = dict[str, object]


class TelemetryStore:
    """The spool of one folder as SQL tables and views, as of the moment it was opened.

    In memory, so that any number of readers work beside any number of writers. Use as a context manager.
    """

    def __init__(self, folder: Path) -> None:
        self._connection = duckdb.connect(":memory:")
        for script in sql_scripts("schema"):
            self._connection.execute(script)
        self._load(sorted(str(path) for path in folder.glob("events-*.jsonl")))
        for script in sql_scripts("views"):
            self._connection.execute(script)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def register(self, recids: Iterable[tuple[str, str]]) -> None:
        """Tell which (collection, recid) pairs the instance knows: its partition keys."""
        pairs = list(recids)
        columns = [[collection for collection, _ in pairs], [recid for _, recid in pairs]]
        # One statement, as DuckDB plans each row of an executemany anew.
        self._connection.execute("INSERT OR IGNORE INTO registered SELECT unnest(?), unnest(?)", columns)

    def rows(self, query: str) -> list[Row]:
        """Run a query and return its rows by column name."""
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _load(self, files: list[str]) -> None:
        if not files:
            return
        described = self._connection.execute("DESCRIBE events").fetchall()
        columns = {str(column[0]): str(column[1]) for column in described}
        # A torn last line becomes a row of NULLs under ignore_errors.
        self._connection.execute(
            "INSERT INTO events BY NAME SELECT * FROM read_json(?, format = 'newline_delimited', columns = ?, "
            "ignore_errors = true) WHERE ts IS NOT NULL",
            [files, columns],
        )


def sql_scripts(kind: str) -> list[str]:
    """The SQL files of `sql/<kind>/` in the order of their names."""
    files = (file for file in (bundled("sql") / kind).iterdir() if file.name.endswith(".sql"))
    return [file.read_text(encoding="utf-8") for file in sorted(files, key=lambda file: file.name)]
