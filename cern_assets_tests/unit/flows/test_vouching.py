"""Files for whose bytes nothing vouches, and files whose names clash elsewhere: refused or told, never silent."""

import pytest

from cern_assets.model.files import FilesMode
from cern_assets.model.identifiers import Recid
from cern_assets_tests.services.world import World

FILES = {"a.root": b"bytes", "b.root": b"more bytes", "c.root": b"vouched for"}


def _put_without_checksums(world: World, recid: str) -> None:
    """A record with three files, of which two have no stated checksum; their place, a folder, tells none either."""
    world.source.put(recid, files=FILES)
    record = world.source.fetch(Recid(recid)).record
    assert record is not None
    files = [file.model_copy(update={"checksum": None}) if file.key != "c.root" else file for file in record.files]
    world.source.put_record(record.model_copy(update={"files": tuple(files)}))


@pytest.mark.parametrize("mode", ["mirror", "stream"])
def test_a_record_with_files_that_nothing_vouches_for_is_rejected_before_a_byte_is_read(
    world: World, recid: str, mode: FilesMode
) -> None:
    _put_without_checksums(world, recid)
    outcome = world.run(Recid(recid), files_mode=mode)["raw_files"]
    assert outcome.status == "rejected"
    assert outcome.problem is not None
    assert outcome.problem.code == "UnverifiedFile"
    assert "2 of 3 files: a.root, b.root" in outcome.problem.message
    assert "unverified: accept" in outcome.problem.message
    assert list(world.context.adapters.store.list("files")) == []
    assert world.held(Recid(recid)) == ()


@pytest.mark.parametrize("mode", ["mirror", "stream"])
def test_a_collection_that_accepts_such_files_publishes_them_and_each_run_tells(
    world: World, recid: str, mode: FilesMode
) -> None:
    _put_without_checksums(world, recid)
    outcomes = world.run(Recid(recid), files_mode=mode, unverified="accept")
    assert outcomes["published_record"].status == "done"
    found = [(finding.code, finding.value, finding.count) for finding in outcomes["raw_files"].findings]
    assert found == [("file-unverified", "a.root", 2)]


def test_a_collection_that_does_not_accept_them_any_more_rejects_what_it_took_before(world: World, recid: str) -> None:
    _put_without_checksums(world, recid)
    assert world.run(Recid(recid), unverified="accept")["published_record"].status == "done"
    assert world.run(Recid(recid))["raw_files"].status == "rejected"


def test_names_that_differ_in_capitals_or_accents_only_are_told_and_both_arrive(world: World, recid: str) -> None:
    names = ["Muon.root", "muon.root", "\u00e9.csv", "e\u0301.csv"]
    world.source.put(recid, files={name: name.encode() for name in names})
    outcomes = world.run(Recid(recid))
    (finding,) = outcomes["raw_files"].findings
    assert (finding.code, finding.count) == ("names-clash", 2)
    (record,) = world.held(Recid(recid))
    assert {file.key for file in world.context.adapters.repository.files(record)} == set(names)
