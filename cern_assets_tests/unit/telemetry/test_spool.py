"""The spool: typed lines without secrets, numbered by writer over parts, and files that are closed for good or open."""

import errno
import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from cern_assets.errors import StorageFullError
from cern_assets.model.events import CallMade, Fact, FileMoved, FindingMade, Leaf, LeavesTold, StageStarted
from cern_assets.telemetry.catalog import closed_files, look
from cern_assets.telemetry.spool import SpoolSink
from cern_assets_tests.services.told import all_done, fact, outcome

DAY = 86_400


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("events-*")) for line in path.read_text().splitlines()]


def test_every_kind_of_fact_is_a_line_with_its_place(tmp_path: Path) -> None:
    facts: list[Fact] = [
        StageStarted(),
        FileMoved(key="a.root", way="in", how="moved", size_bytes=3),
        CallMade(system="repository", method="GET", route="/api/records/*", http_status=200, elapsed_seconds=0.1),
        FindingMade(code="checksum-not-padded", severity="note", field="files[].checksum", count=2),
        LeavesTold(leaves=(Leaf(path="title", fate="carried", leaves=1),)),
    ]
    SpoolSink(tmp_path).emit([fact(1, "1", "raw_files", each) for each in facts])
    lines = _lines(tmp_path)
    assert [line["kind"] for line in lines] == ["started", "file", "call", "finding", "leaves"]
    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    assert {(line["version"], line["recid"], line["stage"], line["collection"]) for line in lines} == {
        (3, "1", "raw_files", "opendata")
    }
    assert lines[4]["leaves"] == [{"path": "title", "fate": "carried", "leaves": 1}]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Ask jane.doe+x@cern.ch for it.", "Ask (removed) for it."),
        ("https://user:pass@host/a", "https://(removed)@host/a"),
        ("https://host/f?authz=abc&page=1", "https://host/f?authz=(removed)&page=1"),
        ("GET /x?access_token=s3cret!", "GET /x?access_token=(removed)"),
        ('Authorization: Bearer abc.def "quoted"', 'Authorization: Bearer (removed) "quoted"'),
        ("password=hunter2, next", "password=(removed), next"),
        ("5 = 5 @ noon", "5 = 5 @ noon"),
        ("adler32=00620062", "adler32=00620062"),
    ],
)
def test_secrets_and_addresses_of_people_stay_out(tmp_path: Path, said: str, kept: str) -> None:
    SpoolSink(tmp_path).emit([outcome(1, "1", "raw_files", "failed", message=said, url=said)])
    (line,) = _lines(tmp_path)
    assert (line["message"], line["url"]) == (kept, kept)


def test_a_file_is_left_for_a_new_part_when_it_is_large_or_its_day_is_over(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path, largest_bytes=500)
    for event in [*all_done("1"), outcome(DAY, "2", "raw_record", "done"), outcome(DAY + 1, "3", "raw_record", "done")]:
        sink.emit([event])
    files = sorted(tmp_path.glob("events-*.jsonl"))
    assert len(files) > 3
    assert len({path.name.rpartition("-")[0] for path in files}) == 1
    assert [line["sequence"] for line in _lines(tmp_path)] == list(range(1, 8))
    days = [{line["ts"][:10] for line in map(json.loads, path.read_text().splitlines())} for path in files]
    assert all(len(each) == 1 for each in days)


def test_only_the_file_that_is_written_to_is_open(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path, largest_bytes=1)
    for event in all_done("1"):
        sink.emit([event])
    names = sorted(path.name for path in tmp_path.iterdir())
    with closed_files(look(tmp_path)) as closed:
        assert list(closed) == names[:-1]
    sink.close()
    with closed_files(look(tmp_path)) as closed:
        assert list(closed) == names


def test_to_tell_nothing_is_nothing(tmp_path: Path) -> None:
    SpoolSink(tmp_path / "telemetry").emit([])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_somebody_deleted_is_gone_on_with_by_another_and_missed_by_its_numbers(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path, look_seconds=0)
    sink.emit(all_done("1"))
    next(tmp_path.glob("events-*.jsonl")).unlink()
    sink.emit([outcome(9, "1", "raw_record", "done")])
    assert [line["sequence"] for line in _lines(tmp_path)] == [6]


def _emit(sink: SpoolSink) -> None:
    sink.emit([outcome(2, "2", "raw_record", "done")])
    os._exit(0)  # nothing of the parent's is tidied up here


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_has_a_file_and_numbers_of_its_own(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path)
    sink.emit([outcome(1, "1", "raw_record", "done")])
    child = multiprocessing.get_context("fork").Process(target=_emit, args=(sink,))
    child.start()
    child.join()
    sink.emit([outcome(3, "3", "raw_record", "done")])
    told = {(line["recid"], line["writer"], line["sequence"]) for line in _lines(tmp_path)}
    assert sorted((recid, number) for recid, _, number in told) == [("1", 1), ("2", 1), ("3", 2)]
    assert len({writer for _, writer, _ in told}) == 2


def test_what_the_system_takes_a_part_of_is_written_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: len(data) // 2 or 1]))
    SpoolSink(tmp_path).emit(all_done("1"))
    assert [line["sequence"] for line in _lines(tmp_path)] == [1, 2, 3, 4, 5]


def test_a_disk_that_is_full_in_the_middle_of_a_line_loses_that_line_and_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, sink, calls = os.write, SpoolSink(tmp_path), 0

    def filling(descriptor: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[: len(data) // 2] if calls == 1 else data)

    monkeypatch.setattr(os, "write", filling)
    with pytest.raises(StorageFullError, match="An event is lost"):
        sink.emit([outcome(1, "1", "raw_record", "done")])
    sink.emit([outcome(2, "2", "raw_record", "done")])
    (file,) = tmp_path.glob("events-*.jsonl")
    torn, whole = file.read_text().splitlines()
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(torn)
    assert json.loads(whole)["sequence"] == 2
