"""Another attempt, in the same batch and without holding a worker, for recids that failed by what may pass."""

import time
from collections import Counter
from collections.abc import Callable

from cern_assets.errors import (
    CernAssetsError,
    RepositoryUnavailableError,
    SourceUnavailableError,
    StorageUnavailableError,
    StoredFileDamagedError,
    TargetCopyDamagedError,
    TransferInterruptedError,
)
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome

_MAY_PASS: tuple[type[CernAssetsError], ...] = (
    SourceUnavailableError,
    StorageUnavailableError,
    RepositoryUnavailableError,
    TransferInterruptedError,
    StoredFileDamagedError,
    TargetCopyDamagedError,
)
_CODES = frozenset(kind("").code for kind in _MAY_PASS)
"""What may be over in a minute, or heals by running again. A refused token, a full disk and a fault of ours are not."""

type Outcomes = tuple[StageOutcome, ...]


class Again:
    """Recids that wait for their next attempt: after `pause_seconds`, and twice as long after each further one."""

    def __init__(self, attempts: int, pause_seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempts = attempts
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._made: Counter[Recid] = Counter()
        self._waiting: dict[Recid, tuple[float, Outcomes]] = {}

    def __bool__(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)

    def takes(self, outcomes: Outcomes) -> bool:
        """Whether a recid that ended like this gets another attempt; it waits for that from now on."""
        last = outcomes[-1]
        self._made[last.recid] += 1
        made = self._made[last.recid]
        if last.problem is None or last.problem.code not in _CODES or made >= self._attempts:
            return False
        self._waiting[last.recid] = (self._clock() + self._pause_seconds * 2 ** (made - 1), outcomes)
        return True

    def due(self) -> list[Recid]:
        """Those whose pause is over, who wait no longer."""
        now = self._clock()
        ready = [recid for recid, (at, _) in self._waiting.items() if at <= now]
        for recid in ready:
            del self._waiting[recid]
        return ready

    def seconds(self) -> float:
        """Until the next pause is over."""
        return max(0.0, min(at for at, _ in self._waiting.values()) - self._clock())

    def given_up(self) -> list[Outcomes]:
        """How all who wait ended last; nobody waits any more."""
        last = [outcomes for _, outcomes in self._waiting.values()]
        self._waiting.clear()
        return last
