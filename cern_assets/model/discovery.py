"""What is known of a source's records, and what was asked of the pipeline because of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from cern_assets.model.identifiers import Recid


class Seen(NamedTuple):
    """What a source listed of a record: the hash of what it says, and the source's timestamp; None where untold."""

    digest: str | None = None
    updated: str | None = None


@dataclass(frozen=True)
class Listing:
    """The records of a source, as far as it lists them.

    Only a trusted one, which is complete by the source's own count, says that a record is not there. `reason` says why
    it is not trusted.
    """

    seen: Mapping[Recid, Seen]
    trusted: bool
    reason: str = ""


@dataclass(frozen=True)
class Sweep:
    """A full listing under way: when it began (seconds since 1970), the count it began with, and what it has so far.

    `done` names the slices that are in it, `others` has the source's ids of hits that are no records. It is `whole`
    when no slice is left.
    """

    began: float
    total: int
    done: frozenset[str] = frozenset()
    seen: Mapping[Recid, Seen] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    whole: bool = False


@dataclass(frozen=True)
class Asked:
    """Recids that the pipeline was asked to run, in a run of their own, with what the source said of them.

    Of one that the source does not list, it said None.

    `key` names the run for good: asking twice by one key makes one run. After a run that died, the same is asked by the
    next `attempt`, not before `not_before` (seconds since 1970).
    """

    key: str
    seen: Mapping[Recid, Seen | None]
    attempt: int = 1
    not_before: float = 0.0


Fate = Literal["not there", "under way", "ended", "died"]
"""What became of an asked run. One that `ended` came to its end, whatever its recids did."""


@dataclass(frozen=True)
class Outcome:
    """What became of an asked run, and which recids it held, which others may have put among its partitions since."""

    fate: Fate
    held: frozenset[Recid] = frozenset()


@dataclass(frozen=True)
class Notes:
    """What discovery remembers of a collection between two looks.

    `known` are records whose run came to its end, with what the source said when it was asked for. `missing` are those
    that trusted listings do not have any more, with the time of the first; `gone` of them are withdrawn. `asked` are
    runs that were asked for and have not been seen to end. `sweep` is a full listing that goes on, `swept_at` when the
    last one began, and since `polled_at` nothing was asked about touched records. A steward allowed `allowed`
    withdrawals at once.
    """

    known: Mapping[Recid, Seen] = field(default_factory=dict)
    missing: Mapping[Recid, float] = field(default_factory=dict)
    gone: frozenset[Recid] = frozenset()
    asked: tuple[Asked, ...] = ()
    sweep: Sweep | None = None
    swept_at: float = 0.0
    polled_at: float = 0.0
    allowed: int = 0


@dataclass(frozen=True)
class Decision:
    """What a listing means for what is known: each recid in one of these, in the source's order.

    `touched` have another timestamp and say the same, or it is not told whether they do. `suspected` are missing for
    the first time, `withdrawn` again; `held` would be withdrawn, and are more than may go without a steward's word.
    `busy` are those of whom a run is under way already.
    """

    new: tuple[Recid, ...] = ()
    changed: tuple[Recid, ...] = ()
    touched: tuple[Recid, ...] = ()
    reappeared: tuple[Recid, ...] = ()
    suspected: tuple[Recid, ...] = ()
    withdrawn: tuple[Recid, ...] = ()
    held: tuple[Recid, ...] = ()
    busy: tuple[Recid, ...] = ()

    @property
    def to_run(self) -> tuple[Recid, ...]:
        """Those to run, the most urgent first: what only may have changed comes last."""
        return self.new + self.changed + self.reappeared + self.withdrawn + self.touched
