"""The journey of one recid: it arrives once, is not made twice, and changes reach the repository."""

import csv
import hashlib
import io
import random
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cern_assets.documents.store import DocumentStore
from cern_assets.errors import RecordRestrictedError, RepositoryUnavailableError, TransferInterruptedError
from cern_assets.flows.allowance import Allowance
from cern_assets.flows.batch import run_batch
from cern_assets.flows.journey import STAGES, run_stage
from cern_assets.model.archives import ArchiveLimits, ArchivePolicy
from cern_assets.model.checksums import Algorithm, Checksum, parse_checksum, same_checksum
from cern_assets.model.collections import Access, EditPolicy
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import DraftWanted
from cern_assets.model.manifests import Manifest
from cern_assets.model.outcomes import StageOutcome
from cern_assets.model.publications import Draft, Published, Receipt, RemoteFile, RemoteRecord, Sought
from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.model.uploads import Upload
from cern_assets.model.values import JsonObject, Value, content_hash
from cern_assets.ports import Range
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.storage.local import LocalStore
from cern_assets_tests.chaos.mortal import Killed
from cern_assets_tests.services.dying import DyingRepository
from cern_assets_tests.services.world import GIB, World, community_of

ALL_DONE = dict.fromkeys((stage.name for stage in STAGES), "done")
ALL_UNCHANGED = dict.fromkeys(ALL_DONE, "unchanged")


def test_a_recid_goes_in_and_a_verified_published_record_comes_out(world: World, recid: str) -> None:
    world.source.put(recid, title="Two files", files={"a.root": b"first", "sub dir.root": b"second"})
    outcomes = world.run(Recid(recid))
    assert {stage: outcome.status for stage, outcome in outcomes.items()} == ALL_DONE
    (record,) = world.held(Recid(recid))
    assert record.state == "published"
    assert outcomes["published_record"].url == record.url
    files = {file.key: file for file in world.context.adapters.repository.files(record)}
    assert {key: file.size_bytes for key, file in files.items()} == {"a.root": 5, "sub dir.root": 6}
    with world.context.adapters.repository.download(record, "a.root") as chunks:
        assert b"".join(chunks) == b"first"


def test_running_again_does_nothing_and_publishes_nothing_twice(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    (before,) = world.held(Recid(recid))
    assert world.statuses(Recid(recid)) == ALL_UNCHANGED
    assert world.held(Recid(recid)) == (before,)


def test_the_etag_of_the_last_answer_is_sent_and_a_new_one_alone_changes_nothing(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    world.run(Recid(recid))
    assert [etag is None for _, etag in world.source.asked] == [True, False]
    world.source.put(recid, files={"a.root": b"x"})
    assert world.statuses(Recid(recid)) == ALL_UNCHANGED


def test_changed_metadata_is_published_under_the_same_id_and_moves_no_bytes(world: World, recid: str) -> None:
    world.source.put(recid, title="Before", files={"a.root": b"x"})
    world.run(Recid(recid))
    (before,) = world.held(Recid(recid))
    world.source.put(recid, title="After", files={"a.root": b"x"})
    statuses = world.statuses(Recid(recid))
    assert statuses["metadata"] == statuses["published_record"] == "done"
    assert statuses["archive"] == "unchanged"
    (after,) = world.held(Recid(recid))
    assert (after.record_id, after.version_index) == (before.record_id, 1)
    metadata = after.payload["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["title"] == "After"


def test_changed_files_become_a_new_version_that_keeps_the_doi_among_its_identifiers(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"one"})
    world.run(Recid(recid))
    (first,) = world.held(Recid(recid))
    world.source.put(recid, files={"a.root": b"two", "b.root": b"new"})
    world.run(Recid(recid))
    (second,) = world.held(Recid(recid))
    assert (second.version_index, second.parent_id) == (2, first.parent_id)
    metadata = second.payload["metadata"]
    assert isinstance(metadata, dict)
    schemes = {str(entry["scheme"]) for entry in metadata["identifiers"] if isinstance(entry, dict)}  # type: ignore[union-attr]
    assert "doi" in schemes
    assert world.context.adapters.repository.read_published(first.record_id) is not None
    assert world.statuses(Recid(recid)) == ALL_UNCHANGED


def test_a_draft_that_an_attempt_left_behind_is_used_and_completed_by_the_next(world: World, recid: str) -> None:
    world.source.put(recid, files={f"{number:03}.dat": b"x" for number in range(101)})
    generous = ArchiveLimits(max_files=1000, max_file_bytes=GIB, max_record_bytes=GIB)
    # The repository refuses the 101st file when 100 are up already: a real failure in the middle of the publication.
    refused = world.run(Recid(recid), limits=generous)["published_record"]
    assert refused.status == "rejected"
    (draft,) = world.held(Recid(recid))
    assert draft.state == "draft"
    assert world.statuses(Recid(recid))["published_record"] == "done"
    (record,) = world.held(Recid(recid))
    assert (record.record_id, record.state) == (draft.record_id, "published")
    assert [file.key for file in world.context.adapters.repository.files(record)] == [f"opendata-{recid}.zip"]


def test_more_than_one_archive_may_hold_becomes_several_with_a_list_of_what_is_where(world: World, recid: str) -> None:
    files = {f"{number:02}.dat": bytes([number]) * 1000 for number in range(12)}
    world.source.put(recid, files=files)
    limits = ArchiveLimits(max_files=5, max_file_bytes=6000, max_record_bytes=GIB)
    assert world.run(Recid(recid), limits=limits)["published_record"].status == "done"
    (record,) = world.held(Recid(recid))
    repository = world.context.adapters.repository
    keys = [f"opendata-{recid}-{number:02}.zip" for number in (1, 2, 3)]
    assert sorted(file.key for file in repository.files(record)) == ["manifest.csv", *keys]

    def content(key: str) -> bytes:
        with repository.download(record, key) as chunks:
            return b"".join(chunks)

    rows = list(csv.DictReader(io.StringIO(content("manifest.csv").decode())))
    assert [row["path"] for row in rows] == sorted(files)
    for row in rows:
        with zipfile.ZipFile(io.BytesIO(content(row["archive"]))) as archive:
            data = archive.read(row["path"])
        assert data == files[row["path"]]
        assert f"md5:{hashlib.md5(data).hexdigest()}" in row["checksums"].split()
    again = world.run(Recid(recid), limits=limits)
    assert {outcome.status for outcome in again.values()} == {"unchanged"}


def test_a_lost_receipt_is_found_again_by_the_identifier_instead_of_publishing_twice(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    (before,) = world.held(Recid(recid))
    world.forget("published_record")
    assert world.statuses(Recid(recid))["published_record"] == "done"
    assert world.held(Recid(recid)) == (before,)


def test_a_lost_receipt_of_a_draft_is_found_again_too(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    draft = world.context.adapters.repository.create_draft(
        {"metadata": {"identifiers": [{"identifier": CROSSWALK.identifier(Recid(recid)), "scheme": "other"}]}}
    )
    world.run(Recid(recid))
    (record,) = world.held(Recid(recid))
    assert (record.record_id, record.state) == (draft.record_id, "published")


def test_a_new_crosswalk_version_transforms_again_and_an_equal_deposit_is_not_sent(world: World, recid: str) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    stage = next(stage for stage in STAGES if stage.name == "metadata")
    before = world.context.adapters.documents.read("opendata", "metadata", Recid(recid), stage.body)
    assert before is not None
    world.context.adapters.documents.write(before.model_copy(update={"input_hash": "made by another version"}))
    statuses = world.statuses(Recid(recid))
    assert statuses["metadata"] == "done"
    assert statuses["published_record"] == "unchanged"


def test_files_that_the_store_lost_are_fetched_again(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x", "b.root": b"y"})
    world.run(Recid(recid))
    (path,) = [path for path in world.context.adapters.store.list("files") if path.endswith("a.root")]
    world.context.adapters.store.remove(path)
    assert world.statuses(Recid(recid)) == ALL_UNCHANGED
    assert world.context.adapters.store.size_bytes(path) == 1


def test_a_file_that_our_store_lost_before_its_upload_leaves_the_recid_pending(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    for stage in STAGES[:-1]:
        assert run_stage(world.context, Recid(recid), stage).succeeded
    (path,) = world.context.adapters.store.list("files")
    world.context.adapters.store.remove(path)
    outcome = run_stage(world.context, Recid(recid), STAGES[-1])
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("failed", "MissingInput")
    assert world.statuses(Recid(recid))["published_record"] == "done"


def _rot(world: World, path: str) -> None:
    """Turn a byte of a stored file over, leaving its size."""
    stored = world.folder / "store" / path
    data = bytearray(stored.read_bytes())
    data[0] ^= 1
    stored.write_bytes(data)


@pytest.mark.parametrize("count", [1, 101], ids=["as-is", "zip"])
def test_a_stored_file_that_rots_is_no_fault_of_the_record_and_heals_in_the_next_run(
    world: World, recid: str, count: int
) -> None:
    world.source.put(recid, files={f"{number:03}.root": b"bytes" for number in range(count)})
    for stage in STAGES[:2] if count > 1 else STAGES[:-1]:
        assert run_stage(world.context, Recid(recid), stage).succeeded
    _rot(world, next(iter(world.context.adapters.store.list("files"))))
    stage = STAGES[3] if count > 1 else STAGES[-1]
    outcome = run_stage(world.context, Recid(recid), stage)
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("failed", "StoredFileDamaged")
    assert world.statuses(Recid(recid))["published_record"] == "done"


def test_an_archive_that_rots_is_made_again_and_published(world: World, recid: str) -> None:
    world.source.put(recid, files={f"{number:03}.root": b"bytes" for number in range(101)})
    for stage in STAGES[:-1]:
        assert run_stage(world.context, Recid(recid), stage).succeeded
    _rot(world, next(iter(world.context.adapters.store.list("archives"))))
    outcome = run_stage(world.context, Recid(recid), STAGES[-1])
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("failed", "StoredFileDamaged")
    assert world.statuses(Recid(recid))["published_record"] == "done"


def test_whole_files_of_an_attempt_that_died_are_not_read_from_the_source_again(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"bytes"})
    world.run(Recid(recid))
    world.forget("raw_files")
    for path in Path(world.source.folder).rglob("a.root"):
        path.unlink()
    assert world.statuses(Recid(recid))["raw_files"] == "done"


def test_bytes_that_are_not_the_declared_ones_stop_the_recid_before_anything_is_sent(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"right"})
    next(Path(world.source.folder).rglob("a.root")).write_bytes(b"wrong")
    outcome = world.run(Recid(recid))["raw_files"]
    assert outcome.status == "rejected"
    assert outcome.problem is not None
    assert outcome.problem.code == "ChecksumMismatch"
    assert f"recid {recid}" in outcome.problem.message
    assert world.held(Recid(recid)) == ()
    assert list(world.context.adapters.store.list("files")) == []


def test_a_recid_that_the_source_does_not_know_is_rejected(world: World, recid: str) -> None:
    outcome = world.run(Recid(recid))["raw_record"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("rejected", "RecordNotFound")


def test_a_recid_that_the_source_no_longer_shows_is_withdrawn_and_its_copy_stays(world: World, recid: str) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    world.source.withdraw(Recid(recid))
    assert world.statuses(Recid(recid)) == {"raw_record": "withdrawn"}
    assert [record.state for record in world.held(Recid(recid))] == ["published"]


def test_a_record_that_is_missed_once_waits_for_a_second_look_and_goes_on_if_it_is_back(
    world: World, recid: str
) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    world.source.withdraw(Recid(recid))
    outcome = world.run(Recid(recid), withdraw_after_seconds=3600.0)["raw_record"]
    assert (outcome.status, "Run it again in 1.0 hours" in str(outcome.problem)) == ("waiting", True)
    world.source.put(recid)
    assert set(world.statuses(Recid(recid), withdraw_after_seconds=3600.0).values()) <= {"done", "unchanged"}
    world.source.withdraw(Recid(recid))
    again = world.run(Recid(recid), withdraw_after_seconds=3600.0)["raw_record"]
    assert (again.status, "in 1.0 hours" in str(again.problem)) == ("waiting", True)
    assert world.statuses(Recid(recid)) == {"raw_record": "withdrawn"}


def test_only_so_many_records_are_withdrawn_in_one_run(world: World, recid: str) -> None:
    recids = [world.source.put(f"{recid}{number}") for number in range(5)]
    world.run(*recids)
    for each in recids:
        world.source.withdraw(each)
    context = world.changed(withdrawals=Allowance(2))
    statuses = sorted(outcomes[-1].status for outcomes in run_batch(context, recids))
    assert statuses == ["waiting", "waiting", "waiting", "withdrawn", "withdrawn"]


def test_another_name_of_a_record_is_redirected_so_that_it_is_not_published_under_two(world: World, recid: str) -> None:
    alias = world.source.alias(world.source.put(recid), f"delphi-{recid}")
    outcome = world.run(alias)["raw_record"]
    assert outcome.status == "redirected"
    assert outcome.problem is not None
    assert f"Ingest {recid} instead." in outcome.problem.message


def test_a_record_with_error_findings_is_rejected_with_what_they_say(world: World, recid: str) -> None:
    finding = Finding(code="unsafe-name", severity="error", field="files[0].uri", value="..", message="It leaves.")
    world.source.put_record(
        SourceRecord(
            source="opendata",
            recid=Recid(recid),
            url="https://opendata.cern.ch",
            metadata={},
            files=(),
            findings=(finding,),
        )
    )
    outcome = world.run(Recid(recid))["raw_record"]
    assert outcome.status == "rejected"
    assert outcome.problem is not None
    assert "It leaves." in outcome.problem.message


def _on_tape(world: World, recid: str) -> SourceRecord:
    """Have the source say that a record's files are on tape, and the place of its bytes not have them."""
    online = world.source.fetch(Recid(recid)).record
    assert online is not None
    on_tape = tuple(SourceFile(**{**dict(file), "availability": "on demand"}) for file in online.files)
    world.source.put_record(online.model_copy(update={"files": on_tape}))
    return online


def test_files_on_tape_leave_the_recid_waiting_but_files_we_have_need_not_be_online(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    online = _on_tape(world, recid)
    (bytes_of_it,) = Path(world.source.folder).rglob("a.root")
    bytes_of_it.unlink()
    waiting = world.run(Recid(recid))["raw_files"]
    assert (waiting.status, waiting.problem and waiting.problem.code) == ("waiting", "FileOffline")
    bytes_of_it.write_bytes(b"x")
    world.source.put_record(online)
    assert world.statuses(Recid(recid))["published_record"] == "done"
    _on_tape(world, recid)
    assert world.statuses(Recid(recid))["published_record"] == "unchanged"


def test_files_that_are_back_from_tape_are_read_although_the_record_does_not_say_so_yet(
    world: World, recid: str
) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    _on_tape(world, recid)
    assert world.statuses(Recid(recid))["published_record"] == "done"


class _Tape(LocalStore):
    """A place with tape behind it, which notes what it is asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[Sequence[str]] = []
        self.staged = False

    def is_online(self, path: str) -> bool | None:
        return self.staged and super().is_online(path)

    def prepare(self, paths: Sequence[str]) -> str | None:
        self.asked.append(paths)
        return f"ticket-{len(self.asked)}"


def test_files_on_tape_are_asked_for_once_and_the_recid_waits_with_its_ticket(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x", "b.root": b"y"})
    _on_tape(world, recid)
    tape = _Tape(world.folder / "source")
    outcomes = [world.run(Recid(recid), files=tape)["raw_files"] for _ in range(3)]
    assert [outcome.problem and outcome.problem.ticket for outcome in outcomes] == ["ticket-1"] * 3
    assert [len(paths) for paths in tape.asked] == [2]
    assert _entries(world, recid) == ["staging asked"]
    tape.staged = True
    assert world.run(Recid(recid), files=tape)["published_record"].status == "done"


def test_a_source_that_takes_requests_for_files_on_tape_is_asked_once_and_its_place_not(
    world: World, recid: str
) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    _on_tape(world, recid)
    world.source.takes_stage_requests = True
    tape = _Tape(world.folder / "source")
    outcomes = [world.run(Recid(recid), files=tape)["raw_files"] for _ in range(3)]
    assert [(each.status, each.problem and each.problem.ticket) for each in outcomes] == [("waiting", "stage-1")] * 3
    assert (world.source.stage_requests, tape.asked) == ([Recid(recid)], [])
    tape.staged = True
    assert world.run(Recid(recid), files=tape)["published_record"].status == "done"


@pytest.mark.parametrize(
    ("before", "after"),
    [({"a": b"file"}, {"a/b": b"in a folder"}), ({"a/b/c": b"in a folder"}, {"a": b"file"})],
    ids=["a file where a folder is to be", "a folder where a file is to be"],
)
def test_files_of_an_earlier_state_of_the_record_are_in_nobodys_way(
    world: World, recid: str, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    world.source.put(recid, files={**before, "same": b"x"})
    world.run(Recid(recid))
    shutil.rmtree(world.source.folder / f"eos/opendata/fake/{recid}")
    world.source.put(recid, files={**after, "same": b"x"})
    record = world.source.fetch(Recid(recid)).record
    assert record is not None
    # Keys are cut to what differs; these are meant as they stand.
    files = tuple(file.model_copy(update={"key": file.path.partition(f"{recid}/")[2]}) for file in record.files)
    world.source.put_record(record.model_copy(update={"files": files}))
    assert world.run(Recid(recid))["published_record"].status == "done"
    (folder,) = (world.folder / "store/files/opendata").glob(f"*/{recid}")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {*after, "same"}


def test_leftovers_of_dead_writers_are_collected_when_they_are_old(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    (stored,) = (world.folder / "store/files").rglob("a.root")
    left = stored.with_name(".partial-deadbeef")
    left.write_bytes(b"torn")
    world.forget("raw_files")
    world.run(Recid(recid))
    assert left.exists()
    world.forget("raw_files")
    world.run(Recid(recid), leftovers_seconds=-1.0)
    assert not left.exists()


class _Breaking(LocalStore):
    """A place whose streams break after some bytes, and which counts those it gives."""

    def __init__(self, root: Path, *, after_bytes: int) -> None:
        super().__init__(root)
        self.left = after_bytes
        self.given = 0

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield self._breaking(b"".join(chunks))

    def _breaking(self, content: bytes) -> Iterator[bytes]:
        for start in range(0, len(content), 10):
            if self.left <= 0:
                raise TransferInterruptedError("The stream broke.")
            piece = content[start : start + 10]
            self.left -= len(piece)
            self.given += len(piece)
            yield piece


def test_a_large_file_whose_copy_broke_off_is_gone_on_with_in_the_next_run(world: World, recid: str) -> None:
    content = random.Random(1).randbytes(1_000)
    world.source.put(recid, files={"a.root": content})
    breaking = _Breaking(world.folder / "source", after_bytes=600)
    failed = world.run(Recid(recid), files=breaking, resume_bytes=1, attempts=1)["raw_files"]
    assert (failed.status, failed.problem and failed.problem.code) == ("failed", "TransferInterrupted")
    assert _entries(world, recid) == ["transfer begun"]
    breaking.left = 10_000
    assert world.run(Recid(recid), files=breaking, resume_bytes=1)["published_record"].status == "done"
    assert breaking.given == len(content)
    assert list(world.context.adapters.store.leftovers()) == []


def test_what_was_kept_of_a_large_file_and_rotted_is_read_again(world: World, recid: str) -> None:
    content = random.Random(1).randbytes(1_000)
    world.source.put(recid, files={"a.root": content})
    breaking = _Breaking(world.folder / "source", after_bytes=600)
    world.run(Recid(recid), files=breaking, resume_bytes=1, attempts=1)
    (kept,) = world.context.adapters.store.leftovers()
    (world.folder / "store" / kept.path).write_bytes(bytes(600))
    breaking.left = 10_000
    assert world.run(Recid(recid), files=breaking, resume_bytes=1)["published_record"].status == "done"


class _Telling(LocalStore):
    """A place that computes checksums of its files."""

    def checksum(self, path: str, algorithm: Algorithm) -> Checksum | None:
        assert algorithm == "adler32"
        with self.open(path) as chunks:
            return parse_checksum(f"adler32:{zlib.adler32(b''.join(chunks)):08x}")


def test_a_file_without_a_stated_checksum_is_verified_against_its_place(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"bytes"})
    record = world.source.fetch(Recid(recid)).record
    assert record is not None
    unstated = tuple(file.model_copy(update={"checksum": None}) for file in record.files)
    world.source.put_record(record.model_copy(update={"files": unstated}))
    world.run(Recid(recid), files=_Telling(world.folder / "source"))
    manifest = world.context.adapters.documents.read("opendata", "raw_files", Recid(recid), Manifest)
    assert manifest is not None
    assert [file.verified for file in manifest.body.files] == [True]


def test_a_stage_without_the_documents_it_builds_on_says_which_to_materialize(world: World, recid: str) -> None:
    stage = next(stage for stage in STAGES if stage.name == "archive")
    outcome = run_stage(world.context, Recid(recid), stage)
    assert outcome.status == "failed"
    assert outcome.problem is not None
    assert "Materialize raw_files of it first." in outcome.problem.message


def test_a_refused_token_leaves_the_recid_pending_and_publishes_nothing(world: World, recid: str) -> None:
    world.source.put(recid)
    stranger = NrpRepository(world.context.adapters.repository.url, "not the token", attempts=1, timeout_seconds=5)
    outcome = world.run(Recid(recid), repository=stranger)["published_record"]
    stranger.close()
    assert outcome.status == "failed"
    assert outcome.problem is not None
    assert outcome.problem.code == "CredentialsRefused"
    assert world.held(Recid(recid)) == ()


def test_a_source_that_restricts_a_record_rejects_it(world: World, recid: str) -> None:
    world.source.put(recid)
    world.source.fail(Recid(recid), RecordRestrictedError("Only curators may see it."))
    assert world.statuses(Recid(recid)) == {"raw_record": "rejected"}


def test_the_receipt_says_what_the_repository_holds(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    receipt = world.context.adapters.documents.read("opendata", "published_record", Recid(recid), Receipt)
    assert receipt is not None
    (record,) = world.held(Recid(recid))
    assert receipt.body.record_id == record.record_id
    assert [str(file.checksum) for file in receipt.body.files] == ["md5:9dd4e461268c8034f5c8564e155c67a6"]


class _CountedStore(LocalStore):
    """A folder that notes which files are read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read: list[str] = []

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        self.read.append(path)
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield chunks

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        self.read.append(path)
        return super().read_ranges(path, ranges)


class _CountedUploads(NrpRepository):
    """The repository of a world, noting which files are sent."""

    def __init__(self, world: World) -> None:
        super().__init__(world.context.adapters.repository.url, world.token, attempts=2, timeout_seconds=30)
        self.sent: list[str] = []

    def upload(self, draft: Draft, upload: Upload, *, announced: bool = False) -> RemoteFile:
        self.sent.append(upload.key)
        return super().upload(draft, upload, announced=announced)


def test_a_corrected_parser_reads_the_answer_again_that_the_source_says_still_holds(world: World, recid: str) -> None:
    world.source.put(recid, title="quiet", files={"a.root": b"x"})
    world.run(Recid(recid))
    world.source.rules = "in capitals"
    statuses = world.statuses(Recid(recid))
    assert [etag is None for _, etag in world.source.asked] == [True, False]
    assert (statuses["raw_record"], statuses["raw_files"], statuses["metadata"]) == ("done", "unchanged", "done")
    (record,) = world.held(Recid(recid))
    assert isinstance(record.payload["metadata"], dict)
    assert record.payload["metadata"]["title"] == "QUIET"
    assert world.statuses(Recid(recid)) == ALL_UNCHANGED


def test_a_record_without_its_answer_is_asked_for_anew_when_the_parser_is_corrected(world: World, recid: str) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    documents = world.context.adapters.documents
    document = documents.read("opendata", "raw_record", Recid(recid), SourceRecord)
    assert document is not None
    documents.write(document.model_copy(update={"answer": None}))
    world.source.rules = "in capitals"
    assert world.statuses(Recid(recid))["raw_record"] == "done"
    assert [etag is None for _, etag in world.source.asked] == [True, True]


def test_a_tape_state_that_flips_and_a_finding_that_is_added_redo_nothing_after_the_record(
    world: World, recid: str
) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    record = world.source.fetch(Recid(recid)).record
    assert record is not None
    on_tape = tuple(file.model_copy(update={"availability": "on demand"}) for file in record.files)
    finding = Finding(code="new", severity="note", field="title", value="", message="Seen by a newer parser.")
    world.source.put_record(record.model_copy(update={"files": on_tape, "findings": (finding,)}))
    statuses = world.statuses(Recid(recid))
    assert statuses.pop("raw_record") == "done"
    assert set(statuses.values()) == {"unchanged"}


def test_a_field_with_a_default_that_a_model_gets_leaves_the_hashes_as_they_are() -> None:
    class Older(Value):
        name: str

    class Newer(Older):
        kind: str = "plain"

    assert content_hash(Older(name="a")) == content_hash(Newer(name="a")) != content_hash(Newer(name="a", kind="b"))


def test_a_recid_that_is_done_costs_one_reading_of_each_document(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    store = _CountedStore(world.folder / "store")
    world.run(Recid(recid), store=store, documents=DocumentStore(store))
    documents = [path for path in store.read if path.startswith("documents/")]
    assert sorted(documents) == sorted(set(documents))


def _entries(world: World, recid: str) -> list[str]:
    return [entry.what.kind for entry in world.context.adapters.journal.entries("opendata", Recid(recid))]


def test_a_draft_is_noted_as_wanted_and_as_made_and_no_document_stands_for_it(world: World, recid: str) -> None:
    world.source.put(recid, files={f"{number:03}.dat": b"x" for number in range(101)})
    generous = ArchiveLimits(max_files=1000, max_file_bytes=GIB, max_record_bytes=GIB)
    assert world.run(Recid(recid), limits=generous)["published_record"].status == "rejected"
    assert _entries(world, recid) == ["draft wanted", "draft made", "publish wanted"]
    stages = {path.split("/")[2] for path in world.context.adapters.store.list("documents")}
    assert stages == {"raw_record", "raw_files", "metadata", "archive"}


class _LaggingSearch(NrpRepository):
    """The repository of a world, whose search shows a new draft only when it was asked some times."""

    def __init__(self, world: World, *, shows_after: int) -> None:
        super().__init__(world.context.adapters.repository.url, world.token, attempts=2, timeout_seconds=30)
        self.left = shows_after

    def find(self, identifier: str, *, doi: str | None = None) -> Sought:
        self.left -= 1
        return Sought(own=()) if self.left >= 0 else super().find(identifier, doi=doi)


def _lost_draft(world: World, recid: str) -> Draft:
    """A draft that was asked for by a process that died before the answer came."""
    identifier, repository = CROSSWALK.identifier(Recid(recid)), world.context.adapters.repository
    wanted = DraftWanted(repository=repository.url, identifier=identifier)
    world.context.adapters.journal.note("opendata", Recid(recid), wanted)
    return repository.create_draft({"metadata": {"identifiers": [{"identifier": identifier, "scheme": "other"}]}})


def test_a_draft_whose_answer_was_lost_is_gone_on_with_although_the_search_lags(world: World, recid: str) -> None:
    world.source.put(recid)
    draft = _lost_draft(world, recid)
    lagging = _LaggingSearch(world, shows_after=2)
    assert world.run(Recid(recid), repository=lagging)["published_record"].status == "done"
    lagging.close()
    assert [(record.record_id, record.state) for record in world.held(Recid(recid))] == [(draft.record_id, "published")]


def test_a_recid_whose_lost_draft_a_slow_search_may_still_show_waits_instead_of_making_another(
    world: World, recid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cern_assets.flows.publish.identify._LONGEST_WAIT_SECONDS", 0.0)
    world.source.put(recid)
    draft = _lost_draft(world, recid)
    lagging = _LaggingSearch(world, shows_after=100)
    waiting = world.run(Recid(recid), repository=lagging, search_lag_seconds=600.0)["published_record"]
    lagging.close()
    assert waiting.status == "waiting"
    assert "answer was lost" in str(waiting.problem)
    assert [record.record_id for record in world.held(Recid(recid))] == [draft.record_id]


def test_a_lost_draft_that_comes_up_after_another_was_published_is_deleted_by_a_later_run(
    world: World, recid: str
) -> None:
    world.source.put(recid)
    draft = _lost_draft(world, recid)
    blind = _LaggingSearch(world, shows_after=1_000)
    world.run(Recid(recid), repository=blind, search_lag_seconds=0.0)
    blind.close()
    assert len(world.held(Recid(recid))) == 2
    world.run(Recid(recid))
    assert [record.state for record in world.held(Recid(recid))] == ["published"]
    assert world.context.adapters.repository.read_draft(draft.record_id) is None


def test_a_draft_that_was_refused_is_not_waited_for(world: World, recid: str) -> None:
    world.source.put(recid)
    repository = world.context.adapters.repository
    stranger = NrpRepository(repository.url, "not the token", attempts=1, timeout_seconds=5)

    class Refusing(NrpRepository):
        def create_draft(self, payload: JsonObject) -> Draft:
            return stranger.create_draft(payload)

    refusing = Refusing(repository.url, world.token, attempts=1, timeout_seconds=5)
    world.run(Recid(recid), repository=refusing)
    stranger.close()
    refusing.close()
    assert _entries(world, recid) == ["draft wanted", "draft refused"]
    blind = _LaggingSearch(world, shows_after=1)
    assert world.run(Recid(recid), repository=blind, search_lag_seconds=600.0)["published_record"].status == "done"
    blind.close()


def test_a_record_that_is_published_twice_is_told_with_both_addresses_although_there_is_a_receipt(
    world: World, recid: str
) -> None:
    world.source.put(recid)
    world.run(Recid(recid))
    (ours,) = world.held(Recid(recid))
    repository = world.context.adapters.repository
    twice = {**ours.payload, "pids": {}}
    other = repository.publish(repository.create_draft(twice))
    outcome = world.run(Recid(recid))["published_record"]
    (finding,) = outcome.findings
    assert (finding.code, finding.value) == ("published-twice", other.url)
    assert ours.url in finding.message
    assert outcome.url == ours.url
    assert world.run(Recid(recid))["published_record"].findings == (finding,)


class _LosingPublication(NrpRepository):
    """The repository of a world, whose answer to the first publication is lost after, or before, it is done."""

    def __init__(self, world: World, *, done: bool) -> None:
        super().__init__(world.context.adapters.repository.url, world.token, attempts=2, timeout_seconds=30)
        self.asked = 0
        self._done = done

    def publish(self, draft: Draft) -> Published:
        self.asked += 1
        if self.asked > 1:
            return super().publish(draft)
        if self._done:
            super().publish(draft)
        raise RepositoryUnavailableError("The repository answered with 504.")


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_to_a_publication_is_settled_by_reading_and_never_asked_for_blindly(
    world: World, recid: str, *, done: bool
) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    losing = _LosingPublication(world, done=done)
    first = world.run(Recid(recid), repository=losing)["published_record"]
    assert (first.status, losing.asked) == ("done" if done else "failed", 1)
    assert world.run(Recid(recid), repository=losing)["published_record"].status == ("unchanged" if done else "done")
    world.source.put(recid, title="Changed", files={"a.root": b"x"})
    losing.asked = 0
    edited = world.run(Recid(recid), repository=losing)["published_record"]
    assert edited.status == ("done" if done else "failed")
    world.run(Recid(recid))
    losing.close()
    (record,) = world.held(Recid(recid))
    assert (record.state, record.version_index) == ("published", 1)
    assert isinstance(record.payload["metadata"], dict)
    assert record.payload["metadata"]["title"] == "Changed"


def test_spare_drafts_of_attempts_whose_answers_were_lost_are_deleted(world: World, recid: str) -> None:
    world.source.put(recid)
    repository = world.context.adapters.repository
    named: JsonObject = {
        "metadata": {"identifiers": [{"identifier": CROSSWALK.identifier(Recid(recid)), "scheme": "other"}]}
    }
    drafts = [repository.create_draft(named) for _ in range(3)]
    world.run(Recid(recid))
    (record,) = world.held(Recid(recid))
    assert record.state == "published"
    assert [repository.read_draft(draft.record_id) for draft in drafts] == [None, None, None]


def test_a_new_version_sends_only_the_files_that_changed(world: World, recid: str) -> None:
    same = {f"{number}.root": bytes([number]) * 100 for number in range(5)}
    world.source.put(recid, files={**same, "changed.root": b"before"})
    world.run(Recid(recid))
    world.source.put(recid, files={**same, "changed.root": b"after"})
    repository = _CountedUploads(world)
    assert world.run(Recid(recid), repository=repository)["published_record"].status == "done"
    assert repository.sent == ["changed.root"]
    (record,) = world.held(Recid(recid))
    assert [file.key for file in world.context.adapters.repository.files(record)] == [*same, "changed.root"]
    repository.close()


def _edit_by_hand(world: World, recid: str, *, publish: bool = True, **metadata: str) -> None:
    """Change fields of a published record as a person does on its page."""
    repository = world.context.adapters.repository
    (record,) = world.held(Recid(recid))
    draft = repository.edit(record.record_id)
    assert isinstance(draft.payload["metadata"], dict)
    changed = {**draft.payload, "metadata": {**draft.payload["metadata"], **metadata}}
    repository.update_draft(record.record_id, changed)
    if publish:
        repository.publish(draft)


def _metadata_held(world: World, recid: str) -> dict[str, object]:
    (record,) = world.held(Recid(recid))
    assert isinstance(record.payload["metadata"], dict)
    return dict(record.payload["metadata"])


def test_what_people_edited_in_the_repository_stays_and_is_told_with_both_values(world: World, recid: str) -> None:
    world.source.put(recid, title="Ours")
    world.run(Recid(recid))
    _edit_by_hand(world, recid, title="By hand", version="v1")
    for title in ("Ours", "Ours, changed"):
        world.source.put(recid, title=title)
        findings = {each.field: each for each in world.run(Recid(recid))["published_record"].findings}
        assert set(findings) == {"metadata.title", "metadata.version"}
        assert "By hand" in findings["metadata.title"].message
        assert title in findings["metadata.title"].message
    held = _metadata_held(world, recid)
    assert (held["title"], held["version"]) == ("By hand", "v1")
    assert world.statuses(Recid(recid))["published_record"] == "unchanged"


@pytest.mark.parametrize("changed", [{"title": "Changed"}, {"files": {"a.root": b"y"}}], ids=["edit", "version"])
def test_what_people_edited_stays_though_runs_died_after_publishing_and_after_beginning_to_change_it(
    world: World, recid: str, changed: dict[str, object]
) -> None:
    stated: dict[str, object] = {"title": "Ours", "files": {"a.root": b"x"}}
    dying = DyingRepository(world)
    world.source.put(recid, title="Ours", files={"a.root": b"x"})
    with pytest.raises(Killed):
        world.run(Recid(recid), repository=dying)
    _edit_by_hand(world, recid, version="by hand")
    world.source.put(recid, **{**stated, **changed})  # type: ignore[arg-type]
    with pytest.raises(Killed):
        world.run(Recid(recid), repository=dying)
    dying.close()
    outcome = world.run(Recid(recid))["published_record"]
    assert [finding.field for finding in outcome.findings] == ["metadata.version"]
    (record,) = world.held(Recid(recid))
    assert (record.state, record.version_index) == ("published", 2 if "files" in changed else 1)
    assert _metadata_held(world, recid)["version"] == "by hand"
    assert _metadata_held(world, recid)["title"] == {**stated, **changed}["title"]


def test_a_kept_edit_is_still_one_after_another_field_was_published_beside_it(world: World, recid: str) -> None:
    world.source.put(recid, title="Ours", files={"a.root": b"x"})
    world.run(Recid(recid))
    _edit_by_hand(world, recid, title="By hand")
    world.source.put(recid, title="Ours", files={"a.root": b"y"})
    for _ in range(2):
        outcome = world.run(Recid(recid))["published_record"]
        assert [finding.field for finding in outcome.findings] == ["metadata.title"]
    (record,) = world.held(Recid(recid))
    assert record.version_index == 2
    assert _metadata_held(world, recid)["title"] == "By hand"


def test_an_edit_is_overwritten_and_told_once_where_the_collection_says_so(world: World, recid: str) -> None:
    world.source.put(recid, title="Ours")
    world.run(Recid(recid))
    _edit_by_hand(world, recid, title="By hand")
    policy = EditPolicy(fields={"metadata.title": "overwrite"})
    (finding,) = world.run(Recid(recid), edits=policy)["published_record"].findings
    assert "overwritten" in finding.message
    assert _metadata_held(world, recid)["title"] == "Ours"
    assert world.run(Recid(recid), edits=policy)["published_record"].findings == ()


def test_a_record_that_somebody_is_editing_is_not_saved_over(world: World, recid: str) -> None:
    world.source.put(recid, title="Ours")
    world.run(Recid(recid))
    _edit_by_hand(world, recid, title="Not published yet", publish=False)
    world.source.put(recid, title="Ours, changed")
    outcome = world.run(Recid(recid))["published_record"]
    assert (outcome.status, "Somebody is editing" in str(outcome.problem)) == ("waiting", True)


def test_a_restricted_record_whose_receipt_and_journal_are_lost_is_found_again(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    closed = Access(record="restricted", files="restricted")
    first = world.run(Recid(recid), access=closed)["published_record"]
    world.forget("published_record")
    for path in list(world.context.adapters.store.list("journal")):
        world.context.adapters.store.remove(path)
    again = world.run(Recid(recid), access=closed)["published_record"]
    assert (again.status, again.url) == ("done", first.url)
    assert [record.state for record in world.held(Recid(recid))] == ["published"]


@pytest.mark.parametrize("published", [False, True])
def test_what_a_failed_attempt_put_into_a_draft_is_no_edit_of_anybodys(
    world: World, recid: str, published: bool
) -> None:
    many = {f"{number:03}.dat": b"x" for number in range(101)}
    generous = ArchiveLimits(max_files=1000, max_file_bytes=GIB, max_record_bytes=GIB)
    if published:
        world.source.put(recid, title="Zero", files={"a.root": b"x"})
        world.run(Recid(recid))
    world.source.put(recid, title="One", files=many)
    assert world.run(Recid(recid), limits=generous)["published_record"].status == "rejected"
    world.source.put(recid, title="Two", files=many)
    outcome = world.run(Recid(recid))["published_record"]
    assert (outcome.status, outcome.findings) == ("done", ())
    assert _metadata_held(world, recid)["title"] == "Two"


def test_two_missing_checksums_are_no_match() -> None:
    assert not same_checksum(None, None)
    assert not same_checksum(None, parse_checksum("md5:9dd4e461268c8034f5c8564e155c67a6"))


def test_a_record_of_a_collection_with_a_community_is_published_through_it_and_edited_without(
    world: World, recid: str
) -> None:
    slug = community_of(world, "open")
    world.source.put(recid, title="First", files={"a.root": b"x"})
    assert world.run(Recid(recid), community=slug)["published_record"].status == "done"
    (record,) = world.held(Recid(recid))
    parent = record.payload["parent"]
    assert isinstance(parent, dict)
    assert len(parent["communities"]["ids"]) == 1  # type: ignore[index, call-overload, arg-type]
    world.source.put(recid, title="Second", files={"a.root": b"x"})
    assert world.run(Recid(recid), community=slug)["published_record"].status == "done"
    world.source.put(recid, title="Second", files={"a.root": b"y"})
    assert world.run(Recid(recid), community=slug)["published_record"].status == "done"
    assert _entries(world, recid).count("review asked") == 1


def test_a_record_that_a_community_reviews_waits_with_its_ticket_and_is_found_published_after_it(
    world: World, recid: str
) -> None:
    slug = community_of(world, "closed")
    world.source.put(recid, files={"a.root": b"x"})
    first = world.run(Recid(recid), community=slug)["published_record"]
    again = world.run(Recid(recid), community=slug)["published_record"]
    assert (first.status, again.status) == ("waiting", "waiting")
    assert first.problem is not None
    assert again.problem is not None
    assert first.problem.ticket == again.problem.ticket != ""
    url = f"{world.context.adapters.repository.url}/api/requests/{first.problem.ticket}/actions/accept"
    httpx.post(url, headers={"Authorization": f"Bearer {world.token}"}, json={}, timeout=30).raise_for_status()
    assert world.run(Recid(recid), community=slug)["published_record"].status == "done"
    assert [record.state for record in world.held(Recid(recid))] == ["published"]


STRAIGHT = ArchivePolicy(always=True, copy_in_store=False)


def _content(world: World, record: RemoteRecord, key: str) -> bytes:
    with world.context.adapters.repository.download(record, key) as chunks:
        return b"".join(chunks)


def test_an_archive_goes_straight_into_the_upload_and_is_the_one_that_a_store_would_hold(
    world: World, recid: str
) -> None:
    files = {f"{number:02}.dat": bytes([number]) * 1_000 for number in range(12)}
    world.source.put(recid, files=files)
    limits = ArchiveLimits(max_files=5, max_file_bytes=6_000, max_record_bytes=GIB)
    assert world.run(Recid(recid), limits=limits, archive=STRAIGHT)["published_record"].status == "done"
    kept = [path.rpartition("/")[2] for path in world.context.adapters.store.list("archives")]
    assert kept == ["manifest.csv"]
    (record,) = world.held(Recid(recid))
    names: list[str] = []
    for number in (1, 2, 3):
        with zipfile.ZipFile(io.BytesIO(_content(world, record, f"opendata-{recid}-{number:02}.zip"))) as archive:
            assert archive.testzip() is None
            names += archive.namelist()
            assert all(archive.read(name) == files[name] for name in archive.namelist())
    assert sorted(names) == sorted(files)
    again = world.run(Recid(recid), limits=limits, archive=STRAIGHT)
    assert {outcome.status for outcome in again.values()} == {"unchanged"}


def test_a_lost_receipt_of_a_record_whose_archive_lies_nowhere_sends_nothing_again(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x" * 1_000, "b.root": b"y"})
    world.run(Recid(recid), archive=STRAIGHT)
    (before,) = world.held(Recid(recid))
    world.forget("published_record")
    repository = _CountedUploads(world)
    assert world.run(Recid(recid), archive=STRAIGHT, repository=repository)["published_record"].status == "done"
    repository.close()
    assert repository.sent == []
    assert world.held(Recid(recid)) == (before,)


def test_a_changed_file_makes_a_new_version_of_an_archive_that_lies_nowhere(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"before"})
    world.run(Recid(recid), archive=STRAIGHT)
    world.source.put(recid, files={"a.root": b"behind"})
    assert world.run(Recid(recid), archive=STRAIGHT)["published_record"].status == "done"
    (record,) = world.held(Recid(recid))
    assert record.version_index == 2
    with zipfile.ZipFile(io.BytesIO(_content(world, record, f"opendata-{recid}.zip"))) as archive:
        assert archive.read("a.root") == b"behind"


def test_a_stored_file_that_rots_before_it_is_packed_into_the_upload_heals_in_the_next_run(
    world: World, recid: str
) -> None:
    world.source.put(recid, files={"a.root": b"bytes" * 100, "b.root": b"more"})
    context = world.changed(archive=STRAIGHT)
    for stage in STAGES[:-1]:
        assert run_stage(context, Recid(recid), stage).succeeded
    _rot(world, next(iter(world.context.adapters.store.list("files"))))
    outcome = run_stage(context, Recid(recid), STAGES[-1])
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("failed", "StoredFileDamaged")
    assert world.run(Recid(recid), archive=STRAIGHT)["published_record"].status == "done"


@pytest.mark.parametrize("copy_in_store", [True, False])
def test_texts_are_compressed_where_the_collection_says_so(world: World, recid: str, copy_in_store: bool) -> None:
    files = {"long.txt": b"again and " * 5_000, "short.txt": b"x", "data.root": random.Random(2).randbytes(2_000)}
    world.source.put(recid, files=files)
    policy = ArchivePolicy(always=True, copy_in_store=copy_in_store, deflate=(".txt",))
    outcomes = world.run(Recid(recid), archive=policy)
    assert outcomes["published_record"].status == "done"
    (record,) = world.held(Recid(recid))
    content = _content(world, record, f"opendata-{recid}.zip")
    assert len(content) == outcomes["archive"].size_bytes
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        kinds = {info.filename: info.compress_type for info in archive.infolist()}
        assert {name: archive.read(name) for name in archive.namelist()} == files
    assert kinds == {"long.txt": zipfile.ZIP_DEFLATED, "short.txt": zipfile.ZIP_STORED, "data.root": zipfile.ZIP_STORED}
    assert {outcome.status for outcome in world.run(Recid(recid), archive=policy).values()} == {"unchanged"}


@pytest.mark.parametrize(
    "policy", [ArchivePolicy(), ArchivePolicy(always=True), STRAIGHT], ids=["as they are", "packed", "packed, no copy"]
)
def test_bytes_go_straight_from_the_source_and_none_is_kept(world: World, recid: str, policy: ArchivePolicy) -> None:
    files = {"a.root": random.Random(1).randbytes(3_000_000), "c.root": b"small", "empty.root": b""}
    world.source.put(recid, files=files)
    reading = _CountedStore(world.folder / "source")
    run = {"files": "stream", "archive": policy}
    assert _with_files(world, recid, reading, run)["published_record"].status == "done"
    assert list(world.context.adapters.store.list("files")) == []
    (record,) = world.held(Recid(recid))
    if policy.always:
        with zipfile.ZipFile(io.BytesIO(_content(world, record, f"opendata-{recid}.zip"))) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == files
    else:
        keys = [file.key for file in world.context.adapters.repository.files(record)]
        assert {key: _content(world, record, key) for key in keys} == files
    assert len(reading.read) == len(files), "each file is read once"
    assert {outcome.status for outcome in _with_files(world, recid, reading, run).values()} == {"unchanged"}
    assert len(reading.read) == len(files)


def _with_files(world: World, recid: str, reading: LocalStore, policy: dict[str, object]) -> dict[str, StageOutcome]:
    """Run a recid with another place of the source's bytes, and another policy of the collection."""
    return world.run(Recid(recid), files=reading, files_mode=policy["files"], archive=policy["archive"])


@pytest.mark.parametrize("policy", [ArchivePolicy(), STRAIGHT], ids=["as they are", "packed, no copy"])
def test_streamed_bytes_that_are_not_the_declared_ones_are_the_sources_fault_and_nothing_is_published(
    world: World, recid: str, policy: ArchivePolicy
) -> None:
    world.source.put(recid, files={"a.root": b"right", "b.root": b"other"})
    next(Path(world.source.folder).rglob("a.root")).write_bytes(b"wrong")
    reading = LocalStore(world.folder / "source")
    outcome = _with_files(world, recid, reading, {"files": "stream", "archive": policy})["published_record"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("rejected", "ChecksumMismatch")
    assert [record.state for record in world.held(Recid(recid))] == ["draft"]


def test_a_streamed_file_that_is_missing_or_of_another_size_is_told_before_anything_is_sent(
    world: World, recid: str
) -> None:
    world.source.put(recid, files={"a.root": b"right"})
    next(Path(world.source.folder).rglob("a.root")).write_bytes(b"longer")
    reading = LocalStore(world.folder / "source")
    outcome = _with_files(world, recid, reading, {"files": "stream", "archive": ArchivePolicy()})["raw_files"]
    assert (outcome.status, outcome.problem and outcome.problem.code) == ("rejected", "SizeMismatch")


def test_an_archive_of_a_record_in_which_three_files_changed_is_made_without_fetching_the_others(
    world: World, recid: str
) -> None:
    files = {f"{number:03}.dat": bytes([number]) * 500 for number in range(150)}
    world.source.put(recid, files=files)
    world.run(Recid(recid))
    changed = dict.fromkeys(list(files)[:3], b"changed")
    world.source.put(recid, files={**files, **changed})
    reading = _CountedStore(world.folder / "source")
    assert world.run(Recid(recid), files=reading)["published_record"].status == "done"
    assert sorted(path.rpartition("/")[2] for path in reading.read) == sorted(changed)
    (record,) = world.held(Recid(recid))
    with zipfile.ZipFile(io.BytesIO(_content(world, record, f"opendata-{recid}.zip"))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {**files, **changed}
