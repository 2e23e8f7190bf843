"""One look at a source: what became of earlier runs, what is listed, what that means, and which runs to ask for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from cern_assets.collections.spec import CollectionSpec
from cern_assets.errors import SourceUnavailableError
from cern_assets.flows.discovery.decision import decide
from cern_assets.flows.discovery.listing import InTime, grown, listing_of, named_recids, touched_since
from cern_assets.flows.discovery.requests import LONGEST_PAUSE_SECONDS, asked_for, noted, settled
from cern_assets.model.discovery import Asked, Decision, Listing, Notes, Outcome
from cern_assets.model.identifiers import Recid
from cern_assets.ports import RecordSource

MOST_RUNS = 20
"""Runs that are asked for and not ended, of a collection; what is left is asked for when these end."""
_INDEX_LAG_SECONDS = 60.0
"""How long a record may be listed as touched before a search shows it."""


class Engine(Protocol):
    """What runs recids and remembers it: an instance of Dagster."""

    def under_way(self) -> AbstractSet[Recid]:
        """The recids of all runs that are queued or going on, whoever began them."""

    def outcome(self, asked: Asked) -> Outcome:
        """What became of a run that was asked for."""

    def withdrawn(self, recids: Collection[Recid]) -> AbstractSet[Recid]:
        """Those of some recids that their last run found withdrawn."""

    def batches(self, recids: Sequence[Recid]) -> Sequence[Sequence[Recid]]:
        """Split recids into those of one run each."""


@dataclass(frozen=True)
class Look:
    """What a look found. `notes` have to be kept before `asked` is handed to the engine."""

    listing: Listing
    decision: Decision
    notes: Notes
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class Watch:
    """What is watched, and how a recid that a person wrote is read."""

    source: RecordSource
    spec: CollectionSpec
    parse: Callable[[str], Recid]

    def look(self, engine: Engine, notes: Notes, *, now: float, in_time: InTime) -> Look:
        """Look once; nothing is written here.

        A full listing is gone on with, or begun when the last is `full_every_hours` old; otherwise only what the source
        says was touched is looked at. What a listing tells of records that are there is used while it goes on.

        Raises:
            SourceUnavailableError: nothing could be listed.
            ConfigurationError, RecordNotFoundError: the collection selects what the source does not have.
        """
        outcomes = {asked.key: engine.outcome(asked) for asked in notes.asked}
        ended = [recid for each in notes.asked if outcomes[each.key].fate == "ended" for recid in each.seen]
        notes = settled(notes, outcomes, engine.withdrawn([recid for recid in ended if recid in notes.missing]), now)
        listing, notes = self._listed(notes, now, in_time)
        under_way = {*engine.under_way(), *(recid for asked in notes.asked for recid in asked.seen)}
        decision = decide(listing, notes, under_way, share=self.spec.discovery.withdraw_share)
        notes = noted(notes, decision, listing, now)
        batches = engine.batches(decision.to_run)[: max(0, MOST_RUNS - len(notes.asked))]
        asked = asked_for(batches, listing, stamp=f"{self.spec.name}-{round(now * 1000)}")
        notes = replace(notes, asked=notes.asked + asked)
        return Look(listing, decision, notes, tuple(_to_ask(notes.asked, outcomes, now)))

    def _listed(self, notes: Notes, now: float, in_time: InTime) -> tuple[Listing, Notes]:
        due = now >= notes.swept_at + self.spec.discovery.full_every_hours * 3600
        due = due or notes.sweep is not None or notes.swept_at > now  # written by a clock that was wrong
        return self._swept(notes, now, in_time) if due else self._polled(notes, now)

    def _swept(self, notes: Notes, now: float, in_time: InTime) -> tuple[Listing, Notes]:
        """A full listing; one that a fault of the source broke off is gone on with by the next look."""
        sweep = notes.sweep
        try:
            for grown_sweep in grown(self.source, self.spec.selection, sweep, now=now, in_time=in_time):
                sweep = grown_sweep
            if sweep is None:
                return Listing(seen={}, trusted=False, reason="There was no time to list anything."), notes
            named = named_recids(self.spec.selection, self.parse)
            listing = listing_of(self.source, self.spec.selection, sweep, named)
        except SourceUnavailableError as error:
            if sweep is None:
                raise
            sweep = replace(sweep, whole=False)
            listing = Listing(seen=sweep.seen, trusted=False, reason=error.message)
        if not sweep.whole:
            return listing, replace(notes, sweep=sweep)
        return listing, replace(notes, sweep=None, swept_at=sweep.began, polled_at=sweep.began)

    def _polled(self, notes: Notes, now: float) -> tuple[Listing, Notes]:
        """What was touched of what is known; where anything else was, the next look lists all.

        A timestamp that is still to come, or is none, is of no consequence now: it would have each look list all.
        """
        try:
            touched = touched_since(self.source, notes.polled_at)
        except SourceUnavailableError as error:
            return Listing(seen={}, trusted=False, reason=error.message), notes
        seen = {recid: each for recid, each in touched.seen.items() if recid in notes.known}
        others = (each.updated or "" for recid, each in touched.seen.items() if recid not in notes.known)
        missed = any(_stamp(notes.swept_at - _INDEX_LAG_SECONDS) < stamp <= _stamp(now) for stamp in others)
        return replace(touched, seen=seen), replace(notes, polled_at=now, swept_at=0.0 if missed else notes.swept_at)


def _to_ask(asked: Sequence[Asked], outcomes: Mapping[str, Outcome], now: float) -> Iterator[Asked]:
    for each in asked:
        outcome = outcomes.get(each.key)
        waits = now < each.not_before <= now + LONGEST_PAUSE_SECONDS  # a longer pause is of a clock that was wrong
        if not waits and (outcome is None or outcome.fate == "not there"):
            yield each


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(max(at, 0.0), UTC).isoformat(timespec="seconds")
