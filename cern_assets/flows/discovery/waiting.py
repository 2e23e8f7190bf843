"""Which recids that had to wait are looked at again; pure."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from cern_assets.errors import HeldBackError
from cern_assets.model.identifiers import Recid

_HELD_BACK = HeldBackError("").code


def due(
    entries: Iterable[Mapping[str, object]], under_way: AbstractSet[Recid], *, now: datetime, after: timedelta
) -> tuple[Recid, ...]:
    """Recids whose last look is so long ago, of the ledger's entries that wait (`recid`, `code`, `ts` in UTC).

    One that a steward holds waits for the steward, and one of a run is looked at already.
    """
    return tuple(
        Recid(str(entry["recid"]))
        for entry in entries
        if entry["code"] != _HELD_BACK and entry["recid"] not in under_way and now - _moment(entry["ts"]) >= after
    )


def _moment(told: object) -> datetime:
    assert isinstance(told, datetime)
    return told
