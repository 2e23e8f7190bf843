"""Rows of events that differ in little: Dagster makes that of the first, and those of the others are made of it.

To write an event down, Dagster walks through it as a tree of objects, and most of the tree is the same for all events
of a run's step. What events of a kind differ in is their time, their partition and, where an asset was made, what was
made, which is left to Dagster. The first row that is made this way is compared with Dagster's own: where Dagster writes
an event otherwise one day, it writes all of them itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._serdes import serialize_value

_MARK = uuid4().hex
_TIME = 0.123456789
"""Stand where a partition and a time will; no event of anybody's has them."""


def rows_of(storage: SqlEventLogStorage, entries: Sequence[EventLogEntry]) -> list[dict[str, Any]]:
    """What Dagster puts into its table for each event, in their order; quick where neighbours are of one kind."""
    rows: list[dict[str, Any]] = []
    kind: _Kind | None = None
    for entry in entries:
        if kind is not None and kind.has(entry):
            rows.append(kind.row(storage, entry))
        else:
            rows.append(storage._event_to_row(entry))  # noqa: SLF001  what is used inside: `event_batches`
            kind = _kind_of(storage, entry, rows[-1])
    return rows


@dataclass(frozen=True)
class _Kind:
    """What events have in common: fields, columns, and the text around what is told and when."""

    common: tuple[object, ...]
    columns: Mapping[str, Any]
    before: str
    between: str
    after: str

    def has(self, entry: EventLogEntry) -> bool:
        """Whether an event differs from the first one in nothing but what `row` puts in."""
        return _common(entry) == self.common

    def row(self, storage: SqlEventLogStorage, entry: EventLogEntry) -> dict[str, Any]:
        """The row of an event of this kind."""
        partition, told = _told(entry)
        return {
            **self.columns,
            "event": f"{self.before}{told}{self.between}{entry.timestamp!r}{self.after}",
            "timestamp": storage._event_insert_timestamp(entry),  # type: ignore[no-untyped-call]  # noqa: SLF001
            "partition": partition or None,
        }


def _kind_of(storage: SqlEventLogStorage, entry: EventLogEntry, row: Mapping[str, Any]) -> _Kind | None:
    """The kind of an event with Dagster's row of it; None where it is of none that is known here."""
    data = entry.get_dagster_event().event_specific_data
    if isinstance(data, StepMaterializationData):
        marked: Any = data._replace(materialization=dg.AssetMaterialization(_MARK))
    elif isinstance(data, AssetMaterializationPlannedData):
        marked = data._replace(partition=_MARK)
    else:
        return None
    event = entry.get_dagster_event()._replace(event_specific_data=marked)
    marked = entry._replace(timestamp=_TIME, dagster_event=event)
    before, _, rest = serialize_value(marked).partition(_told(marked)[1])
    between, _, after = rest.partition(repr(_TIME))
    kind = _Kind(_common(entry), row, before, between, after)
    return kind if kind.row(storage, entry) == row else None


def _common(entry: EventLogEntry) -> tuple[object, ...]:
    """What has to be the same in events of a kind."""
    event = entry.get_dagster_event()
    data = event.event_specific_data
    told: tuple[object, ...]
    if isinstance(data, StepMaterializationData):
        told = (data.materialization.asset_key, data.asset_lineage)
    elif isinstance(data, AssetMaterializationPlannedData):
        told = (data.asset_key, data.partitions_subset)
    else:
        told = (entry,)
    return (entry[:4], entry[5:7], event[:6], event[7:], told)


def _told(entry: EventLogEntry) -> tuple[str | None, str]:
    """The partition of an event, and what it tells as JSON."""
    data = entry.get_dagster_event().event_specific_data
    if isinstance(data, StepMaterializationData):
        return data.materialization.partition, serialize_value(data.materialization)
    partition = cast(AssetMaterializationPlannedData, data).partition
    return partition, json.dumps(partition)
