"""Whether a problem of one recid is a problem of all: asked of the adapters, not guessed from its kind."""

import threading
import time
from collections.abc import Callable, Iterator

from cern_assets.errors import CernAssetsError
from cern_assets.flows.stages import Adapters
from cern_assets.model.outcomes import Problem
from cern_assets.ports import FileStore

_SMALL_BYTES = 65_536
_AGAIN_SECONDS = 30.0
"""Between two probes that found nothing: ten thousand refused records must not become ten thousand questions."""


class Probe:
    """Looks for the cause that every recid of a batch would meet, and remembers it; many threads may ask."""

    def __init__(self, adapters: Adapters, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._adapters = adapters
        self._clock = clock
        self._lock = threading.Lock()
        self._clean_at: float | None = None
        self._cause: Problem | None = None

    @property
    def cause(self) -> Problem | None:
        """What all recids would meet, None as long as nothing of the kind was found."""
        return self._cause

    def look_into(self, problem: Problem | None) -> None:
        """Ask the adapters if a problem is of a kind that may affect all recids."""
        if problem is None or not problem.may_affect_all:
            return
        with self._lock:
            recently = self._clean_at is not None and self._clock() - self._clean_at < _AGAIN_SECONDS
            if self._cause is None and not recently:
                self._cause = next(self._found(), None)
                self._clean_at = self._clock()

    def _found(self) -> Iterator[Problem]:
        pings = (
            self._adapters.repository.ping,
            lambda: try_writing(self._adapters.store),
            self._adapters.files.ping,
            self._adapters.source.ping,
            self._adapters.telemetry.ping,
        )
        for ping in pings:
            try:
                ping()
            except CernAssetsError as error:
                if error.may_affect_all:
                    yield Problem(code=error.code, message=str(error), may_affect_all=True)


def try_writing(store: FileStore) -> str:
    """Write a small file that is never committed, so that nothing stays behind; gives what the store says of itself.

    Raises:
        StorageFullError, StorageUnavailableError, CredentialsRefusedError: nothing can be written there.
    """
    said = store.ping()
    with store.create("probe", size_bytes=_SMALL_BYTES) as writer:
        writer.write(bytes(_SMALL_BYTES))
    return f"{said}, writable"
