"""A number of times that something may happen in a run, over all threads."""

import threading


class Allowance:
    """So many, and no more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._left = most
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether it may happen once more."""
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            return True
