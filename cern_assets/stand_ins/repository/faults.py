"""Faults by seed: what goes wrong with the requests of a client, the same for the same seed and the same requests.

What a fault does is what real servers and the networks before them do: an answer that comes late or is lost, an effect
that happened although the answer says otherwise, bytes that were changed on their way and are kept with the MD5 of what
came, a search that does not show yet what was written.
"""

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class Fault(StrEnum):
    """What goes wrong with a request."""

    LATE = "late"
    """It is answered after some milliseconds."""
    TOO_MANY = "429"
    """It is refused for now, with Retry-After."""
    ERROR = "500"
    LOST = "504-before"
    """A proxy gives up, and the repository never saw the request."""
    UNHEARD = "504-after"
    """A proxy gives up, and the repository did what was asked."""
    DROPPED = "dropped-before"
    """The connection is closed before anything is done."""
    DROPPED_AFTER = "dropped-after"
    """It is closed after all is done, before the answer."""
    TRUNCATED = "truncated"
    """The answer breaks off in its middle."""
    CHANGED = "changed"
    """A byte of a file's content is another one when it arrives."""
    SHORTENED = "shortened"
    """The last byte of a file's content does not arrive."""


_OF_CONTENT = (Fault.CHANGED, Fault.SHORTENED)


@dataclass(frozen=True)
class Moment:
    """A request at the repository's door: its number from 1, and whether its effect is still to come or done."""

    number: int
    method: str
    path: str
    done: bool = False


class Faults:
    """Chooses the fault of each request by a seed; asked from any thread.

    Args:
        seed: what the choice depends on, beside the request's number.
        share: the part of all requests with which something goes wrong, from 0 to 1.
        kinds: the faults that are chosen from.
        longest_seconds: of a late answer.
        search_lag_seconds: how long a new record is not found by a search, at most; each seed has its own lag.
        clock: seconds since 1970, by which the search lags.
        watch: told of each request before its effect and after it, before it is answered.
    """

    def __init__(
        self,
        seed: int,
        *,
        share: float = 0.2,
        kinds: Collection[Fault] = tuple(Fault),
        longest_seconds: float = 0.2,
        search_lag_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
        watch: Callable[[Moment], None] = lambda _moment: None,
    ) -> None:
        self.share = share
        self.watch = watch
        self._seed = seed
        self._kinds = tuple(kinds)
        self._longest_seconds = longest_seconds
        self._lag_seconds = search_lag_seconds * random.Random(f"{seed} lag").random()  # noqa: S311  # no secret
        self._clock = clock
        self._lock = Lock()
        self._requests = 0

    def moment(self, method: str, path: str) -> Moment:
        """Count a request."""
        with self._lock:
            self._requests += 1
            return Moment(self._requests, method, path)

    def of(self, moment: Moment) -> Fault | None:
        """What goes wrong with a request; bytes are only changed where a file's content is sent."""
        chosen = random.Random(f"{self._seed} {moment.number}")  # noqa: S311  # no secret
        if chosen.random() >= self.share:
            return None
        fault = chosen.choice(self._kinds)
        sends_content = moment.method == "PUT" and "/content" in moment.path
        return fault if sends_content or fault not in _OF_CONTENT else None

    def late_seconds(self, moment: Moment) -> float:
        """How late an answer is."""
        return self._longest_seconds * random.Random(f"{self._seed} {moment.number} late").random()  # noqa: S311  # no secret

    def indexed_until(self) -> float:
        """Until when, in seconds since 1970, what was created is found by a search."""
        return self._clock() - self._lag_seconds
