"""`cern-assets leftovers`: old temporary files of the store, listed and deleted."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cern_assets_tests.services.command_line import Answer


def left_behind(folder: Path, name: str, *, hours: float) -> Path:
    """A temporary file of a writer that died so long ago."""
    path = folder / "store/files/opendata/aa/133" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"torn")
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def test_old_leftovers_are_listed_and_stay_until_they_are_to_be_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Answer]
) -> None:
    monkeypatch.setenv("CERN_ASSETS_STORE_URL", str(tmp_path / "store"))
    old, young = left_behind(tmp_path, ".partial-old", hours=30), left_behind(tmp_path, ".partial-young", hours=1)
    kept = old.with_name("a.root")
    kept.write_bytes(b"x")
    listed = run("leftovers")
    assert ".partial-old" in listed.out
    assert "1 leftovers of 4 bytes found." in listed.out
    assert old.exists()
    answer = run("leftovers", "--collect", "--json").json
    assert [left["path"].rpartition("/")[2] for left in answer["leftovers"]] == [".partial-old"]
    assert not old.exists()
    run("leftovers", "--collect", "--older-than", "0.5")
    assert not young.exists()
    assert kept.exists()
