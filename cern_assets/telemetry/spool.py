"""The event spool: files of JSON lines, each appended to by one process and never rewritten.

DuckDB lets one process write to a database, and a run must not wait for another to tell what it did. A line that is
appended with one `write` call survives the death of the process. At worst the last line of a machine that lost its
power, or of a disk that was full, is torn: no other line stands in its way, as every writer has files of its own and
begins a new line after a write that failed. Numbers by writer show that an event is lost.
"""

import errno
import fcntl
import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from cern_assets.errors import CernAssetsError, StorageFullError, StorageUnavailableError
from cern_assets.failures import FULL, is_full
from cern_assets.model.events import Event, StageEnded
from cern_assets.telemetry.lines import line_of

_LARGEST_BYTES = 64 * 1024**2
_LOOK_SECONDS = 1.0
_MAKE_ROOM = "Make room on that disk, then run the same recids again: what is done is not done twice."


class SpoolSink:
    """Appends events to `<folder>/events-<day>-<host>-<pid>-<random>-<part>.jsonl`; safe to share between threads.

    Each line is an event in its envelope: `version`, `kind`, `writer` (the file's name without `events-` and part) and
    `sequence` (1, 2, 3 ... over all parts; an event that could not be written has used its number). A file is left for
    a new part when it has `largest_bytes` or its day (UTC) is over.

    While a file may be appended to, its writer holds a lock on it that nobody waits for, and which ends with the
    process, however that ends: a file that can be locked is closed, for good. It has its name only with the lock. The
    first file is made for the first event, so that a process that only reads leaves nothing behind. One that somebody
    deletes is noticed after `look_seconds`, and gone on with by another.
    """

    def __init__(
        self, folder: Path, *, largest_bytes: int = _LARGEST_BYTES, look_seconds: float = _LOOK_SECONDS
    ) -> None:
        self._folder = folder
        self._largest_bytes = largest_bytes
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._torn = False
        self._day = ""
        self._forget()

    def ping(self) -> str:
        """Say where events go.

        Raises:
            StorageFullError, StorageUnavailableError: the folder cannot be made or written to, or has no room.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            full = is_full(self._folder)
        except OSError as error:
            raise self._unavailable(error) from error
        if full:
            raise self._unavailable(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        if not os.access(self._folder, os.W_OK):
            raise self._unavailable(PermissionError("not writable"))
        return f"events are spooled to {self._folder}"

    def emit(self, events: Sequence[Event]) -> None:
        """Append events, together.

        Raises:
            StorageFullError, StorageUnavailableError: some of the events are lost; later ones may be noted.
        """
        if not events:
            return
        with self._lock:
            try:
                descriptor = self._opened(events[0].ts[:10].replace("-", ""))
                first = self._sequence + 1
                self._sequence += len(events)
                lines = [line_of(event, self._writer, first + at) for at, event in enumerate(events)]
                data = (b"\n" if self._torn else b"") + b"".join(lines)
                self._append(descriptor, data)
            except OSError as error:
                raise self._unavailable(error, events[-1]) from error

    def _append(self, descriptor: int, data: bytes) -> None:
        """Write all of it: a system may take a part at a time, and tells with the next one whether its disk is full."""
        rest = memoryview(data)
        self._torn = True
        while rest:
            written = os.write(descriptor, rest)
            self._size_bytes += written
            rest = rest[written:]
        self._torn = False

    def close(self) -> None:
        """Close the file; a later event begins a new writer's."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._forget()

    def _forget(self) -> None:
        self._descriptor: int | None = None
        self._pid = 0
        self._writer = ""
        self._part = self._sequence = self._size_bytes = 0
        self._looked_seconds = 0.0
        self._torn = False

    def _opened(self, day: str) -> int:
        """The file to append to: the one at hand, a new part of this writer, or that of a writer that begins."""
        if self._pid != os.getpid():  # a forked child must not go on with its parent's numbers
            self._forget()
            self._pid, self._writer = os.getpid(), f"{day}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        if self._descriptor is not None and self._size_bytes < self._largest_bytes and self._day == day:
            now = time.monotonic()
            if now - self._looked_seconds < self._look_seconds:
                return self._descriptor
            self._looked_seconds = now
            if os.fstat(self._descriptor).st_nlink > 0:
                return self._descriptor
        descriptor = self._new_part()
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._day, self._size_bytes, self._torn = descriptor, day, 0, False
        return descriptor

    def _new_part(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._part += 1
        name = f"events-{self._writer}-{self._part:04}.jsonl"
        beginning = self._folder / f"{name}.beginning"
        descriptor = os.open(beginning, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        beginning.rename(self._folder / name)
        return descriptor

    def _unavailable(self, error: OSError, event: Event | None = None) -> CernAssetsError:
        lost = f" An event is lost: {_words(event)}." if event else ""
        full = error.errno in FULL
        return (StorageFullError if full else StorageUnavailableError)(
            f"The event spool cannot be written: {error.strerror or error}.{lost}",
            uri=str(self._folder),
            recid=event.place.recid if event else None,
            stage=event.place.stage if event else None,
            remedy=_MAKE_ROOM if full else "Give this user write access to the folder, or set CERN_ASSETS_HOME.",
        )


def _words(event: Event) -> str:
    return event.fact.status if isinstance(event.fact, StageEnded) else event.fact.kind
