"""Ending early: one flag that reaches from the one who asks into each copy of bytes."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from cern_assets.errors import RunInterruptedError

_LOOKS_EVERY_SECONDS = 0.2


class Cancellation:
    """A flag that is raised once. A child is raised with its parent; raising a child leaves the parent down."""

    def __init__(self, parent: "Cancellation | None" = None) -> None:
        self._parent = parent
        self._raised = threading.Event()

    def child(self) -> "Cancellation":
        """A flag for a part of what this one stands for."""
        return Cancellation(self)

    def request(self) -> None:
        """Ask everybody who checks to stop at their next safe point."""
        self._raised.set()

    @property
    def requested(self) -> bool:
        """Whether this flag or one above it is raised."""
        return self._raised.is_set() or (self._parent is not None and self._parent.requested)

    def check(self) -> None:
        """Go on, or stop here; to be called where stopping leaves nothing half-done, as between two chunks.

        Raises:
            RunInterruptedError: somebody asked to stop.
        """
        if self.requested:
            raise RunInterruptedError("The run was ended before this recid was through.", remedy="Run it again.")

    @contextmanager
    def working(self) -> Iterator[None]:
        """The thread works under this flag while the block runs: `pause` in it ends when the flag is raised."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    @contextmanager
    def checked(self, opened: AbstractContextManager[Iterator[bytes]]) -> Iterator[Iterator[bytes]]:
        """The same stream, with a check before each chunk."""
        with opened as chunks:
            yield self._each(chunks)

    def _each(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.check()
            yield chunk


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def pause(seconds: float) -> None:
    """Sleep, but not on after the thread's work is asked to end: a source's pace may mean a minute.

    Raises:
        RunInterruptedError: somebody asked to stop.
    """
    flag, until = _current.get(), time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if flag is None:
            time.sleep(left)
        else:
            flag.check()
            time.sleep(min(left, _LOOKS_EVERY_SECONDS))
