"""The ledger of a spool, read whole for a test."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cern_assets.telemetry.database import Row
from cern_assets.telemetry.ledger import Counts, opened_ledger


@dataclass(frozen=True)
class Snapshot:
    """What a ledger said before it was closed."""

    totals: dict[str, int]
    entries: tuple[Row, ...]
    differences: tuple[Row, ...]
    lost: tuple[Row, ...]
    unread: tuple[Row, ...]
    balanced: bool


def read_ledger(
    folder: Path, registered: Iterable[tuple[str, str]], receipts: Iterable[tuple[str, str]] | None = None
) -> Snapshot:
    """The ledger against (collection, recid) pairs that are partitions, and those that have a receipt if they count."""
    documents = {} if receipts is None else {"published_record": [(name, [recid]) for name, recid in receipts]}
    pieces = [(name, [recid]) for name, recid in registered]
    names = tuple(sorted({name for name, _ in pieces}))
    with opened_ledger(folder, Counts(pieces, documents, names)) as ledger:
        return Snapshot(
            ledger.totals,
            tuple(ledger.entries()),
            tuple(ledger.differences()),
            ledger.lost,
            ledger.unread,
            ledger.balanced,
        )
