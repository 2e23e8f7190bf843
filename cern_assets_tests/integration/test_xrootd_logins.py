"""Credentials for XRootD: a real server that asks for a shared secret, and a second one that must not be shown it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cern_assets.errors import CredentialsRefusedError
from cern_assets.model.checksums import Checksum
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.storage.xrootd_logins import XRootDLogins
from cern_assets_tests.contract.stores import get, put
from cern_assets_tests.services.command_line import finished
from cern_assets_tests.services.needs import free_port
from cern_assets_tests.services.xrootd import XRootDDaemon, make_keytab, xrootd_daemon

pytestmark = pytest.mark.service

_PING = """
import sys
from cern_assets.errors import CernAssetsError
from cern_assets.places import store_at
from cern_assets.settings import load_settings
try:
    print(store_at(sys.argv[1], load_settings()).ping())
except CernAssetsError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def locked() -> Iterator[XRootDDaemon]:
    """A server that lets in who has its key."""
    with xrootd_daemon(with_key=True) as daemon:
        yield daemon


_WRITE_AND_READ = """
import sys, uuid
from cern_assets.errors import CernAssetsError
from cern_assets.places import store_at
from cern_assets.settings import load_settings
store, name = store_at(sys.argv[1], load_settings()), uuid.uuid4().hex
try:
    with store.create(name, size_bytes=6) as writer:
        writer.write(b"events")
        writer.commit()
    with store.open(name) as chunks:
        print(b"".join(chunks), store.size_bytes(name), store.checksum(name, "adler32"), name in store.list())
except CernAssetsError as error:
    print(error)
"""


def _said(url: str, logins: str, *, program: str = _PING, **variables: str) -> str:
    """What a new process says of a server: the client asks each server once in a process who it is."""
    environment = {**os.environ, "CERN_ASSETS_XROOTD_LOGINS": logins, **variables}
    done = subprocess.run(
        [sys.executable, "-c", program, url], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout + done.stderr


def test_a_store_with_the_key_writes_resumes_reads_and_lists(locked: XRootDDaemon) -> None:
    store = XRootDStore(f"{locked.url}/with-key", timeout_seconds=20, logins=locked.logins())
    put(store, "a/b.root", b"events")
    with store.create("c.root", size_bytes=4, resume="c") as writer:
        writer.write(b"more")
        writer.commit()
    assert store.reserve("taken")
    assert (get(store, "a/b.root"), get(store, "c.root")) == (b"events", b"more")
    assert sorted(store.list()) == ["a/b.root", "c.root", "taken"]
    assert store.uri("c.root") == f"{locked.url}/with-key/c.root"
    assert store.ping().startswith(f"{locked.url}/with-key, logged in by sss")


def test_without_a_key_or_with_another_the_error_says_how_to_log_in(locked: XRootDDaemon, tmp_path: Path) -> None:
    other = tmp_path / "other.keytab"
    make_keytab(other)
    key, wrong = str(locked.keytab), f"127.0.0.1:{locked.port}=sss:{other}"
    with ThreadPoolExecutor() as pool:  # the client takes seconds to give up
        unnamed = pool.submit(_said, locked.url, "", XrdSecSSSKT=key, XrdSecPROTOCOL="sss")
        for said in (pool.submit(_said, locked.url, wrong).result(), unnamed.result()):
            assert "Auth failed" in said
            assert "CERN_ASSETS_XROOTD_LOGINS" in said
            assert "keytab" not in said


def test_a_key_that_lies_in_the_environment_is_shown_to_no_server_that_is_not_named(locked: XRootDDaemon) -> None:
    key = str(locked.keytab)
    with ThreadPoolExecutor() as pool:
        refused = pool.submit(_said, locked.url, "other.example.org=sss", XrdSecSSSKT=key, XrdSecPROTOCOL="sss")
        assert "logged in by sss" in _said(locked.url, f"127.0.0.1:{locked.port}=sss", XrdSecSSSKT=key)
    assert "Auth failed" in refused.result()


def test_neither_key_nor_its_place_reaches_the_log_of_the_server(locked: XRootDDaemon) -> None:
    store = XRootDStore(f"{locked.url}/logged", timeout_seconds=20, logins=locked.logins())
    put(store, "a.root", b"events")
    assert str(locked.keytab) not in locked.log()


def test_a_refused_log_in_is_no_missing_file_and_no_outage(locked: XRootDDaemon) -> None:
    store = XRootDStore(f"{locked.url.replace('127.0.0.1', 'nobody@127.0.0.1')}", timeout_seconds=20)
    for ask in (lambda: store.size_bytes("a.root"), lambda: get(store, "a.root"), lambda: put(store, "a.root", b"x")):
        with pytest.raises(CredentialsRefusedError):
            ask()


@pytest.mark.parametrize("with_key", [False, True], ids=["asks for nothing", "asks for the key"])
def test_a_key_goes_with_no_redirect_to_a_server_that_is_not_named(locked: XRootDDaemon, *, with_key: bool) -> None:
    with (
        xrootd_daemon(with_key=with_key and locked.keytab, redirects_to=f"127.0.0.1:{locked.port}") as front,
        ThreadPoolExecutor() as pool,
    ):
        front_only = f"127.0.0.1:{front.port}=sss:{locked.keytab}"
        refused = pool.submit(_said, front.url, front_only, program=_WRITE_AND_READ)
        both = pool.submit(_said, front.url, f"{front_only},{locked.login}", program=_WRITE_AND_READ)
        assert "Auth failed" in refused.result()
        assert both.result() == "b'events' 6 adler32:08eb0296 True\n"


def test_no_copy_between_servers_takes_a_key_along_a_redirect(locked: XRootDDaemon) -> None:
    put(XRootDStore(locked.url, timeout_seconds=20, logins=locked.logins()), "source.root", b"events")
    with xrootd_daemon(redirects_to=f"127.0.0.1:{locked.port}") as front, xrootd_daemon() as target:
        logins = XRootDLogins.parse("test", f"127.0.0.1:{front.port}=sss:{locked.keytab}")
        store = XRootDStore(target.url, timeout_seconds=10, logins=logins)
        expected = Checksum(algorithm="adler32", value="08eb0296")
        assert store.fetch(f"{front.url}/source.root", "copy", size_bytes=6, expected=expected) is None
        assert list(store.list()) == []


def test_the_doctor_says_by_what_a_store_lets_us_in_or_how_to_log_in(locked: XRootDDaemon, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    settings = {
        "CERN_ASSETS_HOME": str(tmp_path / "home"),
        "CERN_ASSETS_STORE_URL": f"{locked.url}/with-key",
        "CERN_ASSETS_ATTEMPTS": "1",
        "CERN_ASSETS_OPENDATA_API_URL": nobody,
        "CERN_ASSETS_OPENDATA_FILES_URL": nobody,
        "CERN_ASSETS_REPOSITORY_URL": nobody,
    }

    def store(logins: str) -> tuple[bool, str]:
        said = finished("doctor", "--json", folder=tmp_path, **settings, CERN_ASSETS_XROOTD_LOGINS=logins)
        (part,) = [each for each in said.json["parts"] if each["part"] == "store"]
        assert str(locked.keytab) not in said.out + said.err
        return part["ok"], part["message"]

    with ThreadPoolExecutor() as pool:
        named, unnamed = pool.map(store, [locked.login, ""])
    assert named[0], named[1]
    assert "logged in by sss" in named[1]
    assert not unnamed[0]
    assert "CERN_ASSETS_XROOTD_LOGINS" in unnamed[1]
