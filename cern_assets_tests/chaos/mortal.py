"""A worker that dies: from one call to the outside on, every call ends in an error that nothing catches."""

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
        """Call, unless life is over or ends before this call's effect; or end after it."""
        if self.over:
            raise Killed
        last = self._left == 0
        self._left = None if self._left is None else self._left - 1
        self.over = last
        if last and not self._after_effect:
            raise Killed
        result = function(*args, **kwargs)
        if last:
            raise Killed
        return result


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
