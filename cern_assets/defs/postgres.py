"""Dagster's storage in PostgreSQL, with a connection that is kept and events in batches, planned ones too.

`deploy/postgres/dagster.yaml` names it. Dagster's own opens a connection for each question and two for each event,
stores one by one what a run is going to do for each recid, and composes the statement of each batch anew, which takes
longer than to store it. Where Dagster is not what it was when this was written, this is its own storage.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dagster._core.events import DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.base import EventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine, get_token_provider_from_config, pg_url_from_config
from sqlalchemy.engine import Connection, Engine

from cern_assets.defs.event_batches import fits, inserted, note_assets
from cern_assets.defs.event_rows import rows_of

_POOL = {"pool_size": 1, "max_overflow": -1, "pool_recycle": 600, "pool_pre_ping": True}
"""One connection is kept, and looked at before it is used; one of ten minutes is made anew.

Others are made as they are needed, as many as Dagster's own would: who has one may need a second to go on.
"""

_BATCHED = {
    kind.value
    for kind in (
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_MATERIALIZATION,
        DagsterEventType.ASSET_OBSERVATION,
    )
}


class PooledEventLogStorage(PostgresEventLogStorage):
    """The storage of events."""

    def __init__(self, postgres_url: str, **given: Any) -> None:
        self._tables: set[str] = set()
        self._columns = False
        super().__init__(postgres_url, **given)
        if fits(type(self)):
            self._engine.dispose()
            self._engine = create_pg_engine(
                self.postgres_url, self._token_provider, isolation_level="AUTOCOMMIT", **_POOL
            )

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of assets together; of other kinds, and where Dagster has changed, as Dagster does."""
        kinds = {event.get_dagster_event().event_type_value for event in events}
        if kinds <= _BATCHED and fits(type(self)):
            self.store_mixed(events)
        else:
            super().store_event_batch(events)

    def store_mixed(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of any assets, in Dagster's order: the events, and then what is known of their assets."""
        rows = rows_of(self, events)
        with self.index_connection() as connection:
            numbers = inserted(connection, rows)
        with self.index_transaction() as connection:
            note_assets(self, connection, events, rows, numbers)

    def has_table(self, table_name: str) -> bool:
        """As Dagster asks for each batch; a table that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_index_cols_on_connection(self, conn: Connection) -> bool:
        """As Dagster asks for each event that is an asset's last; columns that are there stay."""
        self._columns = self._columns or super()._has_asset_key_index_cols_on_connection(conn)
        return self._columns

    def share(self, other: Any) -> None:
        """Have another storage in the same database use the same connections, where it keeps them as this one does."""
        if isinstance(getattr(other, "_engine", None), Engine):
            other._engine.dispose()  # noqa: SLF001  see `event_batches`
            other._engine = self._engine  # noqa: SLF001  see `event_batches`

    def dispose(self) -> None:
        """Close the connections too."""
        super().dispose()
        self._engine.dispose()


class PooledPostgresStorage(DagsterPostgresStorage):
    """All three storages, with the same connections; that of events is ours."""

    def __init__(self, postgres_url: str, should_autocreate_tables: bool = True, **given: Any) -> None:  # noqa: FBT001, FBT002  as Dagster's
        super().__init__(postgres_url, should_autocreate_tables, **given)
        self._pooled = PooledEventLogStorage(
            postgres_url, should_autocreate_tables=should_autocreate_tables, token_provider=given.get("token_provider")
        )
        for storage in (self._run_storage, self._schedule_storage):
            self._pooled.share(storage)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """As Dagster's own, which would make its own."""
        return cls(
            pg_url_from_config(config_value),
            config_value.get("should_autocreate_tables", True),
            inst_data=inst_data,
            token_provider=get_token_provider_from_config(config_value),
        )

    @property
    def event_log_storage(self) -> EventLogStorage:
        """Where events are stored."""
        return self._pooled

    @property
    def event_storage_data(self) -> ConfigurableClassData | None:
        """How other processes make it."""
        data = self.inst_data
        return ConfigurableClassData(__name__, PooledEventLogStorage.__name__, data.config_yaml) if data else None
