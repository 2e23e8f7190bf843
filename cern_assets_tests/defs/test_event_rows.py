"""Rows of many events are what Dagster would have made of each of them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.dependency import NodeHandle
from dagster._core.definitions.partitions.subset import DefaultPartitionsSubset
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.plan.handle import StepHandle
from dagster._core.storage.event_log import SqliteEventLogStorage

from cern_assets.defs.event_rows import rows_of

RAW, FILES = dg.AssetKey(["in_rows", "raw_record"]), dg.AssetKey(["in_rows", "raw_files"])
RECIDS = ("1", 'a"b\\', "é\u2028\n", "0.123456789", "{'x'}")
EventOf = Callable[[dg.AssetKey, str, float], EventLogEntry]


class _Counting(SqliteEventLogStorage):
    """How often Dagster makes a row itself."""

    made = 0

    def _event_to_row(self, event: EventLogEntry) -> dict[str, Any]:
        self.made += 1
        return super()._event_to_row(event)


class _Otherwise(SqliteEventLogStorage):
    """Dagster as it may be one day: it writes the time in two places."""

    def _event_to_row(self, event: EventLogEntry) -> dict[str, Any]:
        row = super()._event_to_row(event)
        return {**row, "event": row["event"][:-1] + f', "also": {event.timestamp}}}'}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[_Counting]:
    found = _Counting(str(tmp_path))
    yield found
    found.dispose()


def _entry(event: DagsterEvent, at: float, *, run: str = "a-run", message: str = "") -> EventLogEntry:
    return EventLogEntry(None, 10, message, run, at, "step", "job", event)  # type: ignore[no-untyped-call]


def _planned(asset: dg.AssetKey, recid: str, at: float) -> EventLogEntry:
    data = AssetMaterializationPlannedData(asset, partition=recid)
    return _entry(DagsterEvent.build_asset_materialization_planned_event("job", "step", data), at)


def _made(asset: dg.AssetKey, recid: str, at: float) -> EventLogEntry:
    metadata: dict[str, Any] = {"status": recid, "files": 3, "table": dg.MetadataValue.json({recid: [at]})}
    made = dg.AssetMaterialization(asset, recid, metadata=metadata, partition=recid, tags={"dagster/data_version": "v"})
    return _entry(_told(DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(made)), at)


def _observed(asset: dg.AssetKey, recid: str, at: float) -> EventLogEntry:
    seen = dg.AssetObservation(asset, partition=recid, metadata={"problem": recid})
    return _entry(_told(DagsterEventType.ASSET_OBSERVATION, AssetObservationData(seen)), at)


def _told(kind: DagsterEventType, data: Any) -> DagsterEvent:
    tags = {"run_id": "a-run", "step_key": "step"}
    node = NodeHandle("step", None)
    return DagsterEvent(kind.value, "job", StepHandle(node), node, "COMPUTE", tags, data, "", pid=7)


def _of_each(*kinds: EventOf, assets: Sequence[dg.AssetKey] = (RAW, FILES)) -> list[EventLogEntry]:
    return [
        event(asset, recid, 1_790_000_000 + number / 7)
        for event in kinds
        for asset in assets
        for number, recid in enumerate(RECIDS)
    ]


def test_rows_are_dagsters_own_and_one_of_each_kind_and_asset_is_made_by_it(storage: _Counting) -> None:
    entries = _of_each(_planned, _made)
    rows = rows_of(storage, entries)
    assert storage.made == 4
    assert rows == [storage._event_to_row(entry) for entry in entries]


def test_what_a_stopped_recid_tells_is_left_to_dagster(storage: _Counting) -> None:
    entries = _of_each(_observed)
    assert rows_of(storage, entries) == [SqliteEventLogStorage._event_to_row(storage, entry) for entry in entries]
    assert storage.made == len(entries)


def test_events_without_a_partition_and_of_many_are_dagsters_too(storage: _Counting) -> None:
    many = AssetMaterializationPlannedData(RAW, partitions_subset=DefaultPartitionsSubset({"1", "2"}))
    none = AssetMaterializationPlannedData(RAW)
    planned = [DagsterEvent.build_asset_materialization_planned_event("job", "step", data) for data in (many, none)]
    made = _told(DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(dg.AssetMaterialization(RAW)))
    entries = [_entry(event, 1.5) for event in (*planned, *planned, made, made)]
    assert rows_of(storage, entries) == [storage._event_to_row(entry) for entry in entries]


@pytest.mark.parametrize("event", [_planned, _made])
def test_an_event_that_differs_in_something_else_is_of_another_kind(storage: _Counting, event: EventOf) -> None:
    first = event(RAW, "1", 1.5)
    told = first.get_dagster_event()
    others = [
        first._replace(run_id="another-run"),
        first._replace(user_message="said"),
        first._replace(level=20),
        first._replace(dagster_event=told._replace(logging_tags={"other": "tags"})),
        first._replace(dagster_event=told._replace(message="said")),
        first._replace(dagster_event=told._replace(pid=8)),
    ]
    for other in others:
        assert rows_of(storage, [first, other]) == [storage._event_to_row(first), storage._event_to_row(other)]
    assert len({str(storage._event_to_row(each)) for each in (first, *others)}) == 1 + len(others)


def test_where_dagster_writes_an_event_otherwise_it_writes_all_of_them(tmp_path: Path) -> None:
    storage = _Otherwise(str(tmp_path))
    entries = _of_each(_planned, _made)
    assert rows_of(storage, entries) == [storage._event_to_row(entry) for entry in entries]
    storage.dispose()
