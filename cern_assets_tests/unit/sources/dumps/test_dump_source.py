"""A folder of exported records: what changes in it is seen, what is no record is counted, and nothing is read twice."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from cern_assets.errors import (
    ConfigurationError,
    RecordNotFoundError,
    RecordWithdrawnError,
    SourceUnavailableError,
)
from cern_assets.model.identifiers import Recid
from cern_assets.ports import ByteReader
from cern_assets.sources.dumps.opening import opened_dump
from cern_assets.sources.parts import Patience
from cern_assets.sources.zenodo.parts import FORM
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.http import HttpReader
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets_tests.fakes.zenodo import record
from cern_assets_tests.services.xrootd import XRootDDaemon

type Open = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dump"
    made.mkdir()
    return made


@pytest.fixture
def opened(tmp_path: Path, folder: Path) -> Iterator[Open]:
    """Open the dump as a command would; notes stay between one opening and the next."""
    sources = []

    def open_it(url: str = str(folder), place: Callable[[str], ByteReader] | None = None) -> Any:
        def local(address: str) -> ByteReader:
            return LocalStore(Path(address))

        patience = Patience(2, 10, tmp_path / "pace", lambda _: None, place or local, tmp_path / "notes")
        source = opened_dump(FORM, url, patience)
        sources.append(source)
        return source

    yield open_it
    for source in sources:
        source.close()


def _write(path: Path, *records: object) -> None:
    path.write_text("".join(f"{json.dumps(each)}\n" for each in records))


def _recids(source: Any) -> list[str]:
    return [summary.recid for summary in source.search().records]


def test_a_listing_sees_what_was_added_changed_and_taken_away(folder: Path, opened: Open) -> None:
    _write(folder / "a.jsonl", record("1", "One", {}), record("2", "Two", {}))
    source = opened()
    before = {summary.recid: summary.digest for summary in source.search().records}
    _write(folder / "a.jsonl", record("1", "One", {}), record("2", "Six", {}))
    _write(folder / "sub.jsonl", record("3", "Three", {}))
    after = {summary.recid: summary.digest for summary in source.search().records}
    assert set(after) == {"1", "2", "3"}
    assert after["1"] == before["1"]
    assert after["2"] != before["2"], "the file has the same size as before"
    (folder / "a.jsonl").unlink()
    assert _recids(source) == ["3"]


def test_what_was_read_once_is_not_read_again(folder: Path, opened: Open, tmp_path: Path) -> None:
    """A word is put into the notes, which reading the file would replace."""
    _write(folder / "a.jsonl", record("1", "One", {}))
    first = opened()
    assert _recids(first) == ["1"]
    first.close()
    (notes,) = (tmp_path / "notes").rglob("*.sqlite")
    with closing(sqlite3.connect(notes)) as connection, connection:
        connection.execute("UPDATE records SET title = 'as it was noted'")
    again = opened()
    assert [summary.title for summary in again.search().records] == ["as it was noted"]
    assert again.fetch(Recid("1")).record.metadata["title"] == "One"


def test_what_is_no_record_is_counted_by_its_place(folder: Path, opened: Open) -> None:
    (folder / "a.jsonl").write_text(f'{json.dumps(record("1", "One", {}))}\n{{"half\n[1]\n{{"files": []}}\n')
    hits = opened().search()
    assert [summary.recid for summary in hits.records] == ["1"]
    assert [place.rpartition("/")[2] for place in hits.others] == ["a.jsonl:2", "a.jsonl:3", "a.jsonl:4"]


def test_a_recid_that_stands_twice_is_taken_as_it_was_updated_last_with_a_finding(folder: Path, opened: Open) -> None:
    newer = record("1", "Newer", {}) | {"updated": "2024-02-01T00:00:00+00:00"}
    older = record("1", "Older", {}) | {"updated": "2023-02-01T00:00:00+00:00"}
    _write(folder / "a.jsonl", newer, older)
    source = opened()
    assert _recids(source) == ["1"]
    fetched = source.fetch(Recid("1")).record
    assert fetched.metadata["title"] == "Newer"
    assert [finding.code for finding in fetched.findings] == ["recid-twice"]


def test_a_record_that_the_system_withdrew_is_gone_with_its_reason(folder: Path, opened: Open) -> None:
    removed = {"recid": "1", "title": "Spam", "removal_json": {"removal_reason": "Spam", "removed_by": 5}}
    _write(folder / "a.jsonl", removed, record("2", "Two", {}))
    source = opened()
    assert _recids(source) == ["2"]
    assert [summary.recid for summary in source.touched()] == ["1", "2"]
    with pytest.raises(RecordWithdrawnError, match="Spam"):
        source.fetch(Recid("1"))


def test_only_what_was_updated_since_is_touched_and_what_does_not_say_when(folder: Path, opened: Open) -> None:
    _write(
        folder / "a.jsonl",
        record("1", "Old", {}) | {"updated": "2020-01-01T00:00:00"},
        record("2", "New", {}) | {"updated": "2024-01-01T00:00:00+00:00"},
        record("3", "Silent", {}) | {"updated": "yesterday"},
    )
    since = datetime(2023, 1, 1, tzinfo=UTC)
    assert [summary.recid for summary in opened().touched(since)] == ["2", "3"]


def test_an_empty_folder_is_no_source_that_lost_everything(folder: Path, opened: Open) -> None:
    (folder / "README.txt").write_text("nothing yet")
    source = opened()
    for ask in (source.ping, source.search, lambda: source.fetch(Recid("1"))):
        with pytest.raises(SourceUnavailableError, match="no file of records"):
            ask()


def test_one_file_can_be_the_dump_also_behind_a_web_server(folder: Path, opened: Open) -> None:
    _write(folder / "a.jsonl", record("1", "One", {}))
    _write(folder / "b.jsonl", record("2", "Two", {}))
    assert _recids(opened(f"{folder}/b.jsonl")) == ["2"]

    def web(address: str) -> ByteReader:
        return HttpReader(address, timeout_seconds=10)

    with serve_in_thread(Starlette(routes=[Mount("/", StaticFiles(directory=folder))])) as url:
        assert _recids(opened(f"{url}/a.jsonl", web)) == ["1"]
        with pytest.raises(ConfigurationError, match="cannot be listed"):
            opened(url, web).search()
        with pytest.raises(SourceUnavailableError):
            opened(f"{url}/missing.jsonl", web).search()


@pytest.mark.service
def test_a_dump_may_lie_on_an_xrootd_server(folder: Path, opened: Open, xrootd: XRootDDaemon) -> None:
    _write(folder / "a.jsonl", record("1", "One", {}))
    shutil.copytree(folder, xrootd.root / "dump-of-zenodo")

    def eos(address: str) -> ByteReader:
        return XRootDStore(address, timeout_seconds=10)

    assert _recids(opened(f"{xrootd.url}/dump-of-zenodo", eos)) == ["1"]


def test_a_process_that_dies_while_it_reads_leaves_notes_of_whole_files_only(folder: Path, opened: Open) -> None:
    for number in range(1, 6):
        _write(folder / f"{number}.jsonl", record(str(number), "A title", {}))
    pid = os.fork()
    if pid == 0:
        source = opened()
        notes = source._notes
        take = notes.take

        def die_at_the_third(path: str, seal: str, found: Iterator[object]) -> None:
            def cut() -> Iterator[object]:
                yield from found
                if path == "3.jsonl":
                    os._exit(9)

            take(path, seal, cut())

        notes.take = die_at_the_third
        source.search()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert _recids(opened()) == ["1", "2", "3", "4", "5"]


def test_an_unknown_recid_says_where_it_was_looked_for(folder: Path, opened: Open) -> None:
    _write(folder / "a.jsonl", record("1", "One", {}))
    with closing(opened()) as source, pytest.raises(RecordNotFoundError, match="no such record") as raised:
        source.fetch(Recid("77"))
    assert (raised.value.recid, raised.value.uri) == ("77", str(folder))
