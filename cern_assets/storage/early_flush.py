"""Flushing a large file to disk while it is being written, so that nobody has to wait for all of it at its end."""

import os
import threading

_EVERY_BYTES = 64 * 1024**2


class EarlyFlush:
    """Flushes what is written of an open file, in a thread, each time that 64 MiB more of it are written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unflushed_bytes = 0
        self._due = threading.Event()
        self._ended = False
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None

    def written(self, size_bytes: int) -> None:
        """Count further bytes; the thread is begun by the first that are worth it."""
        self._unflushed_bytes += size_bytes
        if self._unflushed_bytes < _EVERY_BYTES:
            return
        self._unflushed_bytes = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="early-flush", daemon=True)
            self._thread.start()
        self._due.set()

    def end(self) -> None:
        """Wait for the flush that is going on; before the file is closed. No bytes may follow.

        Raises:
            OSError: something could not be written. The system tells this once for an open file, so that a later
                `fsync` would not say it again.
        """
        if self._thread is not None:
            self._ended = True
            self._due.set()
            self._thread.join()
            self._thread = None
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _run(self) -> None:
        while True:
            self._due.wait()
            if self._ended:
                return
            self._due.clear()
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                self._error = error
                return
