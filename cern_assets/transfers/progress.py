"""How far the bytes of something large have come: in the log, and to whoever wants to show it."""

import logging
import time
from collections.abc import Callable

_LOG = logging.getLogger(__name__)
_EVERY_SECONDS = 30.0
_MIB = 1024**2


class Progress:
    """Counts bytes towards a size, and notes in the log every half minute how many there are and how fast they come."""

    def __init__(self, what: str, size_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._size_bytes = size_bytes
        self._clock = clock
        self._began = self._told = clock()
        self.moved_bytes = 0

    def moved(self, size_bytes: int) -> None:
        """Count further bytes."""
        self.moved_bytes += size_bytes
        now = self._clock()
        if now - self._told >= _EVERY_SECONDS:
            self._told = now
            share = 100 * self.moved_bytes / max(self._size_bytes, 1)
            rate = self.moved_bytes / _MIB / (now - self._began)
            _LOG.info("%s: %.0f%% of %d MiB, %.0f MiB/s", self._what, share, round(self._size_bytes / _MIB), rate)
