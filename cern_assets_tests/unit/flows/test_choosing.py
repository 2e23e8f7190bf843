"""Which files are brought is the collection's choice, and what stays at the source is named everywhere."""

import csv
import io

import pytest

from cern_assets.model.archives import ArchivePolicy
from cern_assets.model.files import FilesChoice
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest
from cern_assets.model.publications import RemoteRecord
from cern_assets_tests.services.world import World

FILES = {"big.root": b"x" * 500, "small.root": b"y" * 20, "log.txt": b"z" * 30}
LISTING = "files-at-source.csv"


def content(world: World, record: RemoteRecord, key: str) -> bytes:
    with world.context.adapters.repository.download(record, key) as chunks:
        return b"".join(chunks)


def put(world: World, recid: str, *, indexed: tuple[str, ...] = ()) -> None:
    """A record with these files, some of which its file index lists."""
    world.source.put(recid, files=FILES)
    record = world.source.fetch(Recid(recid)).record
    assert record is not None
    files = tuple(
        file.model_copy(update={"index": "index.json" if file.key in indexed else None}) for file in record.files
    )
    world.source.put_record(record.model_copy(update={"files": files}))


def manifest(world: World, recid: str) -> Manifest:
    document = world.context.adapters.documents.read("opendata", "raw_files", Recid(recid), Manifest)
    assert document is not None
    return document.body


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (FilesChoice(include=("*.root",)), {"log.txt": "not included"}),
        (FilesChoice(exclude=("*all.root", "*/big.root")), {"big.root": "excluded", "small.root": "excluded"}),
        (FilesChoice(max_record_bytes=60), {"big.root": "over the limit"}),
        (FilesChoice(index_members="list"), {"big.root": "index member"}),
    ],
    ids=["include", "exclude", "limit", "index members"],
)
@pytest.mark.parametrize("mode", ["mirror", "stream"])
def test_what_is_left_out_is_named_in_manifest_deposit_and_finding(
    world: World, recid: str, mode: str, choice: FilesChoice, left: dict[str, str]
) -> None:
    put(world, recid, indexed=("big.root",))
    outcomes = world.run(Recid(recid), files_mode=mode, files_choice=choice)
    assert outcomes["published_record"].status == "done", outcomes["published_record"].problem
    assert {file.key: file.why for file in manifest(world, recid).left_out} == left
    (finding,) = [each for each in outcomes["raw_files"].findings if each.code == "files-left-out"]
    assert finding.count == len(left)
    (record,) = world.held(Recid(recid))
    keys = {file.key for file in world.context.adapters.repository.files(record)}
    assert keys == (FILES.keys() - left.keys()) | {LISTING}
    assert all(content(world, record, key) == FILES[key] for key in keys - {LISTING})
    rows = list(csv.DictReader(io.StringIO(content(world, record, LISTING).decode())))
    assert {row["path"]: row["why"] for row in rows} == left
    assert all(int(row["size_bytes"]) == len(FILES[row["path"]]) and row["source"] for row in rows)
    assert LISTING in str(record.payload["metadata"])
    again = world.run(Recid(recid), files_mode=mode, files_choice=choice)
    assert {outcome.status for outcome in again.values()} == {"unchanged"}


@pytest.mark.parametrize("policy", [ArchivePolicy(), ArchivePolicy(always=True)], ids=["as they are", "packed"])
def test_by_reference_a_record_is_published_with_the_list_alone(
    world: World, recid: str, policy: ArchivePolicy
) -> None:
    put(world, recid)
    outcomes = world.run(Recid(recid), files_mode="reference", archive=policy)
    assert outcomes["published_record"].status == "done", outcomes["published_record"].problem
    (record,) = world.held(Recid(recid))
    assert [file.key for file in world.context.adapters.repository.files(record)] == [LISTING]
    rows = list(csv.DictReader(io.StringIO(content(world, record, LISTING).decode())))
    assert {row["path"]: row["why"] for row in rows} == dict.fromkeys(FILES, "by reference")
    assert list(world.context.adapters.store.list("files")) == []
    assert {file.ref.place for file in manifest(world, recid).files} == {"source"}
    assert {outcome.status for outcome in world.run(Recid(recid), files_mode="reference", archive=policy).values()} == {
        "unchanged"
    }


def test_by_reference_a_file_that_is_not_as_the_record_says_rejects_it(world: World, recid: str) -> None:
    put(world, recid)
    next(world.source.folder.rglob("log.txt")).write_bytes(b"other")
    outcome = world.run(Recid(recid), files_mode="reference")["raw_files"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("rejected", "SizeMismatch")
