"""The tests' own services, where they could mislead."""

import os
from pathlib import Path

import pytest

from cern_assets_tests.services.xrootd import readable_by_the_daemon


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root's daemon runs as somebody else.")
def test_bytes_in_a_folder_that_only_root_may_enter_are_served_from_a_copy(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    (closed / "files").mkdir(parents=True)
    (closed / "files/a").write_bytes(b"x")
    closed.chmod(0o700)
    with readable_by_the_daemon(closed / "files") as folder:
        assert folder != closed / "files"
        assert (folder / "a").read_bytes() == b"x"
    assert not folder.exists()
