"""The inventory: what the source, partitions, the ledger and receipts say of each recid, compared; pure."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from cern_assets.model.discovery import Listing, Notes
from cern_assets.model.identifiers import Recid

_NEVER_ENDED = frozenset({"pending", "unknown"})


@dataclass(frozen=True)
class Books:
    """What is written of a collection's recids in places that do not know of each other.

    `states` is the ledger's, `receipts` are recids with a receipt in the store, `under_way` those that runs hold now.
    """

    partitions: Collection[Recid]
    states: Mapping[Recid, str]
    receipts: AbstractSet[Recid]
    under_way: AbstractSet[Recid]


def disagreements(listing: Listing, books: Books) -> dict[str, tuple[Recid, ...]]:
    """Recids of which two books say different things, by what is wrong; those under way are not looked at."""
    registered = set(books.partitions)
    found = {
        "listed, and no partition": [recid for recid in listing.seen if recid not in registered],
        "a partition that no run has come to an end with": [
            recid for recid in books.partitions if books.states.get(recid, "pending") in _NEVER_ENDED
        ],
        "published, and no receipt": [
            recid
            for recid in books.partitions
            if books.states.get(recid) == "published" and recid not in books.receipts
        ],
        "a receipt, and no partition": sorted(books.receipts - registered),
    }
    free = {what: tuple(r for r in recids if r not in books.under_way) for what, recids in found.items()}
    return {what: recids for what, recids in free.items() if recids}


def still_waiting(listing: Listing, books: Books) -> tuple[Recid, ...]:
    """Listed recids whose last run had to wait, for a review or a tape: no books disagree, and they are to go on."""
    return tuple(
        recid for recid in listing.seen if books.states.get(recid) == "waiting" and recid not in books.under_way
    )


def forgotten(notes: Notes, recids: Collection[Recid]) -> Notes:
    """The notes as if no run had come to an end with these recids: the sensor asks for those that are listed."""
    gone = set(recids)
    return replace(notes, known={recid: seen for recid, seen in notes.known.items() if recid not in gone})
