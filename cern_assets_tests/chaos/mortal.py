"""A worker that dies: from one call to the outside on, every call ends in an error that nothing catches."""

import threading
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The process is gone: what was in memory is lost, what is on disk stays."""


class Life:
    """How many calls to the outside are left; all parts of one worker share it."""

    def __init__(self, calls: int | None, *, after_effect: bool) -> None:
        self._left = calls
        self._after_effect = after_effect
        self.over = False

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call, unless life is over or ends before this call's effect; or end after it.

        It ends at calls of the thread of a recid only: a thread that helps it (reads an upload, renews a lease) would
        die alone and leave the other one waiting, which no process that is killed does.
        """
        if self.over:
            raise Killed
        if not threading.current_thread().name.startswith("recid"):
            return function(*args, **kwargs)
        last = self._left == 0
        self._left = None if self._left is None else self._left - 1
        try:
            return function(*args, **kwargs) if self._after_effect or not last else None
        finally:
            if last:
                self.over = True
                raise Killed


class Mortal:
    """A part of the outside, as a worker sees it while it lives."""

    def __init__(self, part: object, life: Life) -> None:
        self._part = part
        self._life = life

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._part, name)
        if not callable(value):
            return value
        return lambda *args, **kwargs: self._life.call(value, *args, **kwargs)
