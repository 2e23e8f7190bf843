"""The decision: what a source lists, what is known, what is under way; pure."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from cern_assets.model.discovery import Decision, Listing, Notes, Seen
from cern_assets.model.identifiers import Recid


def decide(listing: Listing, notes: Notes, under_way: AbstractSet[Recid], *, share: float) -> Decision:
    """Compare.

    A record has changed where the hash of what it says differs; a timestamp alone makes it `touched`. What a trusted
    listing lacks is suspected, and withdrawn when a second one lacks it too: no more at once than `share` of what is
    known (one is always allowed), unless a steward allowed as many.
    """
    listed: dict[str, list[Recid]] = {"new": [], "changed": [], "touched": [], "reappeared": [], "busy": []}
    for recid, seen in listing.seen.items():
        kind = _kind(recid, seen, notes, full=listing.trusted)
        if kind:
            listed["busy" if recid in under_way else kind].append(recid)
    missing = [
        recid for recid in notes.known if listing.trusted and recid not in listing.seen and recid not in notes.gone
    ]
    confirmed = [recid for recid in missing if recid in notes.missing]
    most = max(1, int(share * len(notes.known)), notes.allowed)
    let_go = len(missing) <= most
    return Decision(
        **{kind: tuple(recids) for kind, recids in listed.items() if kind != "busy"},
        suspected=tuple(recid for recid in missing if recid not in notes.missing),
        withdrawn=_free(confirmed, under_way) if let_go else (),
        held=() if let_go else tuple(confirmed),
        busy=(*listed["busy"], *(recid for recid in confirmed if let_go and recid in under_way)),
    )


def _kind(recid: Recid, seen: Seen, notes: Notes, *, full: bool) -> str:
    """How a listed record differs from what is known of it, "" for not at all.

    Of one that the collection names, and the source was not asked to list, only its run can tell.
    """
    if recid in notes.missing or recid in notes.gone:
        return "reappeared"
    known = notes.known.get(recid)
    if known is None:
        return "new"
    if seen.digest is not None and known.digest is not None and seen.digest != known.digest:
        return "changed"
    if seen == Seen():
        return "touched" if full else ""
    return "touched" if seen.updated is not None and seen.updated != known.updated else ""


def _free(recids: Iterable[Recid], under_way: AbstractSet[Recid]) -> tuple[Recid, ...]:
    return tuple(recid for recid in recids if recid not in under_way)
