"""`python -m cern_assets_tests.chaos.profile COUNT`: which part of a seed costs how much CPU, by threads.

Threads are looked at every few milliseconds, so that the last moments of those that end are missing; what no thread
was seen with stands in a row of its own.
"""

import logging
import re
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from cern_assets_tests.chaos.memory import MEMORY
from cern_assets_tests.chaos.schedule import run_seeds

_LOOKS_SECONDS = 0.005
_PARTS = {
    "recid": "the flows: journal, lease, documents, metadata, archives",
    "nrp-repository": "the client of the repository, with its thread, session and connection for each run",
    "cern-assets-serving": "the repository and the sources' web server: HTTP",
    "AnyIO worker thread": "the repository and the sources' web server: records, files, SQLite",
    "ThreadPoolExecutor": "the schedule, the source, and the comparison with the model",
    "MainThread": "the ledger, once for all of them",
}


class Watch(threading.Thread):
    """Looks at the CPU seconds of all threads while it runs."""

    def __init__(self) -> None:
        super().__init__(name="watch", daemon=True)
        self._ended = threading.Event()
        self._seen: dict[threading.Thread, float] = {}
        self._before = self._now(threading.main_thread())

    def run(self) -> None:
        """Look, until it is ended."""
        while not self._ended.wait(_LOOKS_SECONDS):
            for thread in threading.enumerate():
                try:
                    self._seen[thread] = self._now(thread)
                except OSError:  # it ended between the two
                    continue

    def end(self) -> dict[str, float]:
        """The seconds by kind of thread."""
        self._ended.set()
        self.join()
        self._seen[threading.main_thread()] -= self._before
        found = defaultdict[str, float](float)
        for thread, seconds in self._seen.items():
            found[re.sub(r"(-reader)?[-_ ]?\d.*$", "", thread.name)] += seconds
        return found

    def _now(self, thread: threading.Thread) -> float:
        return time.clock_gettime(time.pthread_getcpuclockid(thread.ident or 0))


def main(count: int) -> None:
    """Run seeds, and print the parts."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        watch, began = Watch(), time.process_time()
        watch.start()
        failed = run_seeds(range(1, count + 1), Path(folder))
        took = time.process_time() - began
        seconds = watch.end()
    watching = seconds.pop("watch", 0.0)
    took -= watching
    told = {text: seconds.pop(kind, 0.0) for kind, text in _PARTS.items()}
    told["the rest"] = took - sum(told.values())
    for text, each in sorted(told.items(), key=lambda part: -part[1]):
        sys.stdout.write(f"{1000 * each / count:7.1f} ms a seed  {100 * each / took:5.1f} %  {text}\n")
    sys.stdout.write(f"{1000 * took / count:7.1f} ms a seed, {count / took:.1f} seeds a second of one core\n")
    sys.exit(min(len(failed), 1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
