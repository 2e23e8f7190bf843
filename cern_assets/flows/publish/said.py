"""What we said last, by the journal: what may stand in the repository as we left it."""

from collections.abc import Sequence

from cern_assets.model.journal import JournalEntry, PublishSeen, PublishWanted
from cern_assets.model.values import JsonObject


def last_said(entries: Sequence[JournalEntry], repository: str) -> tuple[JsonObject, ...]:
    """The payload that was last seen published in a repository, and those since of which nobody knows."""
    said: tuple[JsonObject, ...] = ()
    for entry in entries:
        what = entry.what
        if isinstance(what, PublishWanted) and what.repository == repository:
            said = (*said, what.said)
        elif isinstance(what, PublishSeen) and what.repository == repository:
            said = said[-1:]
    return said
