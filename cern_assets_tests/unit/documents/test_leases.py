"""Leases: one holder at a time, taken over when it has died or fallen silent, and noticed by who lost it."""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from cern_assets.documents.holders import Holder, this_process
from cern_assets.documents.leases import Lease, LeaseTerms, leased
from cern_assets.errors import RecordHeldError, StorageUnavailableError
from cern_assets.model.identifiers import Recid
from cern_assets.ports import ByteWriter, FileStore
from cern_assets.storage.local import LocalStore
from cern_assets_tests.contract.stores import Lab, local_lab, xrootd_lab

IMPATIENT = LeaseTerms(patience_seconds=0.0)
SHORT = LeaseTerms(term_seconds=0.4, skew_seconds=0.1, patience_seconds=0.0)


@pytest.fixture(params=["local", pytest.param("xrootd", marks=pytest.mark.service)])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Lab:
    if request.param == "local":
        return local_lab(tmp_path)
    return xrootd_lab(request.getfixturevalue("xrootd"))


def _leased(
    store: FileStore, terms: LeaseTerms = IMPATIENT, recid: str = "133", repository: str = "https://here.example.org"
) -> AbstractContextManager[Lease]:
    return leased(store, source="opendata", repository=repository, recid=Recid(recid), terms=terms)


def _files(lab: Lab) -> list[Path]:
    return sorted((lab.folder / "leases").rglob("*.json"))


def test_a_recid_is_held_by_one_at_a_time_and_free_when_it_is_given_back(lab: Lab) -> None:
    for _ in range(3):
        with _leased(lab.store) as lease:
            lease.check()
            with pytest.raises(RecordHeldError, match="is being published by process") as told, _leased(lab.store):
                pass
            assert told.value.uri is not None
    assert len(_files(lab)) == 1


def test_giving_a_lease_back_replaces_no_file_and_those_of_earlier_holders_are_removed(lab: Lab) -> None:
    for number in (1, 2, 3):
        with _leased(lab.store):
            (held,) = _files(lab)
            before = held.stat().st_ino
        found = {path.name: path.stat().st_ino for path in held.parent.iterdir()}
        assert sorted(found) == [f"{number:010}.back", f"{number:010}.json"]
        assert found[f"{number:010}.json"] == before


def test_a_lease_that_an_earlier_version_gave_back_is_free(tmp_path: Path) -> None:
    """It said so in the file of its number."""
    store = LocalStore(tmp_path)
    with _leased(store):
        (file,) = (tmp_path / "leases").rglob("*.json")
        note = json.loads(file.read_text())
        file.write_text(json.dumps({**note, "given_back": True}))
        with _leased(store) as lease:
            lease.check()


def test_other_recids_and_repositories_are_free(lab: Lab) -> None:
    other = _leased(lab.store, repository="https://there.example.org")
    with _leased(lab.store), _leased(lab.store, recid="134"), other as lease:
        lease.check()


def test_of_many_who_ask_at_once_one_holds_it_at_any_time(lab: Lab) -> None:
    patient = LeaseTerms(patience_seconds=60.0)
    inside, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal inside, most
        with leased(
            lab.store, source="s", repository="r", recid=Recid("1"), terms=patient, wait=lambda _: time.sleep(0.01)
        ) as lease:
            with lock:
                inside += 1
                most = max(most, inside)
            lease.check()
            with lock:
                inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert most == 1


class _Silent(LocalStore):
    """A folder to which one file is written: the renewals of a lease do not arrive."""

    written = False

    @contextmanager
    def create(self, path: str, *, size_bytes: int | None, resume: str | None = None) -> Iterator[ByteWriter]:
        if self.written:
            raise StorageUnavailableError("The store went away.")
        with super().create(path, size_bytes=size_bytes, resume=resume) as writer:
            yield writer
        self.written = True


def _is_held(store: FileStore) -> bool:
    try:
        with _leased(store, SHORT):
            return False
    except RecordHeldError:
        return True


def test_a_holder_that_fell_silent_loses_it_to_the_next_and_is_told_before_its_next_write(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with _leased(_Silent(tmp_path), SHORT) as lost:
        while _is_held(store):
            pass
        with pytest.raises(RecordHeldError, match="was not renewed in time"):
            lost.check()
        with _leased(store) as lease:
            lease.check()
    with _leased(store):
        pass


def _rewrite(folder: Path, renewed_at: float) -> None:
    """Have the holder's clock differ."""
    (file,) = (folder / "leases").rglob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "renewed_at": renewed_at}))


def test_a_holder_is_told_that_another_took_it_although_its_own_time_is_not_over(tmp_path: Path) -> None:
    """Two clocks that differ by more than is allowed: the fence does not depend on any."""
    store = LocalStore(tmp_path)
    with _leased(store) as lost:
        _rewrite(tmp_path, time.time() - 3600)
        with _leased(store) as lease:
            lease.check()
            with pytest.raises(RecordHeldError, match="was taken by another process"):
                lost.check()


def test_a_lease_is_renewed_while_it_is_held(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with _leased(store, LeaseTerms(term_seconds=4.0)) as lease:
        (file,) = (tmp_path / "leases").rglob("*.json")
        first = file.read_text()
        until = time.monotonic() + 30
        while file.read_text() == first:
            assert time.monotonic() < until
        lease.check()


def test_leases_that_are_given_back_at_once_begin_no_thread_each(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with _leased(store):
        pass  # the first one begins what all share
    before = set(threading.enumerate())
    for _ in range(5):
        with _leased(store) as lease:
            lease.check()
            assert set(threading.enumerate()) <= before


def _renewed(folder: Path) -> None:
    with _leased(LocalStore(folder), LeaseTerms(term_seconds=2.0)):
        (file,) = (folder / "leases").rglob("*.json")
        first = file.read_text()
        while file.read_text() == first:
            time.sleep(0.01)
    os._exit(0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_renews_its_own(tmp_path: Path) -> None:
    with _leased(LocalStore(tmp_path / "parent")):
        child = multiprocessing.get_context("fork").Process(target=_renewed, args=(tmp_path / "child",))
        child.start()
        child.join(60)
        ended = child.exitcode
        child.kill()
    assert ended == 0


@pytest.mark.parametrize("torn", [b"", b'{"holder":', b"[]", b"\xff"])
def test_a_lease_whose_holder_died_before_it_wrote_its_name_is_taken_at_the_second_look(
    tmp_path: Path, torn: bytes
) -> None:
    store = LocalStore(tmp_path)
    with _leased(store):
        pass
    (file,) = (tmp_path / "leases").rglob("*.json")
    file.write_bytes(torn)
    file.with_suffix(".back").unlink()
    with pytest.raises(RecordHeldError, match="another process"), _leased(store):
        pass
    with _leased(store, LeaseTerms(patience_seconds=5.0)) as lease:
        lease.check()


def test_a_clock_that_is_ahead_is_named(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with _leased(store):
        _rewrite(tmp_path, time.time() + 3600)
        with pytest.raises(RecordHeldError, match=r"Its clock is \d+ s ahead of ours: set the clocks"), _leased(store):
            pass


def test_a_process_is_dead_only_for_who_can_see_that() -> None:
    here = this_process()
    assert not here.is_dead
    gone = here.model_copy(update={"pid": 2**22 + 1})
    assert gone.is_dead
    assert here.model_copy(update={"started": "1"}).is_dead, "its number was given to another process"
    elsewhere = Holder(host="other", system="another boot", pid=gone.pid, started="1")
    assert not elsewhere.is_dead
