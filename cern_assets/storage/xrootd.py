"""A folder of an XRootD server, EOS among them, as a store.

Verified against XRootD 5.5.3 with the bindings 6.2.1.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from XRootD import client as _untyped
from XRootD.client.flags import AccessMode, DirListFlags, MkDirFlags, OpenFlags, PrepareFlags, QueryCode, StatInfoFlags

from cern_assets.errors import (
    CernAssetsError,
    ConfigurationError,
    FileMissingError,
    UnsafeNameError,
)
from cern_assets.failures import failure, no_room
from cern_assets.model.checksums import Algorithm, Checksum, parse_checksum
from cern_assets.model.files import Copied, DatedFile, Leftover
from cern_assets.ports import Range
from cern_assets.storage.paths import is_temporary, leftover_path, safe_path, temporary_name
from cern_assets.storage.xrootd_logins import XRootDLogins
from cern_assets.storage.xrootd_reading import XRootDReading
from cern_assets.storage.xrootd_redirects import XRootDFiles, led_to, opened
from cern_assets.storage.xrootd_status import (
    EXISTS,
    IS_FOLDER,
    LOCKED,
    NO_SUCH_CHECKSUM,
    NOT_SUPPORTED,
    WRITING,
    check,
    is_missing,
    said,
)
from cern_assets.storage.xrootd_writer import XRootDWriter

client: Any = _untyped  # the bindings carry no types

_URL = re.compile(r"(?P<server>x?roots?://[^/]+)/(?P<base>/[^?#]*)?")
_LONGEST_SEGMENT_BYTES = 254  # XRootD's server takes 255, but lists only the first 254 of them
_FILE_MODE = AccessMode.UR | AccessMode.UW | AccessMode.GR | AccessMode.OR

# With the client's defaults a connection that broke is tried again only after a window of 120 seconds, and time limits
# are noticed up to 15 seconds late. The client reads these process-wide settings when it first connects; variables of
# the shell (XRD_CONNECTIONWINDOW ...) win over them.
# Its handler of forks stops all of its threads first, and now and then waits for one of them for ever. It is there for
# children that go on using the client; ours only begin another program.
_CLIENT_SETTINGS = {"ConnectionWindow": 4, "ConnectionRetry": 6, "TimeoutResolution": 1, "RunForkHandler": 0}


class XRootDStore:
    """A `ports.FileStore` over `root://host[:port]//folder`, which is made by the first write.

    A file is written under a temporary name and moved: the server replaces the older one in one step (EOS in two, so
    that for a moment there may be none). `timeout_seconds` is how long each call waits for an answer. Credentials go to
    the servers that `logins` names, and to no other.
    """

    def __init__(self, url: str, *, timeout_seconds: float, logins: XRootDLogins | None = None) -> None:
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
        self._logins = logins or XRootDLogins()
        self._logins.apply()
        self._files = XRootDFiles(client, self._logins, self._server)

    def close(self) -> None:
        """Do nothing: the client shares its connections between all stores of the process and ends them with it."""

    def ping(self) -> str:
        """Say which server answers and, where it tells, how much room there is."""
        url = f"{self._server}/{self._base}"
        status, _ = self._files.stat(self._base or "/", timeout=self._timeout)
        if is_missing(status):
            return f"{url} (made by the first write)"
        check(status, "Looking at the folder", url)
        free = self._free_bytes(self._base)
        protocol = self._logins.protocol(url)
        login = f", logged in by {protocol}" if protocol else ""
        return f"{url}{login}" if free is None else f"{url}{login}, {free / 1024**3:.1f} GiB free"

    def uri(self, path: str) -> str:
        """Name a file by its `root://` URL."""
        return f"{self._server}/{self._place(path)}"

    def size_bytes(self, path: str) -> int | None:
        """Size of a file, None if there is none."""
        status, found = self._files.stat(self._place(path), timeout=self._timeout)
        if is_missing(status):
            return None
        check(status, "Looking at the file", self.uri(path))
        return None if found.flags & StatInfoFlags.IS_DIR else int(found.size)

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        """Read a file from an offset on, in chunks of 4 MiB; the client by itself survives a restart of the server."""
        with self._opened(self.uri(path)) as reading:
            yield reading.chunks(offset_bytes)

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        """Read parts of a file; one by itself takes as few calls as there can be, as most files are small."""
        with self._opened(self.uri(path)) as reading:
            if len(ranges) == 1:
                return [reading.part(*ranges[0])]
            return reading.parts(ranges)

    def checksum(self, path: str, algorithm: Algorithm) -> Checksum | None:
        """Ask the server; EOS answers with the checksum of the file's layout, whichever was asked for."""
        return self._said(self._place(path), self.uri(path), algorithm)

    def _said(self, place: str, uri: str, algorithm: Algorithm) -> Checksum | None:
        asked = f"{place}?cks.type={algorithm}"
        status, answer = self._files.query(QueryCode.CHECKSUM, asked, timeout=self._timeout)
        if is_missing(status):
            raise failure(FileMissingError, "Asking for the checksum", uri, said(status))
        if status.errno in NOT_SUPPORTED or said(status).rstrip(".").endswith(NO_SUCH_CHECKSUM):
            return None
        check(status, "Asking for the checksum", uri)
        name, _, value = answer.split(b"\0")[0].decode("ascii", "replace").strip().partition(" ")
        return parse_checksum(f"{algorithm}:{value}") if name == algorithm else None

    def is_online(self, path: str) -> bool | None:
        """What the server's stat says of a file; False for one that is not there."""
        status, found = self._files.stat(self._place(path), timeout=self._timeout)
        if is_missing(status):
            return False
        check(status, "Looking at the file", self.uri(path))
        return not found.flags & StatInfoFlags.OFFLINE

    def prepare(self, paths: Sequence[str]) -> str | None:
        """Ask for files to be staged; the id of the request, which a server without tape gives too."""
        places = [self._place(path) for path in paths]
        status, answer = self._files.prepare(places, PrepareFlags.STAGE, timeout=self._timeout)
        if status.errno in NOT_SUPPORTED:
            return None
        check(status, "Asking for files from tape", self.uri(paths[0]))
        return (answer or b"").split(b"\0")[0].decode("ascii", "replace").strip()

    @contextmanager
    def create(self, path: str, *, size_bytes: int | None, resume: str | None = None) -> Iterator[XRootDWriter]:
        """Begin a file under a temporary name beside its own.

        EOS books `oss.asize`; vanilla XRootD reserves nothing, so that the free space is asked for, once the folder
        is there to be asked about. The server lets one writer at a time open a resumable file.
        """
        place, uri = self._place(path), self.uri(path)
        if max(len(segment.encode()) for segment in place.split("/")) > _LONGEST_SEGMENT_BYTES:
            raise failure(UnsafeNameError, "Creating", uri, f"a name is longer than {_LONGEST_SEGMENT_BYTES} bytes")
        folder = place.rpartition("/")[0]
        booking = f"?oss.asize={size_bytes}" if size_bytes else ""
        kept = self._gone_on_with(f"{folder}/{temporary_name(resume)}", uri) if resume else None
        temporary = f"{folder}/{temporary_name(resume if kept else None)}"
        file, written = kept or (self._begun(f"{self._server}/{temporary}{booking}", uri), 0)
        writer = XRootDWriter(
            self._files, file, temporary=temporary, place=place, uri=uri, timeout=self._timeout, written_bytes=written
        )
        try:
            if size_bytes is not None:
                self._require_room(folder, max(size_bytes - written, 0), uri)
            yield writer
        finally:
            writer.end(keep=kept is not None)

    @contextmanager
    def batch(self) -> Iterator["XRootDStore"]:
        """Give the store itself: the protocol flushes each file by itself."""
        yield self

    def fetch(self, uri: str, path: str, *, size_bytes: int, expected: Checksum) -> Copied | None:
        """Have the server copy a file of another one to itself (third-party copy), under a temporary name first."""
        if not uri.startswith(("root://", "roots://", "xroot://", "xroots://")):
            return None
        place = self._place(path)
        folder = place.rpartition("/")[0]
        self._made_folder(folder, self.uri(path))
        self._require_room(folder, size_bytes, self.uri(path))
        temporary = f"{folder}/{temporary_name()}"
        try:
            said_of_it = self._copied(uri, temporary, size_bytes, expected)
            if said_of_it is not None:
                status, _ = self._files.mv(temporary, place, timeout=self._timeout)
                check(status, "Moving to its name", self.uri(path), WRITING)
                return said_of_it
        except CernAssetsError:
            self._files.rm(temporary, timeout=self._timeout)
            raise
        self._files.rm(temporary, timeout=self._timeout)
        return None

    def _copied(self, uri: str, temporary: str, size_bytes: int, expected: Checksum) -> Copied | None:
        """Copy between servers, and what our server says of the bytes that it has now; None if they are not right."""
        target = f"{self._server}/{temporary}"
        if self._redirects(uri, OpenFlags.READ) or self._redirects(target, OpenFlags.DELETE | OpenFlags.MAKEPATH):
            return None
        process = client.CopyProcess()
        process.add_job(
            self._logins.addressed(uri),
            self._logins.addressed(target),
            force=True,
            thirdparty="only",
            inittimeout=self._timeout,
            tpctimeout=0xFFFF,
            coerce=True,
        )
        prepared = process.prepare()
        done = process.run()[0] if prepared.ok else prepared
        status, found = self._files.stat(temporary, timeout=self._timeout)
        if not done.ok or not status.ok or int(found.size) != size_bytes:
            return None
        told = self._said(temporary, target, expected.algorithm)
        if told is None:
            return "unverified"
        return "verified" if told == expected else None

    def _redirects(self, url: str, flags: Any) -> bool:
        """Whether a server that has our credentials sends us on: a copy between servers would take them along."""
        if self._logins.protocol(url) is None:
            return False
        file = client.File()
        file.set_property("FollowRedirects", "false")
        status, _ = file.open(self._logins.addressed(url), flags, _FILE_MODE, timeout=self._timeout)
        if status.ok:
            file.close(timeout=self._timeout)
        return led_to(status) is not None

    def reserve(self, path: str, content: bytes = b"", *, lasting: bool = True) -> bool:  # noqa: ARG002  always is
        """Make a file, which the server does for one of many (making a folder it confirms to all).

        The client repeats a request whose answer was lost: then nobody may be told True, and never two.
        """
        file, status = self._open(self.uri(path), OpenFlags.NEW | OpenFlags.MAKEPATH, _FILE_MODE)
        if status.errno == EXISTS:
            return False
        check(status, "Reserving", self.uri(path), WRITING)
        try:
            if content:
                status, _ = file.write(content, 0, len(content), timeout=self._timeout)
                check(status, "Reserving", self.uri(path), WRITING)
                status, _ = file.sync(timeout=self._timeout)
                check(status, "Reserving", self.uri(path), WRITING)
        finally:
            file.close(timeout=self._timeout)
        return True

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """Temporary files below a folder."""
        for path, found in self._all_files(prefix):
            if is_temporary(path):
                yield Leftover(path=path, size_bytes=int(found.size), modified=float(found.modtime))

    def dated(self, prefix: str = "") -> Iterator[DatedFile]:
        """Committed files with size and date, which the server lists together."""
        for path, found in self._all_files(prefix):
            if not is_temporary(path):
                yield DatedFile(path=path, size_bytes=int(found.size), modified=float(found.modtime))

    def collect(self, leftover: Leftover) -> None:
        """Delete a temporary file."""
        place = f"{self._base}/{_escaped(leftover_path(leftover))}"
        status, _ = self._files.rm(place, timeout=self._timeout)
        if not is_missing(status):
            check(status, "Deleting", f"{self._server}/{place}")

    def remove(self, path: str) -> None:
        """Delete a file; folders are left alone (the server's `rm` would delete an empty one)."""
        if self.size_bytes(path) is None:
            return
        status, _ = self._files.rm(self._place(path), timeout=self._timeout)
        if not is_missing(status):
            check(status, "Deleting", self.uri(path))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Paths of all committed files under a folder, one call to the server a folder."""
        for path, _ in self._all_files(prefix):
            if not is_temporary(path):
                yield path

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Paths with sizes, which the server lists together."""
        for path, found in self._all_files(prefix):
            if not is_temporary(path):
                yield path, int(found.size)

    def _all_files(self, prefix: str) -> Iterator[tuple[str, Any]]:
        folders = [prefix]
        while folders:
            folder = folders.pop()
            place = self._place(folder) if folder else self._base or "/"
            status, entries = self._files.dirlist(place, DirListFlags.STAT, timeout=self._timeout)
            if is_missing(status):
                continue
            check(status, "Listing", f"{self._server}/{place}")
            for entry in entries:
                path = f"{folder}/{_unescaped(entry.name)}".lstrip("/")
                if entry.statinfo.flags & StatInfoFlags.IS_DIR:
                    folders.append(path)
                else:
                    yield path, entry.statinfo

    @contextmanager
    def _opened(self, uri: str) -> Iterator[XRootDReading]:
        file, status = self._open(uri, OpenFlags.READ)
        if not status.ok:
            raise _not_opened(status, uri)
        reading = XRootDReading(file, uri, self._timeout)
        try:
            yield reading
        finally:
            reading.close()

    def _open(self, url: str, *how: Any) -> tuple[Any, Any]:
        return opened(client, self._logins, url, *how, timeout=self._timeout)

    def _begun(self, url: str, uri: str) -> Any:
        """A new file that is open for writing."""
        # DELETE instead of NEW: the client repeats an open whose answer got lost, and nobody else has this name.
        file, status = self._open(url, OpenFlags.DELETE | OpenFlags.MAKEPATH, _FILE_MODE)
        check(status, "Creating", uri, WRITING)
        return file

    def _gone_on_with(self, temporary: str, uri: str) -> tuple[Any, int] | None:
        """A resumable file that is open for writing, and how much of it there is; None while somebody writes it."""
        url = f"{self._server}/{temporary}"
        file, status = self._open(url, OpenFlags.UPDATE | OpenFlags.MAKEPATH, _FILE_MODE)
        if status.errno == 3011:
            file, status = self._open(url, OpenFlags.NEW | OpenFlags.MAKEPATH, _FILE_MODE)
        if status.errno in (LOCKED, EXISTS):
            return None
        check(status, "Creating", uri, WRITING)
        status, found = file.stat(force=True, timeout=self._timeout)
        check(status, "Looking at the file", uri)
        return file, int(found.size)

    def _made_folder(self, folder: str, uri: str) -> None:
        if not folder:  # the server's own
            return
        status, _ = self._files.mkdir(folder, MkDirFlags.MAKEPATH, timeout=self._timeout)
        if status.errno != EXISTS:
            check(status, "Making the folder", uri, WRITING)

    def _place(self, path: str) -> str:
        """Turn a path of ours into the server's."""
        return f"{self._base}/{_escaped(safe_path(path))}"

    def _require_room(self, folder: str, size_bytes: int, uri: str) -> None:
        free = self._free_bytes(folder)
        if free is not None and size_bytes > free:
            raise no_room(uri, needed_bytes=size_bytes, free_bytes=free)

    def _free_bytes(self, folder: str) -> int | None:
        """Bytes that can still be written below a folder that exists; None where the server does not tell."""
        status, answer = self._files.query(QueryCode.SPACE, folder or "/", timeout=self._timeout)
        match = re.search(rb"oss\.free=(\d+)", answer) if status.ok else None
        return int(match[1]) if match else None


def _not_opened(status: Any, uri: str) -> CernAssetsError:
    if is_missing(status) or status.errno == IS_FOLDER:
        return failure(FileMissingError, "Reading", uri, said(status))
    try:
        check(status, "Reading", uri)
    except CernAssetsError as error:
        return error
    raise AssertionError


def _escaped(path: str) -> str:
    """Write a path without `?`, where the protocol begins parameters; all other characters go through as they are.

    `?` becomes `%3F`; a name that has `%3F` itself gets `%253F`, so that no two names become one.
    """
    return re.sub(r"%((?:25)*)3F", r"%25\g<1>3F", path).replace("?", "%3F")


def _unescaped(path: str) -> str:
    return re.sub(r"%25((?:25)*)3F", r"%\g<1>3F", path.replace("%3F", "?"))
