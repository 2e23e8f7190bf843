"""Many events of a run in one transaction, where Dagster's storage takes one or two for each event.

It uses a few names inside of Dagster's storages. Where they are not what they were when this was written, events are
stored one by one, as Dagster does it; a test fails then.
"""

import inspect
from collections.abc import Callable, Sequence
from itertools import groupby

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.base import EventLogStorage
from sqlalchemy.engine import Connection

_INSIDE = {
    "_event_to_row": ("event",),
    "_store_asset_event_tags": ("conn", "events", "event_ids"),
    "_store_asset_event": ("conn", "event", "event_id"),
    "index_transaction": (),
    "run_connection": ("run_id",),
}
"""Methods of a storage that are used here, with their parameters."""


def fits(storage: type[EventLogStorage]) -> bool:
    """Whether a kind of storage has inside what batches need."""
    return all(_parameters(getattr(storage, name, None)) == expected for name, expected in _INSIDE.items())


def store(storage: EventLogStorage, entries: Sequence[EventLogEntry]) -> None:
    """Store events of assets, of one run, in their order: a batch for each stretch of one asset and kind.

    What Dagster reads afterwards is what it would have stored itself.
    """
    if type(storage) is SqliteEventLogStorage and fits(SqliteEventLogStorage):
        _store_in_sqlite(storage, entries)
        return
    for _, stretch in groupby(entries, key=_kind):
        storage.store_event_batch(list(stretch))


def note_last(
    store_asset_event: Callable[[Connection, EventLogEntry, int], None],
    connection: Connection,
    stored: Sequence[tuple[int, EventLogEntry]],
) -> None:
    """Bring the row of each asset up to its last event of each kind, in the order of assets, as two runs may meet."""
    last = {_kind(entry): (number, entry) for number, entry in stored}
    for _, (number, entry) in sorted(last.items()):
        store_asset_event(connection, entry, number)


def _store_in_sqlite(storage: SqliteEventLogStorage, entries: Sequence[EventLogEntry]) -> None:
    """Into the run's database, and then into the one of all runs: Dagster's order, and its two places."""
    rows = [storage._event_to_row(entry) for entry in entries]  # noqa: SLF001  see above
    with storage.run_connection(entries[0].run_id) as connection:
        connection.execute(SqlEventLogStorageTable.insert(), rows)
    with storage.index_transaction() as connection:
        inserted = connection.execute(
            SqlEventLogStorageTable.insert().returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True), rows
        )
        numbers = [int(number) for (number,) in inserted]
        storage._store_asset_event_tags(connection, entries, numbers)  # noqa: SLF001  see above
        note_last(storage._store_asset_event, connection, list(zip(numbers, entries, strict=True)))  # noqa: SLF001  see above


def _kind(entry: EventLogEntry) -> tuple[str, str]:
    event = entry.get_dagster_event()
    assert event.asset_key is not None
    return event.asset_key.to_string(), event.event_type_value


def _parameters(method: object) -> tuple[str, ...] | None:
    return tuple(inspect.signature(method).parameters)[1:] if callable(method) else None
