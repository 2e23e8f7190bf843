"""CPU seconds of this process by the threads that used them."""

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

_LOOKS_SECONDS = 0.003


@contextmanager
def used_by_threads() -> Iterator[dict[str, float]]:
    """Seconds by the names of threads without their numbers, known when the block has ended.

    Threads are looked at every few milliseconds, so that the last moments of one that ends are missing.
    """
    found = defaultdict[str, float](float)
    before = {thread: _seconds(thread) for thread in threading.enumerate()}
    seen: dict[threading.Thread, float] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOKS_SECONDS):
            for thread in threading.enumerate():
                try:
                    seen[thread] = _seconds(thread)
                except OSError:  # it ended between the two
                    continue

    watching = threading.Thread(target=watch, name="watch", daemon=True)
    watching.start()
    try:
        yield found
    finally:
        ended.set()
        watching.join()
        for thread, seconds in seen.items():
            found[re.sub(r"(-reader)?[-_ ]?\d.*$", "", thread.name)] += seconds - before.get(thread, 0.0)
        found.pop("watch", None)


def _seconds(thread: threading.Thread) -> float:
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident or 0))
