"""Slots: how much may be on its way at the same time on one machine, whichever processes move it.

A slot is a file under a lock of the operating system, which ends with its holder, however that ends.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cern_assets.failures import of_the_system
from cern_assets.model.events import Waited
from cern_assets.recording import note

_AGAIN_SECONDS = 0.05
_LONGEST_SECONDS = 1.0


class Slots:
    """`count` slots in a folder, each for `slot_bytes`.

    What is smaller than a tenth of a slot needs none: waiting for it would cost more than it moves. What is larger
    takes as many as it has bytes for, at most all, so that one file of ten terabytes moves alone. Who waits for slots
    waits in a turn, so that the large are not passed by the small for ever.
    """

    def __init__(self, folder: Path, *, count: int, slot_bytes: int, wait: Callable[[float], None]) -> None:
        self._folder = folder
        self._count = count
        self._slot_bytes = slot_bytes
        self._wait = wait

    def needed(self, size_bytes: int) -> int:
        """How many slots bytes need."""
        return 0 if size_bytes < self._slot_bytes / 10 else min(self._count, -(-size_bytes // self._slot_bytes))

    @contextmanager
    def taken(self, size_bytes: int) -> Iterator[None]:
        """A block in which bytes move; it begins when there is room for them.

        Raises:
            RunInterruptedError: the run was ended while it waited.
            StorageFullError, StorageUnavailableError: the folder cannot be used.
        """
        needed = self.needed(size_bytes)
        if not needed:
            yield
            return
        with ExitStack() as held:
            began = time.monotonic()
            with ExitStack() as turn:
                self._hold(turn, ["turn"], 1)
                self._hold(held, [f"slot-{number}" for number in range(self._count)], needed)
            note(Waited(reason="slots", wait_seconds=time.monotonic() - began))
            yield

    def _hold(self, stack: ExitStack, names: list[str], needed: int) -> None:
        """Wait until so many of the files are ours."""
        free, pause = list(names), _AGAIN_SECONDS
        while True:
            for name in list(free):
                if needed and self._locked(stack, name):
                    free.remove(name)
                    needed -= 1
            if not needed:
                return
            self._wait(pause)
            pause = min(pause * 1.5, _LONGEST_SECONDS)

    def _locked(self, stack: ExitStack, name: str) -> bool:
        place = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise of_the_system(error, "Taking a slot", str(place)) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        stack.callback(os.close, file)
        return True
