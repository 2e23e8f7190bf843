"""The event spool: one file of JSON lines a process, appended to and never rewritten.

DuckDB lets one process write to a database, and a run must not wait for another to tell what it did. A line that is
appended with one `write` call survives the death of the process. At worst the last line of a machine that lost its
power is torn: no other line stands in its way, as every writer has a file of its own and begins a new line after a
write that failed. Numbers by writer show that an event is lost.
"""

import json
import os
import socket
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

from cern_assets.errors import StorageFullError, StorageUnavailableError
from cern_assets.ports import TelemetryEvent

VERSION = 2
"""Of the lines that are written. 1 are those from before there was an envelope, which do not say it."""
KIND = "outcome"


class SpoolSink:
    """Appends events to `<folder>/events-<day>-<host>-<pid>-<random>.jsonl`; safe to share between threads.

    Each line is the event in an envelope: `version`, `kind`, `writer` (the file's name without beginning and end) and
    `sequence` (1, 2, 3 ...; an event that could not be written has used its number). The file is opened at the first
    event, so that a process that only reads leaves nothing behind.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._writer = ""
        self._sequence = 0
        self._torn = False

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
            StorageFullError, StorageUnavailableError: the event is lost; later ones may be noted.
        """
        with self._lock:
            try:
                if self._descriptor is None or os.fstat(self._descriptor).st_nlink == 0:  # somebody deleted the file
                    self._descriptor = self._open()
                self._sequence += 1
                line = (b"\n" if self._torn else b"") + self._line(event)
                self._torn = True
                written = os.write(self._descriptor, line)
            except OSError as error:
                raise self._unavailable(error, event) from error
            self._torn = written != len(line)
        if self._torn:
            raise StorageFullError(
                f"The event spool took only part of an event, which is lost: {event.status}.",
                uri=str(self._folder),
                recid=event.recid,
                stage=event.stage,
                remedy="Make room on that disk, then run the recid again.",
            )

    def close(self) -> None:
        """Close the file; a later event opens a new one."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _line(self, event: TelemetryEvent) -> bytes:
        envelope = {"version": VERSION, "kind": KIND, "writer": self._writer, "sequence": self._sequence}
        return json.dumps({**envelope, **event.model_dump()}, ensure_ascii=True).encode() + b"\n"

    def _open(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        day = datetime.now(UTC).strftime("%Y%m%d")
        writer = f"{day}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        name = f"events-{writer}.jsonl"
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
        self._writer, self._sequence, self._torn = writer, 0, False
        return descriptor

    def _unavailable(self, error: OSError, event: TelemetryEvent | None = None) -> StorageUnavailableError:
        lost = f" An event is lost: {event.status}." if event else ""
        return StorageUnavailableError(
            f"The event spool cannot be written: {error}.{lost}",
            uri=str(self._folder),
            recid=event.recid if event else None,
            stage=event.stage if event else None,
            remedy="Give this user write access to the folder, or set CERN_ASSETS_HOME.",
        )
