"""The ledger: where every recid of an instance stands, and whether the counts balance."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cern_assets.telemetry.store import Row, TelemetryStore

STATES = ("published", "rejected", "pending", "withdrawn")


@dataclass(frozen=True)
class Ledger:
    """`entries` has one row a recid (see `sql/views/ledger_entries.sql`), `totals` the counts by state.

    `balanced` compares two independent counts: the partitions of the instance, and the states that telemetry gives.
    """

    entries: tuple[Row, ...]
    totals: dict[str, int]
    balanced: bool


def read_ledger(folder: Path, registered: Iterable[tuple[str, str]]) -> Ledger:
    """Read the spool of a folder against the (collection, recid) pairs that the instance has as partitions."""
    with TelemetryStore(folder) as store:
        store.register(registered)
        entries = store.rows("SELECT * FROM ledger_entries ORDER BY collection, length(recid), recid")
        totals = store.rows("SELECT * FROM ledger_totals")[0]
    balanced = bool(totals.pop("balanced"))
    return Ledger(tuple(entries), {name: int(str(count)) for name, count in totals.items()}, balanced)
