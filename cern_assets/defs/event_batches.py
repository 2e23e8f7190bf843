"""Many events of a run in one transaction, where Dagster's storage takes one or two for each event.

It uses a few names inside of Dagster's storages. Where they are not what they were when this was written, events are
stored one by one, as Dagster does it; a test fails then.
"""

import inspect
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Protocol, runtime_checkable

from dagster._core.events import DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorage, SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.base import EventLogStorage
from sqlalchemy.engine import Connection

from cern_assets.defs.event_rows import rows_of

_PLANNED = DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value
_INSIDE = {
    "_event_to_row": ("event",),
    "_event_insert_timestamp": ("event",),
    "_store_asset_event_tags": ("conn", "events", "event_ids"),
    "_store_asset_event": ("conn", "event", "event_id"),
    "index_connection": (),
    "index_transaction": (),
    "run_connection": ("run_id",),
}
"""Methods of a storage that are used here, with their parameters."""


def fits(storage: type[EventLogStorage]) -> bool:
    """Whether a kind of storage has inside what batches need."""
    return all(_parameters(getattr(storage, name, None)) == expected for name, expected in _INSIDE.items())


@runtime_checkable
class Mixing(Protocol):
    """A storage of which one batch may have events of several assets and kinds; Dagster's own know one asset's last."""

    def store_mixed(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of assets together, where the class `fits`."""


def store(storage: EventLogStorage, stretches: Sequence[Sequence[EventLogEntry]]) -> None:
    """Store events of assets, of one run, in their order; each stretch is of one asset and kind.

    What Dagster reads afterwards is what it would have stored itself.
    """
    if type(storage) is SqliteEventLogStorage and fits(SqliteEventLogStorage):
        _store_in_sqlite(storage, list(chain.from_iterable(stretches)))
    elif isinstance(storage, Mixing) and fits(type(storage)):
        storage.store_mixed(list(chain.from_iterable(stretches)))
    else:
        for stretch in stretches:
            storage.store_event_batch(stretch)


def inserted(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows of events; their numbers, in the order of the rows."""
    number = SqlEventLogStorageTable.c.id
    statement = SqlEventLogStorageTable.insert().returning(number, sort_by_parameter_order=True)
    return [int(given) for (given,) in connection.execute(statement, rows)]


def note_assets(
    storage: SqlEventLogStorage,
    connection: Connection,
    entries: Sequence[EventLogEntry],
    rows: Sequence[Mapping[str, Any]],
    numbers: Sequence[int],
) -> None:
    """Note the tags of events, and bring the row of each asset up to its last event of each kind.

    Assets are taken in order, as two runs may meet. What is planned has no tags, for which Dagster would look at each.
    """
    told = [place for place, row in enumerate(rows) if row["dagster_event_type"] != _PLANNED]
    tagged, their_numbers = [entries[place] for place in told], [numbers[place] for place in told]
    storage._store_asset_event_tags(connection, tagged, their_numbers)  # noqa: SLF001  see above
    last = {
        (row["asset_key"], row["dagster_event_type"]): (number, entry)
        for row, number, entry in zip(rows, numbers, entries, strict=True)
    }
    for _, (number, entry) in sorted(last.items()):
        storage._store_asset_event(connection, entry, number)  # noqa: SLF001  see above


def _store_in_sqlite(storage: SqliteEventLogStorage, entries: Sequence[EventLogEntry]) -> None:
    """Into the run's database, and then into the one of all runs: Dagster's order, and its two places."""
    rows = rows_of(storage, entries)
    with storage.run_connection(entries[0].run_id) as connection:
        connection.execute(SqlEventLogStorageTable.insert(), rows)
    with storage.index_transaction() as connection:
        note_assets(storage, connection, entries, rows, inserted(connection, rows))


def _parameters(method: object) -> tuple[str, ...] | None:
    return tuple(inspect.signature(method).parameters)[1:] if callable(method) else None
