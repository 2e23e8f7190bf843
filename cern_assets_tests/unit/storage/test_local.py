"""Guards what only a local folder does: disk space, permissions, and temporary files."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets.errors import CredentialsRefusedError, StorageFullError, StorageUnavailableError
from cern_assets.storage.local import LocalStore
from cern_assets_tests.contract.stores import get, put
from cern_assets_tests.services.disks import small_disk

MIB = 1024**2
NOBODY = 65534


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk() as folder:
        yield folder


@pytest.mark.service
def test_a_disk_that_fills_up_is_said_to_be_full_and_left_clean(disk: Path) -> None:
    store = LocalStore(disk)
    put(store, "kept", bytes(MIB // 4))
    with pytest.raises(StorageFullError, match="bytes are free") as caught:
        _write_unannounced(store, "a", bytes(2 * MIB))
    assert caught.value.uri == str(disk / "a")
    assert [place.name for place in disk.iterdir()] == ["kept"]
    put(store, "a", bytes(MIB // 2))
    assert get(store, "kept") == bytes(MIB // 4)


@pytest.mark.service
def test_space_that_one_writer_reserved_is_refused_to_the_next(disk: Path) -> None:
    store = LocalStore(disk)
    with store.create("a", size_bytes=3 * MIB // 4) as writer:
        with pytest.raises(StorageFullError, match=str(MIB // 2)), store.create("b", size_bytes=MIB // 2):
            pytest.fail("began to write")
        writer.write(bytes(3 * MIB // 4))
        writer.commit()
    assert store.size_bytes("a") == 3 * MIB // 4


def test_a_writer_that_was_killed_leaves_the_earlier_file_and_nothing_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    put(store, "a", b"first")
    program = (
        "import os, signal, pathlib\n"
        "from cern_assets.storage.local import LocalStore\n"
        f"store = LocalStore(pathlib.Path({str(tmp_path / 'store')!r}))\n"
        "with store.create('a', size_bytes=None) as writer:\n"
        "    writer.write(b'second')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    checkout = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=checkout, check=False).returncode == -9
    assert len(list((tmp_path / "store").iterdir())) == 2
    assert list(store.list()) == ["a"]
    assert get(store, "a") == b"first"


def test_a_file_in_place_of_the_folder_is_told_by_ping(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    with pytest.raises(StorageUnavailableError, match="it is a file"):
        LocalStore(tmp_path / "store").ping()


@pytest.mark.service
def test_a_disk_that_may_not_be_written_is_refused(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(CredentialsRefusedError, match="Read-only"):
        put(LocalStore(disk), "a", b"x")


@pytest.mark.service
def test_a_permission_that_is_lost_in_the_middle_of_a_file_leaves_the_earlier_file() -> None:
    with tempfile.TemporaryDirectory() as name, _without_privileges(Path(name)) as folder:
        store = LocalStore(folder)
        put(store, "a", b"first")
        with store.create("a", size_bytes=2) as writer:
            writer.write(b"x")
            folder.chmod(0o555)
            writer.write(b"y")
            with pytest.raises(CredentialsRefusedError, match="Permission denied"):
                writer.commit()
        assert list(store.list()) == ["a"]
        assert get(store, "a") == b"first"
        folder.chmod(0o755)
        put(store, "a", b"xy")
        assert get(store, "a") == b"xy"


def test_a_file_system_that_does_not_tell_its_size_counts_as_roomy() -> None:
    # /proc has no blocks at all, like network file systems that do not answer statfs.
    assert LocalStore(Path("/proc/self")).ping().endswith("free space unknown")


def test_the_store_stays_where_it_was_when_the_process_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(Path("store"))
    put(store, "a", b"x")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert get(store, "a") == b"x"


@contextmanager
def _without_privileges(folder: Path) -> Iterator[Path]:
    """Own the folder as a user whom permissions bind, which root is not."""
    user = os.geteuid()
    if user == 0:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if user == 0:
            os.seteuid(user)


def _write_unannounced(store: LocalStore, path: str, content: bytes) -> None:
    with store.create(path, size_bytes=None) as writer:
        writer.write(content)
        writer.commit()
