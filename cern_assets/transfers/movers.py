"""Moving many files at a time: the small ones by many threads, the large ones by few, for all recids of a run."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait

SMALL_BYTES = 4 * 1024**2
"""A file of up to this many bytes is read at once, as what it costs is the calls and not the bytes."""

_SMALL_AT_A_TIME = 8
_LARGE_AT_A_TIME = 2


class Movers:
    """The threads that move the files of all recids of a run.

    Small files are many at a time, because each waits for answers most of its time. Of large files two are enough to
    keep the machine busy, whose digests have threads of their own; how many bytes are on their way is bounded by slots.
    """

    def __init__(self) -> None:
        self._small = ThreadPoolExecutor(_SMALL_AT_A_TIME, thread_name_prefix="small-files")
        self._large = ThreadPoolExecutor(_LARGE_AT_A_TIME, thread_name_prefix="large-files")

    def close(self) -> None:
        """End the threads; nothing may be moved after."""
        self._small.shutdown(cancel_futures=True)
        self._large.shutdown(cancel_futures=True)

    def small[Item, Moved](self, move: Callable[[Item], Moved], items: Iterable[Item]) -> list[Moved]:
        """Move small files, and give what came of them in their order; see `large`."""
        return _each(self._small, move, items)

    def large[Item, Moved](self, move: Callable[[Item], Moved], items: Iterable[Item]) -> list[Moved]:
        """Move files, and give what came of them in their order.

        The first that fails keeps those that were not begun from beginning; its error is raised when the others at work
        have ended.
        """
        return _each(self._large, move, items)


class _NotBegunError(Exception):
    """Another file failed before this one was begun."""


def _each[Item, Moved](
    threads: ThreadPoolExecutor, move: Callable[[Item], Moved], items: Iterable[Item]
) -> list[Moved]:
    failed = threading.Event()

    def moved(item: Item) -> Moved:
        if failed.is_set():
            raise _NotBegunError
        try:
            return move(item)
        except BaseException:
            failed.set()
            raise

    futures = [threads.submit(moved, item) for item in items]
    wait(futures)
    errors = (future.exception() for future in futures)
    if (
        first := next((error for error in errors if error and not isinstance(error, _NotBegunError)), None)
    ) is not None:
        raise first
    return [future.result() for future in futures]
