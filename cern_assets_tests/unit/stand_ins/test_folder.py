"""Guards a folder as a collection: its records by recid, its bytes, and nothing from outside of it."""

import json
from pathlib import Path

import pytest

from cern_assets.errors import ConfigurationError
from cern_assets.stand_ins.sample.folder import folder_collection
from cern_assets.stand_ins.sample.records import Collection


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    folder = tmp_path / "data"
    (folder / "records").mkdir(parents=True)
    (folder / "records" / "7.json").write_text(json.dumps({"recid": "7", "title": "Seven"}))
    (folder / "files" / "eos" / "opendata").mkdir(parents=True)
    (folder / "files" / "eos" / "opendata" / "a.txt").write_text("inside")
    (tmp_path / "secret.txt").write_text("outside")
    (folder / "files" / "eos" / "opendata" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder_collection(folder)


def test_records_are_found_by_recid(collection: Collection) -> None:
    assert collection.records["7"]["title"] == "Seven"


def test_a_file_is_opened(collection: Collection) -> None:
    opened = collection.open("eos/opendata/a.txt")
    assert opened is not None
    with opened:
        assert opened.read() == b"inside"


@pytest.mark.parametrize(
    "path",
    [
        "eos/opendata/none.txt",
        "eos/opendata",
        "eos/opendata/../../../../secret.txt",
        "eos/opendata/link.txt",
        "/etc/passwd",
        "eos/opendata/a\0.txt",
        "eos/opendata/" + "x" * 5000,
    ],
)
def test_what_is_no_file_of_the_folder_is_not_there(collection: Collection, path: str) -> None:
    assert collection.open(path) is None


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no records"):
        folder_collection(tmp_path)


def test_the_folder_of_real_records_holds_all_of_them(opendata_folder: Path) -> None:
    collection = folder_collection(opendata_folder)
    assert len(collection.records) >= 4193
    assert all(recid == record["recid"] for recid, record in collection.records.items())
