"""An in-memory DuckDB with the tables and views of `sql/` over what a spool's folder holds."""

import functools
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from cern_assets.bundled import bundled
from cern_assets.errors import StorageUnavailableError
from cern_assets.model.outcomes import STAGE_NAMES, STATE_OF, SUCCESSFUL
from cern_assets.telemetry.catalog import Contents
from cern_assets.telemetry.lines import KINDS, VERSION

type Row = dict[str, object]

_MEMORY = "400MB"
"""DuckDB's own; with what Python and the library take, a process stays below half a gigabyte."""
_PIECE = 10_000
_MOMENT = """
if(is_moment(ts) AND is_moment(started) AND is_span(elapsed_seconds) AND is_span(wait_seconds)
   AND says_enough(kind, way, how, size_bytes, system, http_status, attempt, reason, wait_seconds, leaves), ts, NULL)
"""
"""Of a line as it stands: none where what it says cannot be, which is a damaged line then."""
_SCARCE = "Nothing is lost: run the same again when the machine has memory and room in its temporary folder."
_DAMAGED = "Restore the file that is named from a copy, or give this user access to it; the others are as they were."
_WORD = re.compile(r"\w+")
_COMMENT = re.compile(r"--.*")
_MADE = re.compile(r"CREATE (?:VIEW|MACRO) (\w+)")
"""What a script of `sql/views/` makes."""
_LONGEST_LINE_BYTES = 4 * 1024**2
"""Each scan sets memory aside for a few of them."""


class Database:
    """Use as a context manager. In memory, so that any number of readers work beside any number of writers.

    Nothing is read before it is asked for, and no view is made before a query names it: to make all of them binds each
    to its files, which takes longer than most questions. What does not fit into memory goes to a temporary folder.
    """

    def __init__(self, contents: Contents) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="cern-assets-")
        limits: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": self._spill.name,
            "preserve_insertion_order": "false",
        }
        self.connection = duckdb.connect(":memory:", config=limits)
        self._unmade = set(views())
        self._kept: tuple[str, ...] = ()
        try:
            self._set_up(contents)
        except BaseException:  # nobody else has what is to be closed
            self._close()
            raise

    def _set_up(self, contents: Contents) -> None:
        self.connection.execute("SET enable_progress_bar = false")
        self.connection.execute("SET parquet_metadata_cache = true")  # each view is bound to its files anew
        for script in sql_scripts("schema"):
            self.connection.execute(script)
        states = list(STATE_OF.items())
        self._fill("statuses", [s for s, _ in states], [x for _, x in states], [s in SUCCESSFUL for s, _ in states])
        self._fill("stages", list(STAGE_NAMES), list(range(1, len(STAGE_NAMES) + 1)))
        self._fill("kinds", list(KINDS))
        self.connection.execute(f"CREATE MACRO known_version() AS {VERSION}")
        self._show(contents)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.connection.close()
        self._spill.cleanup()

    def rows(self, query: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query and give its rows by column name, a piece at a time; one query at a time."""
        self.make_views(query)
        cursor = self.connection.execute(query, parameters)
        names = [column[0] for column in cursor.description or ()]
        while piece := cursor.fetchmany(_PIECE):
            yield from (dict(zip(names, row, strict=True)) for row in piece)

    def copy(self, query: str, path: Path, *options: str) -> None:
        """Write a query's rows as Parquet.

        Raises:
            OSError: they cannot be written.
        """
        self.make_views(query)
        chosen = ", ".join(["FORMAT parquet", "COMPRESSION zstd", *options])
        try:
            self.connection.execute(f"COPY ({query}) TO {quoted(str(path))} ({chosen})")
        except duckdb.IOException as error:
            raise OSError(str(error)) from error

    def read_instead(self, parts: Sequence[Path]) -> None:
        """Read the loose lines from Parquet that holds them, which costs a tenth."""
        if parts:
            self.connection.execute(f"CREATE OR REPLACE VIEW loose_lines AS FROM {parquet(parts)}")

    def make_views(self, query: str) -> None:
        """Make the views that a query names, and those that they read, where that was not done yet."""
        named = set(_WORD.findall(_COMMENT.sub("", query)))
        for view in {_makers()[name] for name in named & _makers().keys()} & self._unmade:
            if view in self._unmade:  # no other of them has read it
                self._unmade.remove(view)
                self._make(views()[view])

    def keep(self, *names: str) -> None:
        """Work views out once: tables instead."""
        for name in names:
            self._unmade.discard(name)
            self.connection.execute(f"DROP VIEW IF EXISTS {name}")
            self._make(views()[name].replace(f"CREATE VIEW {name} AS", f"CREATE TABLE {name} AS"))

    def _make(self, script: str) -> None:
        self.make_views(script)
        self.connection.execute(script)

    def keep_standing(self, share: int = 0, shares: int = 1) -> None:
        """Work out once where the recids stand that were told of since the last compaction: tables instead of views.

        With `shares`, of one such share of all recids, numbered from 0; the views of recids then show no others.
        """
        for view in reversed(self._kept):
            self.connection.execute(f"DROP TABLE {view}")
        test = f"hash(of_recid) % {shares} = {share}" if shares > 1 else "TRUE"
        self.connection.execute(f"CREATE OR REPLACE MACRO is_in_share(of_recid) AS {test}")
        self._kept = ("loose_reports", "loose_standing")
        self.keep(*self._kept)

    def strange_files(self) -> set[str]:
        """Loose files with lines of a version or kind that is not known here."""
        strange = "version > known_version() OR kind NOT IN (SELECT kinds.kind FROM kinds)"
        return {str(row["file"]) for row in self.rows(f"SELECT DISTINCT file FROM loose_lines WHERE {strange}")}  # noqa: S608  ours

    def _fill(self, table: str, *columns: Sequence[object]) -> None:
        marks = ", ".join("unnest(?)" for _ in columns)
        self.connection.execute(f"INSERT INTO {table} SELECT {marks}", list(columns))

    def _show(self, contents: Contents) -> None:
        """Make `new_lines`, `loose_lines`, `compacted_lines`, `all_lines` and what is kept show what the folder holds.

        New lines are those that no part holds; loose ones are those of which nothing is kept, parts of another version
        among them.
        """
        catalog, place = contents.catalog, contents.folder / "compact"
        new = [str(contents.folder / name) for name in contents.loose]
        parts = [place / name for _, name in catalog.parts]
        self._view("new_lines", self._json(new) if new else "FROM lines")
        both = f"FROM lines UNION ALL BY NAME FROM new_lines UNION ALL BY NAME FROM {parquet(parts)}" if parts else ""
        if both and catalog.outdated:
            self._view("loose_lines", both)
            self._view("compacted_lines", "FROM lines")
            self._view("all_lines", "FROM loose_lines")
            return
        self._view("loose_lines", "FROM new_lines")
        self._view("compacted_lines", f"FROM lines UNION ALL BY NAME FROM {parquet(parts)}" if parts else "FROM lines")
        self._view("all_lines", both or "FROM lines UNION ALL BY NAME FROM new_lines")
        for kind, names in (("standing", catalog.standing), ("reports", catalog.reports), ("fates", catalog.fates)):
            if names:
                self.connection.execute(f"DROP TABLE kept_{kind}")
                self._view(f"kept_{kind}", f"FROM {parquet([place / name for name in names])}")

    def _view(self, name: str, query: str) -> None:
        self.connection.execute(f"CREATE VIEW {name} AS {query}")

    def _json(self, paths: Sequence[str]) -> str:
        # A line that is no object, or torn, becomes a row of NULLs under ignore_errors.
        described = self.connection.execute("DESCRIBE lines").fetchall()
        columns = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind, *_ in described if name != "file")
        files = ", ".join(map(quoted, paths))
        return (
            f"SELECT * REPLACE (parse_filename(file) AS file, {_MOMENT} AS ts) FROM read_json([{files}], "  # noqa: S608  quoted
            f"format = 'newline_delimited', columns = {{{columns}}}, ignore_errors = true, filename = 'file', "
            f"maximum_object_size = {_LONGEST_LINE_BYTES})"
        )


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Tell as an error of this package that DuckDB cannot read what a spool's folder holds, or lacks memory for it.

    Raises:
        StorageUnavailableError: so it is.
    """
    try:
        yield
    except duckdb.Error as error:
        first = str(error).partition("\n")[0].rstrip(". ")
        scarce = isinstance(error, duckdb.OutOfMemoryException)
        raise StorageUnavailableError(
            f"Telemetry cannot be read: {first}.",
            uri=str(folder),
            remedy=_SCARCE if scarce else _DAMAGED,
        ) from error


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def parquet(paths: Sequence[Path]) -> str:
    """Parquet files as SQL reads them; older ones may lack a column."""
    files = ", ".join(quoted(str(path)) for path in paths)
    return f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"


def sql_scripts(kind: str) -> list[str]:
    """The SQL files of `sql/<kind>/`, in the order of their names."""
    files = [file for file in (bundled("sql") / kind).iterdir() if file.name.endswith(".sql")]
    return [file.read_text(encoding="utf-8") for file in sorted(files, key=lambda file: file.name)]


@functools.cache
def views() -> Mapping[str, str]:
    """The scripts of `sql/views/`, each of one view and the macros that it needs, by the view's name."""
    return {script.partition("CREATE VIEW ")[2].split()[0]: script for script in sql_scripts("views")}


@functools.cache
def _makers() -> Mapping[str, str]:
    """The view with which each view or macro is made."""
    return {made: view for view, script in views().items() for made in _MADE.findall(script)}
