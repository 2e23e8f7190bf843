"""How fast a source may be asked."""

import threading
import time
from collections import deque
from collections.abc import Callable

_WINDOW_SECONDS = 60.0


class RequestLimit:
    """Never more than so many requests in any minute, over all threads that share it.

    It remembers when the last requests started; a further one waits until the oldest of them is a minute old. So a few
    requests go out at once, and no minute ever holds more than the limit (which a bucket that refills while it is being
    emptied does not promise: up to twice as many fit into its first minute).

    `clock` gives seconds that never go back, `wait` sleeps for seconds.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Limit to `per_minute` requests; 0 sets no limit of our own, and `hold` still works."""
        self._starts: deque[float] = deque(maxlen=per_minute)
        self._held_until = float("-inf")
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until one more request may start."""
        with self._lock:
            now = self._clock()
            start = max(now, self._held_until)
            if self._starts and len(self._starts) == self._starts.maxlen:
                start = max(start, self._starts[0] + _WINDOW_SECONDS)
            self._starts.append(start)
        if start > now:
            self._wait(start - now)

    def hold(self, seconds: float) -> None:
        """Let no thread start a request for so long, because the source asked for it."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
