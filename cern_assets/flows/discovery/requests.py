"""Which runs to ask for, and what becomes of what was asked; pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from cern_assets.model.discovery import Asked, Decision, Listing, Notes, Outcome, Seen
from cern_assets.model.identifiers import Recid

_FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0
_DOUBLINGS = 10
"""More than make the longest pause: a run that dies for weeks has no number that is too large."""


def settled(notes: Notes, outcomes: Mapping[str, Outcome], withdrawn: AbstractSet[Recid], now: float) -> Notes:
    """Take up what became of the runs that were asked for.

    Only a run that came to its end makes the recids known that it held; others come back as new. One that is not there
    was never begun, and is asked for again by its key; one that died is asked for again by another, after a pause that
    doubles. `withdrawn` are recids that their run found withdrawn.
    """
    known, missing, gone = dict(notes.known), dict(notes.missing), set(notes.gone)
    asked = []
    for each in notes.asked:
        outcome = outcomes[each.key]
        if outcome.fate != "ended":
            asked.append(_again(each, now) if outcome.fate == "died" else each)
            continue
        for recid, seen in each.seen.items():
            if recid in withdrawn:
                gone.add(recid)
            elif seen is not None and recid in outcome.held:
                known[recid] = _joined(known.get(recid), seen)
                gone.discard(recid)
                missing.pop(recid, None)
    return replace(notes, known=known, missing=missing, gone=frozenset(gone), asked=tuple(asked))


def _again(asked: Asked, now: float) -> Asked:
    pause = min(LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(asked.attempt - 1, _DOUBLINGS))
    key = f"{asked.key.partition('#')[0]}#{asked.attempt + 1}"
    return replace(asked, key=key, attempt=asked.attempt + 1, not_before=now + pause)


def noted(notes: Notes, decision: Decision, listing: Listing, now: float) -> Notes:
    """Remember who is missing for the first time; a steward's word is good until nobody is missing any more."""
    missing = {**notes.missing, **dict.fromkeys(decision.suspected, now)}
    open_ = decision.suspected + decision.withdrawn + decision.held
    over = listing.trusted and not open_
    return replace(notes, missing=missing, allowed=0 if over else notes.allowed)


def asked_for(batches: Iterable[Sequence[Recid]], listing: Listing, *, stamp: str) -> tuple[Asked, ...]:
    """Runs to ask for, one a batch; `stamp` tells them from all others that were ever asked for."""
    return tuple(
        Asked(key=f"{stamp}-{number}", seen={recid: listing.seen.get(recid) for recid in batch})
        for number, batch in enumerate(batches, start=1)
    )


def _joined(known: Seen | None, seen: Seen) -> Seen:
    """What the source said last; a digest that this listing does not tell is that of the one before."""
    return seen if known is None or seen.digest is not None else seen._replace(digest=known.digest)
