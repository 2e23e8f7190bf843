"""The event spool: one file of JSON lines a process, appended to and never rewritten.

DuckDB lets one process write to a database, and a run must not wait for another to tell what it did. A line that is
appended with one `write` call survives the death of the process, and at worst the last line of a machine that lost
its power is torn, which readers skip.
"""

import os
import socket
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

from cern_assets.errors import StorageFullError, StorageUnavailableError
from cern_assets.ports import TelemetryEvent


class SpoolSink:
    """Appends events to `<folder>/events-<day>-<host>-<pid>-<random>.jsonl`; safe to share between threads.

    The file is opened at the first event, so that a process that only reads leaves nothing behind.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._descriptor: int | None = None

    def ping(self) -> str:
        """Say where events go.

        Raises:
            StorageUnavailableError: the folder cannot be made or written to.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unavailable(error) from error
        if not os.access(self._folder, os.W_OK):
            raise self._unavailable(PermissionError("not writable"))
        return f"events are spooled to {self._folder}"

    def emit(self, event: TelemetryEvent) -> None:
        """Append one event.

        Raises:
            StorageFullError, StorageUnavailableError: the event was not noted.
        """
        line = event.model_dump_json().encode() + b"\n"
        with self._lock:
            try:
                if self._descriptor is None:
                    self._descriptor = self._open()
                written = os.write(self._descriptor, line)
            except OSError as error:
                raise self._unavailable(error) from error
        if written != len(line):
            raise StorageFullError(
                "The event spool took only part of an event.", uri=str(self._folder), remedy="Make room on that disk."
            )

    def close(self) -> None:
        """Close the file; a later event opens a new one."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _open(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        day = datetime.now(UTC).strftime("%Y%m%d")
        name = f"events-{day}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"
        return os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)

    def _unavailable(self, error: OSError) -> StorageUnavailableError:
        return StorageUnavailableError(
            f"The event spool cannot be written: {error}.",
            uri=str(self._folder),
            remedy="Give this user write access to the folder, or set CERN_ASSETS_HOME.",
        )
