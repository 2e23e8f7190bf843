"""The journal: append-only, whole entries, for many writers at once."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cern_assets.documents.journal import Journal, latest
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import (
    DraftMade,
    DraftWanted,
    Happening,
    Missed,
    PublishWanted,
    SeenAgain,
    StagingAsked,
    TransferBegun,
)
from cern_assets.storage.local import LocalStore

RECID = Recid("133")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(LocalStore(tmp_path))


def test_entries_come_back_in_the_order_in_which_they_were_noted(journal: Journal) -> None:
    happenings: list[Happening] = [
        Missed(),
        SeenAgain(),
        StagingAsked(ticket="t", paths=("a", "b")),
        TransferBegun(path="p", size_bytes=5),
        DraftWanted(repository="r", identifier="i"),
        DraftMade(repository="r", record_id="x", url="u", version_index=1),
    ]
    for happening in happenings:
        journal.note("opendata", RECID, happening)
    entries = journal.entries("opendata", RECID)
    assert [entry.what for entry in entries] == happenings
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def test_what_is_noted_at_once_is_one_file_and_comes_back_in_its_order(journal: Journal, tmp_path: Path) -> None:
    made = DraftMade(repository="r", record_id="x", url="u", version_index=1)
    wanted = PublishWanted(repository="r", record_id="x", version_index=1, said={"title": "half a pair: \ud800"})
    assert journal.note("opendata", RECID, made, wanted).what == wanted
    journal.note("opendata", RECID, Missed())
    assert [entry.what for entry in journal.entries("opendata", RECID)] == [made, wanted, Missed()]
    assert len(list(tmp_path.rglob("*.json"))) == 2


def test_each_recid_of_each_collection_has_its_own(journal: Journal) -> None:
    journal.note("opendata", RECID, Missed())
    assert journal.entries("opendata", Recid("134")) == ()
    assert journal.entries("other", RECID) == ()


def test_two_hundred_entries_of_eight_writers_are_all_there(journal: Journal) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: journal.note("opendata", RECID, TransferBegun(path=str(n), size_bytes=n)), range(200)))
    sizes = [
        entry.what.size_bytes for entry in journal.entries("opendata", RECID) if isinstance(entry.what, TransferBegun)
    ]
    assert sorted(sizes) == list(range(200))


def test_an_entry_that_cannot_be_read_is_named_and_hides_no_other(
    journal: Journal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal.note("opendata", RECID, Missed())
    journal.note("opendata", RECID, SeenAgain())
    broken, whole = sorted(path for path in tmp_path.rglob("*.json"))
    broken.write_text('{"at": 1.0, "what": {"kind": "unheard of"}}')
    with caplog.at_level(logging.WARNING):
        assert [entry.what for entry in journal.entries("opendata", RECID)] == [SeenAgain()]
    assert broken.name in caplog.text
    assert whole.name not in caplog.text


def test_the_latest_entry_of_a_kind_is_found(journal: Journal) -> None:
    assert latest(journal.entries("opendata", RECID), Missed) is None
    for _ in range(2):
        journal.note("opendata", RECID, Missed())
    journal.note("opendata", RECID, SeenAgain())
    entries = journal.entries("opendata", RECID)
    assert latest(entries, Missed) == entries[1]
