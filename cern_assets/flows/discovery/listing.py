"""The records of a source, slice by slice, so that it can be gone on with, and whether they are all."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cern_assets.collections.recid_lists import read_list
from cern_assets.collections.spec import Selection
from cern_assets.model.discovery import Listing, Seen, Sweep
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Slice
from cern_assets.model.records import RecordSummary
from cern_assets.ports import RecordSource

_STALE_SECONDS = 6 * 3600.0
"""A sweep that was left lying for so long begins again: its first part says little of now."""
_OVERLAP = timedelta(minutes=10)
"""A source's index may lag, and its clock differ from ours: what was touched shortly before is looked at again."""

type InTime = Callable[[], bool]


def grown(
    source: RecordSource, selection: Selection, sweep: Sweep | None, *, now: float, in_time: InTime
) -> Iterator[Sweep]:
    """List the slices that are not in a sweep yet, as long as there is time; the sweep after each.

    Raises:
        SourceUnavailableError, ConfigurationError: a part could not be listed; the last sweep can be gone on with.
    """
    if not searched(selection):
        yield Sweep(began=now, total=0, whole=True)
        return
    query = selection.query or ""
    plan = source.plan(query, selection.facets)
    if sweep is None or sweep.began < now - _STALE_SECONDS:
        sweep = Sweep(began=now, total=plan.total)
    for each in plan.slices:
        if _name(each) in sweep.done:
            continue
        if not in_time():
            return
        hits = source.search(query, each.facets)
        sweep = replace(
            sweep,
            done=sweep.done | {_name(each)},
            seen={**sweep.seen, **_seen(hits.records)},
            others=sweep.others | set(hits.others),
        )
        yield sweep
    yield replace(sweep, whole=True)


def listing_of(source: RecordSource, selection: Selection, sweep: Sweep, named: Iterable[Recid]) -> Listing:
    """What a sweep lists, with the recids that the collection names itself.

    It is trusted if it is whole, the source counts the same before and after it, and as many are listed.

    Raises:
        SourceUnavailableError: the source could not count again.
    """
    seen = {**dict.fromkeys(named, Seen()), **sweep.seen}
    if not sweep.whole:
        return Listing(seen=seen, trusted=False, reason=f"The listing goes on: {len(sweep.seen)} of {sweep.total}.")
    listed = len(sweep.seen) + len(sweep.others)
    after = source.plan(selection.query or "", selection.facets).total if searched(selection) else 0
    reason = ""
    if after != sweep.total:
        reason = f"The source counted {sweep.total} before and {after} after it was listed."
    elif listed < sweep.total:
        reason = f"The source counts {sweep.total} and lists {listed}."
    return Listing(seen=seen, trusted=not reason, reason=reason)


def named_recids(selection: Selection, parse: Callable[[str], Recid]) -> tuple[Recid, ...]:
    """The recids that a collection names itself, in its file and in its list, each once.

    Raises:
        RecordNotFoundError: one can be no recid of the source.
        ConfigurationError: the list cannot be read.
    """
    recids = [parse(str(text)) for text in selection.recids]
    if selection.file is not None:
        recids += read_list(selection.file, parse)
    return tuple(dict.fromkeys(recids))


def touched_since(source: RecordSource, since: float) -> Listing:
    """What the source says was touched since a time (seconds since 1970); never trusted, as it lists no others.

    Raises:
        SourceUnavailableError
    """
    records = source.touched(datetime.fromtimestamp(since, UTC) - _OVERLAP)
    return Listing(seen=_seen(records), trusted=False, reason="Only what was touched is listed.")


def searched(selection: Selection) -> bool:
    """Whether the source is searched for what a collection selects."""
    return selection.query is not None or bool(selection.facets) or selection.all


def _seen(records: Iterable[RecordSummary]) -> dict[Recid, Seen]:
    return {record.recid: Seen(record.digest, _to_the_second(record.updated)) for record in records}


def _to_the_second(stamp: str | None) -> str | None:
    """A timestamp in one form: a source may tell the same one to the second here and to the microsecond there."""
    try:
        told = datetime.fromisoformat(stamp or "")
    except ValueError:
        return stamp
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")


def _name(each: Slice) -> str:
    return json.dumps(dict(sorted(each.facets.items())))
