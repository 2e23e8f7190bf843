"""A real XRootD server: Debian's `xrootd` on a free port of the loopback address."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets.storage.xrootd import XRootDStore
from cern_assets.storage.xrootd_logins import XRootDLogins
from cern_assets_tests.services.needs import free_port, program

_START_SECONDS = 30.0
_STARTS = 3
_GRACE_SECONDS = 5.0

# `persist manual` and `max 32`: with the defaults, uploads that a restart interrupts are deleted and checksums asked
# for by several clients at once are never answered.
_CONFIGURATION = """\
xrd.port {port}
xrd.allow host 127.0.0.1
oss.localroot {root}
all.export / {mode}
all.adminpath {state}/admin
all.pidpath {state}/run
xrootd.chksum max 32 adler32 md5
ofs.persist manual
"""
_COPYING = "ofs.tpc pgm {copier} --server\n"
_REDIRECTING = "xrootd.redirect {server} /\nxrootd.redirect {server} all\n"
_WITH_KEY = """\
xrootd.seclib libXrdSec.so
sec.protocol sss -s {keytab}
sec.protbind * only sss
"""


class XRootDDaemon:
    """A server of one folder that can be started, killed and started again on the same port.

    `root` None means a new folder of its own. The server refuses to run as root, so that a root user's tests run it
    as another user, to whom the new folder then belongs; a `root` that is given must be readable for that user.
    `with_key` makes it ask for a shared secret (`sss`), a new one or that of a keytab; `keytab` is the clients' copy.
    Unless it `copies`, it fetches nothing from other servers by itself. With `redirects_to` (`host:port`), it sends its
    clients there.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        writable: bool = True,
        with_key: bool | Path = False,
        copies: bool = True,
        redirects_to: str | None = None,
    ) -> None:
        # Its sockets lie in this folder, and a socket's path has at most 107 characters.
        self._state = Path(tempfile.mkdtemp(prefix="xrd-", dir="/tmp"))
        self._state.chmod(0o755)
        self.root = root or self._state / "data"
        self.program = program("xrootd", package="xrootd-server")
        copier = program("xrdcp", package="xrootd-client")
        self._user = _other_user() if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()
        self._redirects = redirects_to is not None
        configuration = self._state / "xrootd.cfg"
        mode = "r/w" if writable else "r/o"
        configuration.write_text(
            _CONFIGURATION.format(port=self._port, root=self.root, mode=mode, state=self._state)
            + (_COPYING.format(copier=copier) if copies else "")
            + (_REDIRECTING.format(server=redirects_to) if redirects_to else ""),
            encoding="ascii",
        )
        for folder in ("admin", "run", "data"):
            (self._state / folder).mkdir()
        self.keytab = self._state / "client.keytab"
        if with_key:
            if isinstance(with_key, Path):
                self.keytab.write_bytes(with_key.read_bytes())
                self.keytab.chmod(0o600)
            else:
                make_keytab(self.keytab)
            own = self._state / "server.keytab"
            own.write_bytes(self.keytab.read_bytes())
            own.chmod(0o600)
            with configuration.open("a", encoding="ascii") as file:
                file.write(_WITH_KEY.format(keytab=own))
        if self._user:
            for place in (self._state, *self._state.iterdir()):
                os.chown(place, self._user.pw_uid, self._user.pw_gid)

    @property
    def url(self) -> str:
        """The server's root: `root://127.0.0.1:<port>/`."""
        return f"root://127.0.0.1:{self._port}/"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers; again if it died of a signal.

        It rarely does while it starts: one of its threads reads the environment (getenv) while another one changes it.
        """
        for left in reversed(range(_STARTS)):
            process = self._process = self._begun()
            if self._is_up(process):
                break
            if not left or (process.poll() or 0) >= 0:
                pytest.fail(f"xrootd did not start (exit {process.poll()}):\n{self.log()[-4000:]}")
        if not self._redirects:  # one that does would have another server answer
            XRootDStore(self.url, timeout_seconds=_START_SECONDS, logins=self.logins()).ping()

    def _begun(self) -> "subprocess.Popen[bytes]":
        command = [self.program, "-c", str(self._state / "xrootd.cfg"), "-l", str(self._state / "log")]
        return subprocess.Popen(
            command,
            cwd=self._state,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
        )

    def logins(self) -> XRootDLogins:
        """How its clients log in."""
        return XRootDLogins.parse("test", self.login if self.keytab.exists() else "")

    @property
    def login(self) -> str:
        """The setting for a server with a key."""
        return f"127.0.0.1:{self._port}=sss:{self.keytab}"

    def kill(self) -> None:
        """End it without warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it and delete what it left, the folder of its own included."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self._state, ignore_errors=True)

    def log(self) -> str:
        """What the server wrote, for messages."""
        log = self._state / "log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else "(no log)"

    def _is_up(self, process: "subprocess.Popen[bytes]") -> bool:
        """Wait until it listens; False where it ends first, or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            if process.poll() is not None or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def make_keytab(place: Path) -> None:
    """A new shared secret, readable for its owner only."""
    admin = program("xrdsssadmin", package="xrootd-server")
    command = [admin, "-k", "key", "-u", "anybody", "add", str(place)]
    subprocess.run(command, input=b"y\n", check=True, capture_output=True)


@contextmanager
def xrootd_daemon(
    root: Path | None = None,
    *,
    writable: bool = True,
    with_key: bool | Path = False,
    copies: bool = True,
    redirects_to: str | None = None,
) -> Iterator[XRootDDaemon]:
    """A running server."""
    daemon = XRootDDaemon(root, writable=writable, with_key=with_key, copies=copies, redirects_to=redirects_to)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture(scope="session")
def xrootd() -> Iterator[XRootDDaemon]:
    """A running server with a writable folder of its own."""
    with xrootd_daemon() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def xrootd_url(xrootd: XRootDDaemon) -> str:
    """The writable server's root: `root://127.0.0.1:<port>/`."""
    return xrootd.url


@pytest.fixture(scope="session")
def opendata_xrootd_url(opendata_folder: Path) -> Iterator[str]:
    """Stands in for `root://eospublic.cern.ch/`: real bytes under `/eos/opendata/...`, read-only."""
    with readable_by_the_daemon(opendata_folder / "files") as folder, xrootd_daemon(folder, writable=False) as daemon:
        yield daemon.url


@contextmanager
def readable_by_the_daemon(folder: Path) -> Iterator[Path]:
    """The folder, or a copy of it where the daemon's user may not enter it (a checkout under root's home)."""
    if os.geteuid() != 0 or _may_read(_other_user(), folder):
        yield folder
        return
    copy = Path(tempfile.mkdtemp(prefix="xrd-data-", dir="/tmp"))
    try:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        copy.chmod(0o755)
        yield copy
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _may_read(user: pwd.struct_passwd, folder: Path) -> bool:
    asked = subprocess.run(
        ["/bin/ls", str(folder)], user=user.pw_uid, group=user.pw_gid, extra_groups=[], capture_output=True, check=False
    )
    return asked.returncode == 0


def _other_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("xrootd")
    except KeyError:
        return pwd.getpwnam("nobody")
