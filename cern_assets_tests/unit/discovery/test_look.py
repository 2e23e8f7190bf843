"""A look at a source whose clock, or our own, is wrong: it goes on looking, and does not list all without end."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cern_assets.collections.spec import CollectionSpec, Selection
from cern_assets.flows.discovery.look import Look, Watch
from cern_assets.model.discovery import Asked, Notes, Outcome, Seen
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan, Slice
from cern_assets.model.records import RecordSummary
from cern_assets.ports import RecordSource
from cern_assets.sources.opendata.recids import parse_recid

A, B = Recid("1"), Recid("2")
NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
SAYS = Seen("digest", "2026-01-01T00:00:00+00:00")
HOUR = 3600.0
KNOWN = Notes(known={A: SAYS}, swept_at=NOW - HOUR, polled_at=NOW - HOUR)
SPEC = CollectionSpec(name="opendata", source="opendata", selection=Selection(all=True))


@dataclass
class _Source:
    """One record, and what it says was touched; counts how often all is listed."""

    stamps: Mapping[Recid, str] = field(default_factory=dict)
    listings: int = 0

    def plan(self, _query: str, _facets: Mapping[str, str]) -> SearchPlan:
        return SearchPlan(total=1, slices=(Slice(facets={}, total=1),))

    def search(self, _query: str, _facets: Mapping[str, str]) -> Hits:
        self.listings += 1
        return Hits(records=(RecordSummary(recid=A, digest=SAYS.digest, updated=SAYS.updated),))

    def touched(self, _since: datetime) -> Iterable[RecordSummary]:
        return [RecordSummary(recid=recid, updated=stamp) for recid, stamp in self.stamps.items()]


class _Engine:
    """One that has run nothing, and knows of no run."""

    def under_way(self) -> AbstractSet[Recid]:
        return frozenset()

    def outcome(self, _asked: Asked) -> Outcome:
        return Outcome("not there")

    def withdrawn(self, _recids: Collection[Recid]) -> AbstractSet[Recid]:
        return frozenset()

    def batches(self, recids: Sequence[Recid]) -> Sequence[Sequence[Recid]]:
        return [recids] if recids else []


def _looked(source: _Source, notes: Notes) -> Look:
    anything: Any = source
    watched: RecordSource = anything
    return Watch(watched, SPEC, parse_recid).look(_Engine(), notes, now=NOW, in_time=lambda: True)


def test_a_record_that_is_not_known_and_was_touched_has_the_next_look_list_all() -> None:
    notes = _looked(_Source({B: "2026-05-31T23:59:00+00:00"}), KNOWN).notes
    assert notes.swept_at == 0
    source = _Source()
    assert _looked(source, notes).notes.swept_at == NOW
    assert source.listings == 1


@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59+00:00", "2026-06-01T00:05:00+00:00", "yesterday", ""])
def test_a_timestamp_that_is_still_to_come_does_not_have_each_look_list_all(stamp: str) -> None:
    assert _looked(_Source({B: stamp}), KNOWN).notes.swept_at == KNOWN.swept_at


def test_notes_of_a_clock_that_was_ahead_by_years_blind_nobody() -> None:
    source = _Source()
    ahead = replace(KNOWN, swept_at=NOW + 1e9, polled_at=NOW + 1e9)
    looked = _looked(source, ahead)
    assert source.listings == 1
    assert (looked.notes.swept_at, looked.notes.polled_at) == (NOW, NOW)


@pytest.mark.parametrize(("pause_seconds", "is_asked"), [(-1.0, True), (HOUR, False), (1e9, True)])
def test_a_run_that_died_is_asked_for_after_its_pause_and_not_after_years(pause_seconds: float, is_asked: bool) -> None:
    died = Asked("opendata-1-1#2", {B: None}, attempt=2, not_before=NOW + pause_seconds)
    looked = _looked(_Source(), replace(KNOWN, asked=(died,)))
    assert (looked.asked == (died,)) is is_asked
