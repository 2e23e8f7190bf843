"""Servers that copy among themselves: a record's files go from one XRootD server to another, and are verified here."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cern_assets.documents.journal import Journal
from cern_assets.documents.store import DocumentStore
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest
from cern_assets.model.outcomes import StageOutcome
from cern_assets.storage.xrootd import XRootDStore
from cern_assets_tests.contract.stores import get
from cern_assets_tests.services.world import World
from cern_assets_tests.services.xrootd import XRootDDaemon, xrootd_daemon

pytestmark = pytest.mark.service


class _NeverRead(XRootDStore):
    """A source whose bytes must not pass through this process."""

    def open(self, path: str, *, offset_bytes: int = 0) -> None:  # type: ignore[override]
        pytest.fail(f"{path} was read from {offset_bytes} on")


@pytest.fixture
def source_daemon(world: World) -> Iterator[XRootDDaemon]:
    """A server of the source's files."""
    with xrootd_daemon() as daemon:
        yield daemon


def _laid_out(world: World, daemon: XRootDDaemon) -> None:
    """Bring the files of the world's source onto the server."""
    for path in Path(world.source.folder).rglob("*.root"):
        target = daemon.root / path.relative_to(world.source.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


def _brought(
    world: World, recid: str, store: XRootDStore, files: XRootDStore, *, third_party_copy: bool
) -> dict[str, StageOutcome]:
    """Run all stages with an XRootD server as the store, and another one as the place of the source's files."""
    places = {"store": store, "documents": DocumentStore(store), "journal": Journal(store), "files": files}
    return world.run(Recid(recid), **places, third_party_copy=third_party_copy)


def test_files_go_from_server_to_server_and_their_bytes_are_verified(
    world: World, recid: str, xrootd_url: str, source_daemon: XRootDDaemon
) -> None:
    content = zlib.compress(b"events") * 1000
    world.source.put(recid, files={"a.root": content, "b.root": b"small"})
    _laid_out(world, source_daemon)
    store = XRootDStore(f"{xrootd_url}/tpc-{recid}", timeout_seconds=30)
    files = _NeverRead(source_daemon.url, timeout_seconds=30)
    outcomes = _brought(world, recid, store, files, third_party_copy=True)
    assert outcomes["published_record"].status == "done"
    manifest = DocumentStore(store).read("opendata", "raw_files", Recid(recid), Manifest)
    assert manifest is not None
    assert [(file.key, file.verified) for file in manifest.body.files] == [("a.root", True), ("b.root", True)]
    # The server's own checksum, which is all that is known as long as no byte came here.
    assert [[sum_.algorithm for sum_ in file.checksums] for file in manifest.body.files] == [["adler32"], ["adler32"]]
    assert get(store, manifest.body.files[0].ref.path) == content


def test_bytes_that_are_not_the_declared_ones_are_not_kept(
    world: World, recid: str, xrootd_url: str, source_daemon: XRootDDaemon
) -> None:
    world.source.put(recid, files={"a.root": b"right"})
    _laid_out(world, source_daemon)
    (place,) = source_daemon.root.rglob("a.root")
    place.write_bytes(b"wrong")
    store = XRootDStore(f"{xrootd_url}/tpc-{recid}", timeout_seconds=30)
    files = XRootDStore(source_daemon.url, timeout_seconds=30)
    outcome = _brought(world, recid, store, files, third_party_copy=True)["raw_files"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("rejected", "ChecksumMismatch")
    assert list(store.list("files")) == []


@pytest.mark.parametrize(("allowed", "copies"), [(True, False), (False, True)], ids=["cannot copy", "not allowed"])
def test_files_come_through_this_process_where_servers_cannot_or_may_not_copy(
    world: World, recid: str, source_daemon: XRootDDaemon, *, allowed: bool, copies: bool
) -> None:
    world.source.put(recid, files={"a.root": b"events"})
    _laid_out(world, source_daemon)
    with xrootd_daemon(copies=copies) as target:
        store = XRootDStore(f"{target.url}/store", timeout_seconds=10)
        files = XRootDStore(source_daemon.url, timeout_seconds=30)
        outcomes = _brought(world, recid, store, files, third_party_copy=allowed)
        assert outcomes["published_record"].status == "done"
        manifest = DocumentStore(store).read("opendata", "raw_files", Recid(recid), Manifest)
        assert manifest is not None
        (file,) = manifest.body.files
        assert {each.algorithm for each in file.checksums} == {"adler32", "crc32", "md5"}
        assert get(store, file.ref.path) == b"events"
        assert not list(store.leftovers())


def test_by_reference_a_record_is_held_against_what_its_server_says_of_the_bytes(
    world: World, recid: str, source_daemon: XRootDDaemon
) -> None:
    world.source.put(recid, files={"a.root": b"right"})
    _laid_out(world, source_daemon)
    files = _NeverRead(source_daemon.url, timeout_seconds=30)
    outcomes = world.run(Recid(recid), files=files, files_mode="reference")
    assert outcomes["published_record"].status == "done"
    manifest = world.context.adapters.documents.read("opendata", "raw_files", Recid(recid), Manifest)
    assert manifest is not None
    assert [(file.ref.place, file.verified) for file in manifest.body.files] == [("source", True)]
    (place,) = source_daemon.root.rglob("a.root")
    place.unlink()
    place.write_bytes(b"wrong")  # as long as the right bytes
    world.forget("raw_files")
    outcome = world.run(Recid(recid), files=files, files_mode="reference")["raw_files"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("rejected", "ChecksumMismatch")
    assert outcome.problem is not None
    assert "The server says" in outcome.problem.message
