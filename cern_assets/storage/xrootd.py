"""A folder of an XRootD server, EOS among them, as a store.

Verified against XRootD 5.5.3 with the bindings 6.2.1. The error numbers are those of the XRootD protocol
(`kXR_...` in XProtocol.hh), the status codes those of the client (`XrdCl/XrdClStatus.hh`).
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from XRootD import client as _untyped
from XRootD.client.flags import AccessMode, DirListFlags, OpenFlags, QueryCode, StatInfoFlags

from cern_assets.errors import (
    CernAssetsError,
    ConfigurationError,
    CredentialsRefusedError,
    FileMissingError,
    StorageFullError,
    StorageUnavailableError,
    TransferInterruptedError,
    UnsafeNameError,
)
from cern_assets.failures import failure, no_room
from cern_assets.storage.paths import is_temporary, safe_path, temporary_name

client: Any = _untyped  # the bindings carry no types

_CHUNK_BYTES = 4 * 1024**2
_URL = re.compile(r"(?P<server>x?roots?://[^/]+)/(?P<base>/[^?#]*)?")
_LONGEST_SEGMENT_BYTES = 254  # XRootD's server takes 255, but lists only the first 254 of them
_FILE_MODE = AccessMode.UR | AccessMode.UW | AccessMode.GR | AccessMode.OR

# With the client's defaults a connection that broke is tried again only after a window of 120 seconds, and time limits
# are noticed up to 15 seconds late. The client reads these process-wide settings when it first connects; variables of
# the shell (XRD_CONNECTIONWINDOW ...) win over them.
_CLIENT_SETTINGS = {"ConnectionWindow": 4, "ConnectionRetry": 6, "TimeoutResolution": 1}

_KINDS: dict[int, type[CernAssetsError]] = {
    3002: UnsafeNameError,  # kXR_ArgTooLong
    3009: StorageFullError,  # kXR_NoSpace
    3010: CredentialsRefusedError,  # kXR_NotAuthorized
    3011: FileMissingError,  # kXR_NotFound
    3015: UnsafeNameError,  # kXR_NotFile
    3016: UnsafeNameError,  # kXR_isDirectory: a folder has the name of the file
    3021: StorageFullError,  # kXR_overQuota
    3025: CredentialsRefusedError,  # kXR_fsReadOnly
    3030: CredentialsRefusedError,  # kXR_AuthFailed
}
# kXR_FSError stands for many things, which only the end of the server's words tells apart.
_FILE_SYSTEM_ERROR = 3005
_NOT_A_FOLDER = "not a directory"
_WORDS: dict[str, type[CernAssetsError]] = {_NOT_A_FOLDER: UnsafeNameError, "read/only": CredentialsRefusedError}

# When writing, "no such file" is about the export or about a temporary file that a dying server lost: not the record's
# fault, and a later attempt can succeed.
_WRITING = _KINDS | {3011: StorageUnavailableError}
_REFUSED_BEFORE_ASKED = (203, 204)  # errLoginFailed, errAuthFailed: statuses of the client, without an error number


class XRootDStore:
    """A `ports.FileStore` over `root://host[:port]//folder`, which is made by the first write.

    A file is written under a temporary name and moved: the server replaces the older one in one step (EOS in two, so
    that for a moment there may be none). `timeout_seconds` is how long each call waits for an answer.
    """

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        match = _URL.fullmatch(url)
        if match is None:
            raise ConfigurationError(
                "This is no address of an XRootD folder.",
                value=url,
                remedy="Give it like root://host:1094//eos/folder.",
            )
        for name, value in _CLIENT_SETTINGS.items():
            client.EnvPutInt(name, value)
        self._server = match["server"]
        self._base = (match["base"] or "").rstrip("/")
        self._timeout = math.ceil(timeout_seconds)
        self._files = client.FileSystem(self._server)

    def close(self) -> None:
        """Do nothing: the client shares its connections between all stores of the process and ends them with it."""

    def ping(self) -> str:
        """Say which server answers and, where it tells, how much room there is."""
        url = f"{self._server}/{self._base}"
        status, _ = self._files.stat(self._base or "/", timeout=self._timeout)
        if _is_missing(status):
            return f"{url} (made by the first write)"
        _check(status, "Looking at the folder", url)
        free = self._free_bytes(self._base)
        return url if free is None else f"{url}, {free / 1024**3:.1f} GiB free"

    def uri(self, path: str) -> str:
        """Name a file by its `root://` URL."""
        return f"{self._server}/{self._place(path)}"

    def size_bytes(self, path: str) -> int | None:
        """Size of a file, None if there is none."""
        status, found = self._files.stat(self._place(path), timeout=self._timeout)
        if _is_missing(status):
            return None
        _check(status, "Looking at the file", self.uri(path))
        return None if found.flags & StatInfoFlags.IS_DIR else int(found.size)

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        """Read a file from an offset on, in chunks of 4 MiB; the client by itself survives a restart of the server."""
        uri = self.uri(path)
        file = client.File()
        status, _ = file.open(uri, OpenFlags.READ, timeout=self._timeout)
        if _is_missing(status) or status.errno == 3016:
            raise failure(FileMissingError, "Reading", uri, _said(status))
        _check(status, "Reading", uri)
        try:
            yield self._chunks(file, uri, offset_bytes)
        finally:
            file.close(timeout=self._timeout)

    @contextmanager
    def create(self, path: str, *, size_bytes: int | None) -> Iterator["XRootDWriter"]:
        """Begin a file under a temporary name beside its own.

        EOS books `oss.asize`; vanilla XRootD reserves nothing, so that the free space is asked for, once the folder
        is there to be asked about.
        """
        place, uri = self._place(path), self.uri(path)
        if max(len(segment.encode()) for segment in place.split("/")) > _LONGEST_SEGMENT_BYTES:
            raise failure(UnsafeNameError, "Creating", uri, f"a name is longer than {_LONGEST_SEGMENT_BYTES} bytes")
        folder = place.rpartition("/")[0]
        temporary = f"{folder}/{temporary_name()}"
        booking = f"?oss.asize={size_bytes}" if size_bytes else ""
        file = client.File()
        # DELETE instead of NEW: the client repeats an open whose answer got lost, and nobody else has this name.
        flags = OpenFlags.DELETE | OpenFlags.MAKEPATH
        status, _ = file.open(f"{self._server}/{temporary}{booking}", flags, _FILE_MODE, timeout=self._timeout)
        _check(status, "Creating", uri, _WRITING)
        writer = XRootDWriter(self._files, file, temporary=temporary, place=place, uri=uri, timeout=self._timeout)
        try:
            if size_bytes is not None:
                self._require_room(folder, size_bytes, uri)
            yield writer
        finally:
            writer.abandon_unless_committed()

    def remove(self, path: str) -> None:
        """Delete a file; folders are left alone (the server's `rm` would delete an empty one)."""
        if self.size_bytes(path) is None:
            return
        status, _ = self._files.rm(self._place(path), timeout=self._timeout)
        if not _is_missing(status):
            _check(status, "Deleting", self.uri(path))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Paths of all committed files under a folder, one call to the server a folder."""
        folders = [prefix]
        while folders:
            folder = folders.pop()
            place = self._place(folder) if folder else self._base or "/"
            status, entries = self._files.dirlist(place, DirListFlags.STAT, timeout=self._timeout)
            if _is_missing(status):
                continue
            _check(status, "Listing", f"{self._server}/{place}")
            for entry in entries:
                path = f"{folder}/{_unescaped(entry.name)}".lstrip("/")
                if entry.statinfo.flags & StatInfoFlags.IS_DIR:
                    folders.append(path)
                elif not is_temporary(path):
                    yield path

    def _place(self, path: str) -> str:
        """Turn a path of ours into the server's."""
        return f"{self._base}/{_escaped(safe_path(path))}"

    def _chunks(self, file: Any, uri: str, position: int) -> Iterator[bytes]:
        while True:
            status, chunk = file.read(position, _CHUNK_BYTES, timeout=self._timeout)
            if not status.ok:
                raise failure(TransferInterruptedError, "Reading", uri, _said(status))
            if not chunk:
                return
            yield chunk
            position += len(chunk)

    def _require_room(self, folder: str, size_bytes: int, uri: str) -> None:
        free = self._free_bytes(folder)
        if free is not None and size_bytes > free:
            raise no_room(uri, needed_bytes=size_bytes, free_bytes=free)

    def _free_bytes(self, folder: str) -> int | None:
        """Bytes that can still be written below a folder that exists; None where the server does not tell."""
        status, answer = self._files.query(QueryCode.SPACE, folder or "/", timeout=self._timeout)
        match = re.search(rb"oss\.free=(\d+)", answer) if status.ok else None
        return int(match[1]) if match else None


class XRootDWriter:
    """A `ports.ByteWriter` over an open file with a temporary name."""

    def __init__(self, files: Any, file: Any, *, temporary: str, place: str, uri: str, timeout: int) -> None:
        self._files = files
        self._file = file
        self._temporary = temporary
        self._place = place
        self._uri = uri
        self._timeout = timeout
        self._committed = False
        self._written_bytes = 0
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Append; small chunks are collected, as each call to the server costs a round trip."""
        self._pending.append(chunk)
        self._pending_bytes += len(chunk)
        if self._pending_bytes >= _CHUNK_BYTES:
            self._flush()

    def commit(self) -> None:
        """Flush to disk, close, and move to the final name, which replaces an older file."""
        self._flush()
        status, _ = self._file.sync(timeout=self._timeout)
        _check(status, "Flushing", self._uri, _WRITING)
        status, _ = self._file.close(timeout=self._timeout)
        _check(status, "Closing", self._uri, _WRITING)
        status, _ = self._files.mv(self._temporary, self._place, timeout=self._timeout)
        _check(status, "Moving to its name", self._uri, _WRITING)
        self._committed = True

    def abandon_unless_committed(self) -> None:
        """Delete the temporary file, if the server lets us: one that stays is not listed."""
        if self._committed:
            return
        if self._file.is_open():
            self._file.close(timeout=self._timeout)
        self._files.rm(self._temporary, timeout=self._timeout)

    def _flush(self) -> None:
        block = b"".join(self._pending)
        self._pending, self._pending_bytes = [], 0
        if block:
            status, _ = self._file.write(block, self._written_bytes, len(block), timeout=self._timeout)
            _check(status, "Writing", self._uri, _WRITING)
            self._written_bytes += len(block)


def _check(status: Any, doing: str, uri: str, kinds: dict[int, type[CernAssetsError]] = _KINDS) -> None:
    """Raise the error of our tree for a status that is none of success."""
    if status.ok:
        return
    kind = kinds.get(status.errno, StorageUnavailableError)
    if status.code in _REFUSED_BEFORE_ASKED:
        kind = CredentialsRefusedError
    if status.errno == _FILE_SYSTEM_ERROR:
        kind = next((known for words, known in _WORDS.items() if _said(status).endswith(words)), kind)
    if kind is StorageFullError:
        raise no_room(uri, needed_bytes=None, free_bytes=None)
    raise failure(kind, doing, uri, _said(status))


def _is_missing(status: Any) -> bool:
    """Whether the server said that there is no such file; a silent server did not."""
    below_a_file = status.errno == _FILE_SYSTEM_ERROR and _said(status).endswith(_NOT_A_FOLDER)
    return status.errno == 3011 or below_a_file


def _said(status: Any) -> str:
    return " ".join(str(status.message).split()).removeprefix("[ERROR] ").removeprefix("[FATAL] ")


def _escaped(path: str) -> str:
    """Write a path without `?`, where the protocol begins parameters; all other characters go through as they are.

    `?` becomes `%3F`; a name that has `%3F` itself gets `%253F`, so that no two names become one.
    """
    return re.sub(r"%((?:25)*)3F", r"%25\g<1>3F", path).replace("?", "%3F")


def _unescaped(path: str) -> str:
    return re.sub(r"%25((?:25)*)3F", r"%\g<1>3F", path.replace("%3F", "?"))
