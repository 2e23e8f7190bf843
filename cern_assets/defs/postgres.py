"""Dagster's storage in PostgreSQL, with connections that are kept and events in batches, planned ones too.

`deploy/postgres/dagster.yaml` names it. Dagster's own opens two connections for each event, stores one by one what a
run is going to do for each recid, and composes the statement of each batch anew, which takes longer than to store it.
Where Dagster is not what it was when this was written, this is its own storage.
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

from cern_assets.defs.event_batches import fits, inserted, note_assets

_POOL = {"pool_size": 1, "max_overflow": 4, "pool_recycle": 600, "pool_pre_ping": True}
"""One connection is kept, and looked at before it is used; one of ten minutes is made anew."""

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
        super().__init__(postgres_url, **given)
        if fits(type(self)):
            self._engine.dispose()
            self._engine = create_pg_engine(
                self.postgres_url, self._token_provider, isolation_level="AUTOCOMMIT", **_POOL
            )

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of assets together, in Dagster's order: the events, and then what is known of their assets."""
        rows = [self._event_to_row(event) for event in events]
        if not {row["dagster_event_type"] for row in rows} <= _BATCHED or not fits(type(self)):
            super().store_event_batch(events)
            return
        with self.index_connection() as connection:
            numbers = inserted(connection, rows)
        with self.index_transaction() as connection:
            note_assets(self, connection, events, rows, numbers)

    def dispose(self) -> None:
        """Close the connections too."""
        super().dispose()
        self._engine.dispose()


class PooledPostgresStorage(DagsterPostgresStorage):
    """All three storages, of which that of events is ours."""

    def __init__(self, postgres_url: str, should_autocreate_tables: bool = True, **given: Any) -> None:  # noqa: FBT001, FBT002  as Dagster's
        super().__init__(postgres_url, should_autocreate_tables, **given)
        self._pooled = PooledEventLogStorage(
            postgres_url, should_autocreate_tables=should_autocreate_tables, token_provider=given.get("token_provider")
        )

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
