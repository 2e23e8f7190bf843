"""Guards what a real XRootD server's failures do to a copy: nothing at all, or an error of the right kind."""

import os
import random
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets.errors import (
    CredentialsRefusedError,
    StorageFullError,
    StorageUnavailableError,
    TransferInterruptedError,
)
from cern_assets.model.checksums import Checksum
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.transfer import transfer
from cern_assets_tests.contract.stores import get, put
from cern_assets_tests.services.disks import small_disk
from cern_assets_tests.services.dripping import dripping
from cern_assets_tests.services.needs import free_port
from cern_assets_tests.services.xrootd import XRootDDaemon, xrootd_daemon

pytestmark = pytest.mark.service

MIB = 1024**2
CONTENT = random.Random(3).randbytes(20 * MIB)


@pytest.fixture
def daemon() -> Iterator[XRootDDaemon]:
    """A server of the test's own, to be mistreated."""
    with xrootd_daemon() as running:
        yield running


class DyingPlace(XRootDStore):
    """A store whose server is killed after the first chunk that is read, and is back at the second opening."""

    def __init__(self, daemon: XRootDDaemon) -> None:
        super().__init__(daemon.url, timeout_seconds=2)
        self.daemon = daemon
        self.offsets: list[int] = []

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        self.offsets.append(offset_bytes)
        if len(self.offsets) == 2:
            self.daemon.start()
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield self._dying(chunks) if len(self.offsets) == 1 else chunks

    def _dying(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        yield next(chunks)
        self.daemon.kill()
        yield from chunks


def test_a_copy_goes_on_where_the_server_died(daemon: XRootDDaemon, tmp_path: Path) -> None:
    reader = DyingPlace(daemon)
    put(reader, "file", CONTENT)
    store = LocalStore(tmp_path / "store")
    done = transfer(
        reader,
        "file",
        store,
        "copy",
        size_bytes=len(CONTENT),
        expected=Checksum(algorithm="adler32", value=f"{zlib.adler32(CONTENT):08x}"),
        algorithms=(),
    )
    assert done.size_bytes == len(CONTENT)
    assert get(store, "copy") == CONTENT
    assert reader.offsets == [0, 4 * MIB]


def test_a_file_being_written_survives_a_restart(daemon: XRootDDaemon) -> None:
    store = XRootDStore(daemon.url, timeout_seconds=60)
    with store.create("file", size_bytes=len(CONTENT)) as writer:
        writer.write(CONTENT[: 8 * MIB])
        daemon.kill()
        daemon.start()
        writer.write(CONTENT[8 * MIB :])
        writer.commit()
    assert get(store, "file") == CONTENT


def test_a_frozen_server_interrupts_the_reading(daemon: XRootDDaemon) -> None:
    store = XRootDStore(daemon.url, timeout_seconds=1)
    put(store, "file", CONTENT)
    with store.open("file") as chunks:
        next(chunks)
        os.kill(daemon.pid, signal.SIGSTOP)
        # The client's limit and our own are the same second: either may be the first.
        with pytest.raises(TransferInterruptedError, match=r"expired|not complete after 1 seconds"):
            list(chunks)
    with pytest.raises(StorageUnavailableError, match="expired"):
        store.size_bytes("file")
    os.kill(daemon.pid, signal.SIGCONT)


def test_a_server_that_drips_bytes_is_given_up_and_leaves_nothing(daemon: XRootDDaemon, tmp_path: Path) -> None:
    put(XRootDStore(daemon.url, timeout_seconds=30), "file", CONTENT)
    store = LocalStore(tmp_path / "store")
    with dripping(daemon.port, full_bytes=6 * MIB) as between:
        reader = XRootDStore(f"root://127.0.0.1:{between.port}/", timeout_seconds=1)
        with pytest.raises(TransferInterruptedError, match="not complete after 1 seconds"):
            transfer(reader, "file", store, "copy", size_bytes=len(CONTENT), expected=None, algorithms=(), attempts=1)
    assert list(store.list()) == []
    assert list(store.leftovers()) == []


def test_a_dead_server_is_unavailable_and_not_empty(daemon: XRootDDaemon) -> None:
    store = XRootDStore(daemon.url, timeout_seconds=1)
    put(store, "file", b"x")
    daemon.kill()
    for call in (
        lambda: store.size_bytes("file"),
        lambda: get(store, "file"),
        lambda: put(store, "file", b"y"),
        lambda: list(store.list()),
        lambda: store.remove("file"),
        store.ping,
    ):
        with pytest.raises(StorageUnavailableError) as caught:
            call()
        assert daemon.url in str(caught.value)


def test_an_address_where_nobody_ever_was_is_unavailable() -> None:
    with pytest.raises(StorageUnavailableError, match="Check that the place is up"):
        XRootDStore(f"root://127.0.0.1:{free_port()}//folder", timeout_seconds=1).size_bytes("file")


def test_a_full_disk_of_the_server_is_said_to_be_full() -> None:
    with small_disk() as folder, xrootd_daemon(folder) as running:
        store = XRootDStore(running.url, timeout_seconds=30)
        put(store, "kept", b"x")
        with pytest.raises(StorageFullError) as caught, store.create("file", size_bytes=None) as writer:
            writer.write(CONTENT)
        assert caught.value.uri == store.uri("file")
        assert [place.name for place in folder.iterdir()] == ["kept"]


def test_a_server_that_may_only_be_read_refuses_writing(opendata_xrootd_url: str) -> None:
    store = XRootDStore(opendata_xrootd_url, timeout_seconds=30)
    with pytest.raises(CredentialsRefusedError, match="Check the permissions"):
        put(store, "eos/opendata/file", b"x")


def test_a_permission_that_the_server_takes_away_in_the_middle_of_writing_leaves_the_earlier_file(
    daemon: XRootDDaemon,
) -> None:
    store = XRootDStore(daemon.url, timeout_seconds=30)
    put(store, "folder/file", b"first")
    folder = daemon.root / "folder"
    with store.create("folder/file", size_bytes=len(CONTENT)) as writer:
        writer.write(CONTENT[: 8 * MIB])
        folder.chmod(0o555)
        writer.write(CONTENT[8 * MIB :])
        with pytest.raises(CredentialsRefusedError, match="Check the permissions"):
            writer.commit()
    assert get(store, "folder/file") == b"first"
    assert list(store.list()) == ["folder/file"]
    folder.chmod(0o755)
    put(store, "folder/file", CONTENT)
    assert get(store, "folder/file") == CONTENT
    for leftover in list(store.leftovers()):  # what could not be deleted then
        store.collect(leftover)
    assert [place.name for place in folder.iterdir()] == ["file"]


class ForbiddingPlace(DyingPlace):
    """A store whose server dies after the first chunk that is read, and when it is back, may not read the file."""

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        if self.offsets:
            (self.daemon.root / path).chmod(0)
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield chunks


def test_a_permission_that_the_source_takes_away_in_the_middle_of_reading_is_no_outage(
    daemon: XRootDDaemon, tmp_path: Path
) -> None:
    reader = ForbiddingPlace(daemon)
    put(reader, "file", CONTENT)
    store = LocalStore(tmp_path / "store")
    with pytest.raises(CredentialsRefusedError, match=r"Permission denied|permission denied"):
        transfer(reader, "file", store, "copy", size_bytes=len(CONTENT), expected=None, algorithms=())
    assert reader.offsets == [0, 4 * MIB]
    assert list(store.list()) == []
    (daemon.root / "file").chmod(0o644)
    again = XRootDStore(daemon.url, timeout_seconds=30)
    transfer(again, "file", store, "copy", size_bytes=len(CONTENT), expected=None, algorithms=())
    assert get(store, "copy") == CONTENT


def test_a_server_copies_a_file_of_another_by_itself_or_says_that_it_cannot(daemon: XRootDDaemon) -> None:
    content = random.Random(6).randbytes(3 * MIB)
    with xrootd_daemon() as other:
        source = XRootDStore(other.url, timeout_seconds=30)
        put(source, "a/b", content)
        store = XRootDStore(daemon.url, timeout_seconds=30)
        expected = Checksum(algorithm="adler32", value=f"{zlib.adler32(content):08x}")
        other_sum = Checksum(algorithm="adler32", value="00000001")
        unknown = Checksum(algorithm="sha256", value="0" * 64)
        assert store.fetch(source.uri("a/b"), "c/d", size_bytes=len(content), expected=expected) == "verified"
        assert get(store, "c/d") == content
        assert store.fetch(source.uri("a/b"), "c/d", size_bytes=len(content), expected=unknown) == "unverified"
        assert store.fetch(source.uri("a/b"), "c/e", size_bytes=1, expected=expected) is None
        assert store.fetch(source.uri("a/b"), "c/e", size_bytes=len(content), expected=other_sum) is None
        assert store.fetch(source.uri("missing"), "c/f", size_bytes=len(content), expected=expected) is None
        assert [place.name for place in (daemon.root / "c").iterdir()] == ["d"]


_WRITES_HALF = """
import random, sys
from cern_assets.storage.xrootd import XRootDStore
store = XRootDStore(sys.argv[1], timeout_seconds=30)
with store.create("file", size_bytes=20 * 1024**2, resume="word1") as writer:
    writer.write(random.Random(3).randbytes(20 * 1024**2)[: 8 * 1024**2])
    print("half", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("victim", ["client", "server"])
def test_a_resumable_file_survives_the_death_of_either_side(daemon: XRootDDaemon, victim: str) -> None:
    """In a process of its own: a client goes on trying to open a file again that it lost."""
    command = [sys.executable, "-c", _WRITES_HALF, daemon.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writing:
        assert writing.stdout is not None
        assert writing.stdout.readline() == b"half\n"
        if victim == "server":
            daemon.kill()
        writing.kill()
    if victim == "server":
        daemon.start()
    store = XRootDStore(daemon.url, timeout_seconds=30)
    deadline = time.monotonic() + 30
    while True:  # the server takes a moment to see that its client is gone
        with store.create("file", size_bytes=len(CONTENT), resume="word1") as writer:
            if writer.written_bytes == 0 and time.monotonic() < deadline:
                continue
            assert writer.written_bytes == 8 * MIB
            assert b"".join(writer.earlier()) == CONTENT[: 8 * MIB]
            writer.write(CONTENT[8 * MIB :])
            writer.commit()
        break
    assert get(store, "file") == CONTENT
