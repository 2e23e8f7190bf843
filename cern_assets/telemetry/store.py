"""The store of telemetry: what a folder's spool holds, hot and compacted together, and what is counted beside it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cern_assets.errors import StorageUnavailableError
from cern_assets.telemetry.catalog import look
from cern_assets.telemetry.compaction import compact
from cern_assets.telemetry.database import Database, readable
from cern_assets.telemetry.known_losses import known_losses

_WORTH_BYTES = 16 * 1024**2
"""Loose lines of fewer bytes are read as they are, which takes a tenth of a second."""
_TEXT = 5_000
"""Recids that are handed over as one text."""


class TelemetryStore(Database):
    """The telemetry of one folder as SQL tables and views (see `sql/`); use as a context manager.

    Where many lines are loose, what is closed of them is compacted first, so that the next reader need not read them;
    so it is where another version compacted.
    """

    def __init__(self, folder: Path) -> None:
        contents = look(folder)
        if contents.loose_bytes > _WORTH_BYTES or contents.catalog.outdated:
            # Somebody else's spool, a full disk, too little memory: slower, and right.
            with suppress(OSError, StorageUnavailableError), readable(folder):
                compact(folder)
            contents = look(folder)
        super().__init__(contents)
        known = known_losses(folder)
        said = [f"{loss.why} ({loss.by}, {loss.on})" for loss in known]
        self._fill("losses", [x.writer for x in known], [x.first for x in known], [x.last for x in known], said)

    def register(self, collection: str, recids: Sequence[str]) -> None:
        """Tell recids that the instance knows: partition keys, each once."""
        self._put("registered (collection, recid)", [collection], recids)

    def ask(self, collection: str, recids: Sequence[str]) -> None:
        """Narrow the ledger to these recids, and those of further calls."""
        self._put("asked (collection, recid)", [collection], recids)

    def ask_of(self, collection: str) -> None:
        """Narrow the ledger to this collection, and those of further calls."""
        self.connection.execute("INSERT INTO asked_collections VALUES (?)", [collection])

    def begin_counting(self, collection: str, stage: str, began: datetime) -> None:
        """Tell that the documents of a stage are counted: those of what was told before `began` have to be there."""
        self.connection.execute("INSERT INTO counted VALUES (?, ?, ?)", [collection, stage, _naive(began)])

    def count(self, collection: str, stage: str, recids: Sequence[str]) -> None:
        """Tell recids of which the store has the stage's document."""
        self._put("documents (collection, stage, recid)", [collection, stage], recids)

    def begin_listing(self, collection: str, began: datetime) -> None:
        """Tell that the journal and the target's records are listed: what was told before `began` has to be there."""
        self.connection.execute("INSERT INTO listed VALUES (?, ?)", [collection, _naive(began)])

    def note(self, collection: str, recids: Sequence[str]) -> None:
        """Tell recids of which the journal has an entry."""
        self._put("noted (collection, recid)", [collection], recids)

    def hold(self, collection: str, recids: Sequence[str]) -> None:
        """Tell recids that the target shows as published."""
        self._put("held (collection, recid)", [collection], recids)

    def show(self, query: str, parameters: Sequence[object]) -> None:
        """Choose the recids of the page."""
        self.make_views(query)
        self.connection.execute("DELETE FROM shown")
        self.connection.execute(f"INSERT INTO shown {query}", parameters)

    def _put(self, place: str, fixed: list[str], recids: Sequence[str]) -> None:
        if not recids:
            return
        # Texts of many, as DuckDB takes each element of a list by itself, and in a column, as it works out what is
        # constant an element at a time, too. No name of a file or key has a NUL.
        texts = ["\0".join(recids[at : at + _TEXT]) for at in range(0, len(recids), _TEXT)]
        marks = "".join("?, " for _ in fixed)
        split = f"{marks}unnest(string_split(text, chr(0))) FROM (SELECT unnest(?) AS text)"
        self.connection.execute(f"INSERT INTO {place} SELECT {split}", [*fixed, texts])


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
