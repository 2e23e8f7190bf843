"""Reading the spool: an in-memory DuckDB with the tables and views of `sql/`."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from cern_assets.bundled import bundled
from cern_assets.model.outcomes import STAGE_NAMES, STATE_OF, SUCCESSFUL
from cern_assets.telemetry.compaction import Spool, compact, look
from cern_assets.telemetry.spool import VERSION

type Row = dict[str, object]

_MEMORY = "512MB"
_PIECE = 10_000


class TelemetryStore:
    """The spool of one folder as SQL tables and views, as of the moment it was opened.

    In memory, so that any number of readers work beside any number of writers; what does not fit into half a gigabyte
    goes to a temporary folder. Use as a context manager.
    """

    def __init__(self, folder: Path) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="cern-assets-")
        limits: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": self._spill.name,
            "preserve_insertion_order": "false",
        }
        self._connection = duckdb.connect(":memory:", config=limits)
        for script in sql_scripts("schema"):
            self._connection.execute(script)
        states = list(STATE_OF.items())
        self._fill("statuses", [s for s, _ in states], [x for _, x in states], [s in SUCCESSFUL for s, _ in states])
        self._fill("stages", list(STAGE_NAMES), list(range(1, len(STAGE_NAMES) + 1)))
        self._connection.execute(f"CREATE MACRO known_version() AS {VERSION}")
        self._read(folder)
        for script in sql_scripts("views"):
            self._connection.execute(script)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def register(self, collection: str, recids: Sequence[str]) -> None:
        """Tell recids that the instance knows: partition keys, each once."""
        self._put("registered (collection, recid)", [collection], recids)

    def ask(self, collection: str, recids: Sequence[str]) -> None:
        """Narrow the ledger to these recids, and those of further calls."""
        self._put("asked (collection, recid)", [collection], recids)

    def begin_counting(self, collection: str, stage: str, began: datetime) -> None:
        """Tell that the documents of a stage are counted: those of what was told before `began` have to be there."""
        self._connection.execute("INSERT INTO counted VALUES (?, ?, ?)", [collection, stage, _naive(began)])

    def count(self, collection: str, stage: str, recids: Sequence[str]) -> None:
        """Tell recids of which the store has the stage's document."""
        self._put("documents (collection, stage, recid)", [collection, stage], recids)

    def keep(self, view: str) -> None:
        """Put a table in a view's place, so that what builds on it does not compute it again."""
        self._connection.execute(f"CREATE TABLE kept AS FROM {view}")
        self._connection.execute(f"DROP VIEW {view}")
        self._connection.execute(f"ALTER TABLE kept RENAME TO {view}")

    def rows(self, query: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query and give its rows by column name, a piece at a time; one query at a time."""
        cursor = self._connection.execute(query, parameters)
        names = [column[0] for column in cursor.description or ()]
        while piece := cursor.fetchmany(_PIECE):
            yield from (dict(zip(names, row, strict=True)) for row in piece)

    def _put(self, place: str, fixed: list[str], recids: Sequence[str]) -> None:
        # One statement for all, as DuckDB plans each row of an executemany anew.
        marks = "".join("?, " for _ in fixed)
        self._connection.execute(
            f"INSERT INTO {place} SELECT {marks}unnest(?::VARCHAR[])",
            [*fixed, list(recids)],
        )

    def _fill(self, table: str, *columns: Sequence[object]) -> None:
        marks = ", ".join("unnest(?)" for _ in columns)
        self._connection.execute(f"INSERT INTO {table} SELECT {marks}", list(columns))

    def _read(self, folder: Path) -> None:
        """Make `all_lines`: the lines of parts, and those of loose files."""
        spool = look(folder)
        if spool.worth_compacting:
            spool = compact(folder, spool, self._copy)
        if spool.loose:
            paths = [str(folder / name) for name in spool.loose]
            self._connection.execute(f"INSERT INTO lines BY NAME {self._json()}", [paths, self._columns()])
        self._connection.execute("CREATE VIEW all_lines AS " + " UNION ALL BY NAME ".join(_sources(spool)))

    def _copy(self, paths: list[str], parquet: Path) -> None:
        try:
            self._connection.execute(
                f"COPY ({self._json()}) TO {_quoted(str(parquet))} (FORMAT parquet, COMPRESSION zstd)",
                [paths, self._columns()],
            )
        except duckdb.IOException as error:
            raise OSError(str(error)) from error

    @staticmethod
    def _json() -> str:
        # A line that is no object, or torn, becomes a row of NULLs under ignore_errors.
        return (
            "SELECT * REPLACE (parse_filename(file) AS file) FROM read_json(?, format = 'newline_delimited', "
            "columns = ?, ignore_errors = true, filename = 'file')"
        )

    def _columns(self) -> dict[str, str]:
        described = self._connection.execute("DESCRIBE lines").fetchall()
        return {str(column[0]): str(column[1]) for column in described if column[0] != "file"}


def sql_scripts(kind: str) -> list[str]:
    """The SQL files of `sql/<kind>/`, schema in the order of names, views so that each follows those it reads."""
    files = [file for file in (bundled("sql") / kind).iterdir() if file.name.endswith(".sql")]
    texts = {file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in files}
    return [texts[name] for name in (sorted(texts) if kind == "schema" else _in_order(texts))]


def _in_order(views: dict[str, str]) -> list[str]:
    """Names of views, each after those that it names."""
    done: list[str] = []
    while rest := sorted(set(views) - set(done)):
        done += [name for name in rest if not any(other in views[name] for other in rest if other != name)]
    return done


def _sources(spool: Spool) -> list[str]:
    parts = [
        f"SELECT * FROM read_parquet({_quoted(str(part.path))}) "  # noqa: S608  quoted, and names of our own files
        f"WHERE file IN ({', '.join(map(_quoted, sorted(part.files)))})"
        for part in spool.parts
    ]
    return ["SELECT * FROM lines", *parts]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
