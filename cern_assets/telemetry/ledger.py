"""The ledger: where every recid of an instance stands, and whether the counts of it agree."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cern_assets.model.outcomes import STATES, State
from cern_assets.telemetry.database import Row, readable
from cern_assets.telemetry.store import TelemetryStore

type Pieces = Iterable[tuple[str, Sequence[str]]]
"""Recids by collection, in as many pieces as suit: at no time are all of them lists."""

_COLUMNS = "collection, source, repository, recid, state, stage, code, message, files, size_bytes, url, ts, registered"
_CHOSEN = "WHERE (? IS NULL OR state = ?) AND (? IS NULL OR collection = ?) ORDER BY collection, length(recid), recid"
_LARGEST_PAGE = 10_000
_LEFT_OUT = """
SELECT collection, reason, count(*) AS recids, as_bigint(sum(files)) AS files, as_bigint(sum(size_bytes)) AS size_bytes
FROM files_left_out GROUP BY ALL ORDER BY ALL
"""
_DIFFERENCES = "FROM ledger_differences UNION ALL FROM target_differences"


@dataclass(frozen=True)
class Counts:
    """What is counted beside telemetry: partitions, and the recids with a document, by collection.

    `documents` has the stages whose documents are counted. `only` narrows the ledger to some collections, `asked` to
    some recids, as the other counts then are too. `listed` has the collections whose journal (`noted`) and target
    (`held`) were listed as well; `began` is from before any of it was, and the target may lag by `lag_seconds`.
    """

    registered: Pieces
    documents: Mapping[str, Pieces] = field(default_factory=dict)
    collections: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    asked: Pieces = ()
    listed: tuple[str, ...] = ()
    noted: Pieces = ()
    held: Pieces = ()
    began: datetime | None = None
    lag_seconds: float = 0.0


class Ledger:
    """An open ledger, over a `store`; `totals` are recids by state, with `in` (partitions) and `unregistered`."""

    def __init__(self, store: TelemetryStore) -> None:
        store.keep_standing()
        store.keep("ledger_keys", "undocumented", "ledger_differences", "target_differences")
        self.store = store
        counted = {str(row["state"]): row for row in store.rows("SELECT * FROM ledger_totals")}
        states: dict[str, int] = {state: _count(counted, state, "recids") for state in STATES}
        registered = sum(_count(counted, state, "registered") for state in counted)
        known = sum(_count(counted, state, "recids") for state in counted)
        self.totals = {"in": registered, **states, "unregistered": known - registered}
        self.lost = tuple(store.rows("SELECT * FROM lost_events ORDER BY writer, first"))
        self.known_losses = tuple(store.rows("SELECT * FROM known_losses ORDER BY writer, first"))
        self.unread = tuple(store.rows("SELECT * FROM unread_lines ORDER BY file, reason"))
        (row,) = store.rows(f"SELECT count(DISTINCT (collection, recid)) AS recids FROM ({_DIFFERENCES})")  # noqa: S608  ours
        self.disputed = int(str(row["recids"]))

    def left_out_files(self) -> tuple[Row, ...]:
        """Files that stay at the source by a collection's choice: recids, files and bytes by collection and reason."""
        return tuple(self.store.rows(_LEFT_OUT))

    @property
    def balanced(self) -> bool:
        """Whether every recid stands in exactly one state, all counts agree on it, and no event is lost unexplained."""
        buckets = sum(self.totals[state] for state in STATES)
        return self.disputed == 0 and not self.lost and buckets == self.totals["in"]

    def differences(self, limit: int | None = None) -> Iterator[Row]:
        """On which recids the counts disagree: collection, recid, stage, difference."""
        return self.store.rows(
            f"SELECT * FROM ({_DIFFERENCES}) ORDER BY collection, length(recid), recid, stage, difference LIMIT ?",  # noqa: S608  ours
            [limit],
        )

    def entries(
        self, state: State | None = None, collection: str | None = None, limit: int | None = None
    ) -> Iterator[Row]:
        """One row a recid (see `sql/views/ledger_entries.sql`), in order, read from the database as it is asked for."""
        chosen = [state, state, collection, collection]
        if limit is None or limit > _LARGEST_PAGE:
            return self.store.rows(f"SELECT {_COLUMNS} FROM ledger_entries {_CHOSEN} LIMIT ?", [*chosen, limit])  # noqa: S608  ours
        # Which recids those are is asked of narrow rows, and only theirs are read whole.
        self.store.show(f"SELECT collection, recid FROM ledger_keys {_CHOSEN} LIMIT ?", [*chosen, limit])  # noqa: S608  ours
        return self.store.rows(f"SELECT {_COLUMNS} FROM ledger_page ORDER BY collection, length(recid), recid")  # noqa: S608  ours


@contextmanager
def opened_ledger(folder: Path, counts: Counts) -> Iterator[Ledger]:
    """The ledger of a spool's folder against the other counts.

    The documents are counted before telemetry is read: what a run finishes in between is no difference.

    Raises:
        StorageUnavailableError: telemetry cannot be read now.
    """
    began = counts.began or datetime.now(UTC)
    counted = {stage: [(name, list(recids)) for name, recids in pieces] for stage, pieces in counts.documents.items()}
    with readable(folder), TelemetryStore(folder) as store:
        for collection, recids in counts.registered:
            store.register(collection, recids)
        for collection in counts.only:
            store.ask_of(collection)
        for collection, recids in counts.asked:
            store.ask(collection, recids)
        for stage, pieces in counted.items():
            for collection in counts.collections:
                store.begin_counting(collection, stage, began)
            for collection, recids in pieces:
                store.count(collection, stage, recids)
        for collection in counts.listed:
            store.begin_listing(collection, began - timedelta(seconds=counts.lag_seconds))
        for collection, recids in counts.noted:
            store.note(collection, recids)
        for collection, recids in counts.held:
            store.hold(collection, recids)
        yield Ledger(store)


def _count(rows: dict[str, Row], state: str, column: str) -> int:
    return int(str(rows[state][column])) if state in rows else 0
