"""How fast a source may be asked."""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from cern_assets.failures import of_the_system

_WINDOW_SECONDS = 60.0
_FURTHEST_SECONDS = 3600.0
"""A start that lies further ahead was noted by a clock that has been set back since."""

type _Starts = list[float]


class RequestLimit:
    """Never more than so many requests in any minute, over all threads and processes that share it.

    It remembers when the last requests started; a further one waits until the oldest of them is a minute old. So a few
    requests go out at once, and no minute ever holds more than the limit (which a bucket that refills while it is being
    emptied does not promise: up to twice as many fit into its first minute).

    With a `file`, the starts are kept there, under a lock that ends with the process that holds it, and a minute of all
    processes of the machine holds no more than the limit. `clock` gives seconds of a clock that they share, `wait`
    sleeps for seconds.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        file: Path | None = None,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Limit to `per_minute` requests; 0 sets no limit of our own, and `hold` still works."""
        self._per_minute = per_minute
        self._file = file
        self._kept: _Starts = []
        self._held_until = float("-inf")
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until one more request may start."""
        with self._lock:
            now = self._clock()
            with self._starts(now) as starts:
                start = max(now, self._held_until)
                if self._per_minute and len(starts) >= self._per_minute:
                    start = max(start, starts[-self._per_minute] + _WINDOW_SECONDS)
                if self._per_minute:
                    starts.append(start)
                    del starts[: -self._per_minute]
        if start > now:
            self._wait(start - now)

    def hold(self, seconds: float) -> None:
        """Let no thread start a request for so long, because the source asked for it; other processes hear it too."""
        with self._lock:
            now = self._clock()
            self._held_until = max(self._held_until, now + seconds)
            with self._starts(now) as starts:
                starts[:] = [max(start, self._held_until - _WINDOW_SECONDS) for start in starts]

    @contextmanager
    def _starts(self, now: float) -> Iterator[_Starts]:
        """When the last requests started, the earliest first; what the block makes of the list is kept."""
        if self._file is None or not self._per_minute:
            yield self._kept
            return
        with _opened(self._file) as descriptor:
            starts = self._read(descriptor, now)
            yield starts
            text = json.dumps(starts).encode()
            os.pwrite(descriptor, text, 0)  # over the old text, so that a full disk takes nothing from what is known
            os.ftruncate(descriptor, len(text))

    def _read(self, descriptor: int, now: float) -> _Starts:
        text = os.pread(descriptor, 64 * self._per_minute + 64, 0)
        if not text and os.fstat(descriptor).st_size == 0:
            return []
        try:
            starts = sorted(float(start) for start in json.loads(text))
        except (ValueError, TypeError):  # torn: a minute that is full, as far as anybody knows
            return [now] * self._per_minute
        return [start for start in starts if start < now + _FURTHEST_SECONDS]


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    """The file under its lock.

    Raises:
        StorageFullError, StorageUnavailableError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        raise of_the_system(error, "Noting when the source was asked", str(file)) from error


def pace_file(folder: Path | None, url: str) -> Path | None:
    """The file of a host in a folder; the port belongs to it, as test servers differ in that. None without a folder."""
    return folder / quote(urlsplit(url).netloc.rpartition("@")[2] or "unknown", safe="") if folder else None
