"""Events in batches are the same to every reader as events one by one, and Dagster's inside is as it is expected."""

import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.base import EventLogStorage

from cern_assets.defs.event_batches import fits, store
from cern_assets.defs.postgres import PooledEventLogStorage

RAW, FILES = dg.AssetKey(["in_batches", "raw_record"]), dg.AssetKey(["in_batches", "raw_files"])
_ON_POSTGRESQL = Path(__file__).parents[2] / "deploy" / "postgres" / "dagster.yaml"
RUN = "0b6f0b16-6e3f-4b0e-9c1d-000000000001"


class _Changed(SqliteEventLogStorage):
    """As a later Dagster may be."""

    _store_asset_event = None  # type: ignore[assignment]


def _entry(event: DagsterEvent) -> EventLogEntry:
    return EventLogEntry(None, 10, "", RUN, time.time(), "step", "job", event)  # type: ignore[no-untyped-call]


def _planned(asset: dg.AssetKey, recid: str) -> EventLogEntry:
    data = AssetMaterializationPlannedData(asset, partition=recid)
    return _entry(DagsterEvent.build_asset_materialization_planned_event("job", "step", data))


def _made(asset: dg.AssetKey, recid: str) -> EventLogEntry:
    made = dg.AssetMaterialization(asset, partition=recid, tags={"dagster/data_version": recid})
    return _entry(DagsterEvent("ASSET_MATERIALIZATION", "job", event_specific_data=StepMaterializationData(made)))


def _kind(entry: EventLogEntry) -> tuple[object, str]:
    event = entry.get_dagster_event()
    return event.asset_key, event.event_type_value


def _stretches(entries: Sequence[EventLogEntry]) -> list[list[EventLogEntry]]:
    return [list(stretch) for _, stretch in groupby(entries, key=_kind)]


def _entries() -> list[EventLogEntry]:
    planned = [_planned(asset, recid) for asset in (RAW, FILES) for recid in "123"]
    return [*planned, *(_made(asset, recid) for asset, recids in ((RAW, "123"), (FILES, "13")) for recid in recids)]


def _read(instance: dg.DagsterInstance) -> Sequence[object]:
    """All that Dagster's pages ask of such events."""
    storage = instance.event_log_storage
    records = {record.asset_entry.asset_key: record.asset_entry for record in instance.get_asset_records([RAW, FILES])}
    tags = [
        storage.get_latest_tags_by_partition(asset, dg.DagsterEventType.ASSET_MATERIALIZATION, ["dagster/data_version"])
        for asset in (RAW, FILES)
    ]
    return [
        [(entry.last_run_id, entry.last_materialization) for _, entry in sorted(records.items())],
        tags,
        [instance.get_materialized_partitions(asset) for asset in (RAW, FILES)],
        storage.get_latest_asset_partition_materialization_attempts_without_materializations(FILES),
        [record.event_log_entry for record in storage.get_records_for_run(RUN).records],
    ]


def _instance(folder: Path, config: str = "telemetry: {enabled: false}\n") -> dg.DagsterInstance:
    folder.mkdir()
    (folder / "dagster.yaml").write_text(config)
    return dg.DagsterInstance.from_config(str(folder))


@pytest.mark.parametrize("storage", [SqliteEventLogStorage, PooledEventLogStorage])
def test_the_inside_of_dagsters_storages_is_as_batches_expect_it(storage: type[EventLogStorage]) -> None:
    assert fits(storage)


def test_a_storage_whose_inside_changed_is_told_from_one_that_fits() -> None:
    assert not fits(_Changed)


def test_a_batch_on_sqlite_is_read_as_the_same_events_stored_by_dagster(tmp_path: Path) -> None:
    entries = _entries()
    with _instance(tmp_path / "one-by-one") as stock, _instance(tmp_path / "batch") as ours:
        for entry in entries:
            stock.event_log_storage.store_event(entry)
        assert type(ours.event_log_storage) is SqliteEventLogStorage, "else the batch is none"
        store(ours.event_log_storage, _stretches(entries))
        assert _read(ours) == _read(stock)


@pytest.mark.service
def test_a_batch_on_postgresql_is_read_as_the_same_events_stored_by_dagster(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_POSTGRES_URL", postgres_url)
    entries = _entries()
    with (
        _instance(tmp_path / "one-by-one") as stock,
        _instance(tmp_path / "batch", _ON_POSTGRESQL.read_text()) as ours,
    ):
        for entry in entries:
            stock.event_log_storage.store_event(entry)
        assert type(ours.event_log_storage) is PooledEventLogStorage, "else the batch is Dagster's"
        planned, made = _stretches(entries)[:2], _stretches(entries)[2:]
        store(ours.event_log_storage, planned)
        ours.event_log_storage.store_event_batch([entry for stretch in made for entry in stretch])
        assert _read(ours) == _read(stock)
