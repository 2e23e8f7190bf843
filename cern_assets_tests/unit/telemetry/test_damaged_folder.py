"""A spool's folder in which something is not as it was left: an error says what and where, or it does not matter."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cern_assets.errors import StorageUnavailableError
from cern_assets.telemetry.compaction import compact
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.telemetry.spool import SpoolSink
from cern_assets_tests.services.told import all_done


def _published(folder: Path) -> int:
    with opened_ledger(folder, Counts(registered=[("opendata", ["1"])])) as ledger:
        return ledger.totals["published"]


def _told(folder: Path) -> None:
    sink = SpoolSink(folder)
    sink.emit(all_done("1"))
    sink.close()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/nowhere")])
def test_what_has_the_name_of_a_spool_file_and_is_none_is_passed_over(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    _told(tmp_path)
    make(tmp_path / "events-20260101-elsewhere-1-0-0001.jsonl")
    assert _published(tmp_path) == 1
    compact(tmp_path, grace_seconds=0)
    assert _published(tmp_path) == 1


@pytest.mark.parametrize("words", ["", "{", "[]", "{}", '{"parts": [1], "files": []}', "\ud800"])
def test_a_catalog_that_is_none_is_named_and_nothing_is_swept(tmp_path: Path, words: str) -> None:
    _told(tmp_path)
    compact(tmp_path, grace_seconds=0)
    parts = sorted(tmp_path.rglob("*.parquet"))
    catalog = tmp_path / "compact" / "catalog.json"
    catalog.write_bytes(words.encode("utf-8", "surrogatepass"))
    for way in (_published, lambda folder: compact(folder, grace_seconds=0)):
        with pytest.raises(StorageUnavailableError, match="catalog of compacted events") as told:
            way(tmp_path)
        assert told.value.uri == str(catalog)
    assert sorted(tmp_path.rglob("*.parquet")) == parts


@pytest.mark.parametrize("kind", ["standing", "2026"])
def test_parquet_that_is_damaged_or_gone_is_named(tmp_path: Path, kind: str) -> None:
    _told(tmp_path)
    compact(tmp_path, grace_seconds=0)
    (path,) = [path for path in tmp_path.rglob("*.parquet") if kind in str(path.relative_to(tmp_path))]
    for damage in (lambda: path.write_bytes(b"no Parquet"), path.unlink):
        damage()
        with pytest.raises(StorageUnavailableError, match=path.name) as told:
            _published(tmp_path)
        assert "from a copy" in str(told.value)
