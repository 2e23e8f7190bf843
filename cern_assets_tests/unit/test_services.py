"""The tests' own services, where they could mislead."""

import os
from pathlib import Path

import pytest

from cern_assets_tests.services.xrootd import XRootDDaemon, readable_by_the_daemon


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


@pytest.mark.service
@pytest.mark.parametrize(
    ("at_first", "starts"), [("kill -SEGV $$", "12"), ("exit 3", "1")], ids=["dies of a signal", "refuses"]
)
def test_an_xrootd_is_started_again_if_it_dies_of_a_signal_and_not_if_it_refuses(at_first: str, starts: str) -> None:
    daemon = XRootDDaemon()
    folder = daemon.root.parent  # the server's user may write there
    begins = folder / "begins"
    begins.write_text(
        f'#!/bin/sh\n[ -e {folder}/1 ] && touch {folder}/2 && exec {daemon.program} "$@"\n'
        f"touch {folder}/1 && {at_first}\n",
        encoding="ascii",
    )
    begins.chmod(0o755)
    daemon.program = str(begins)
    try:
        if "exit" in at_first:
            with pytest.raises(pytest.fail.Exception, match=r"did not start \(exit 3\)"):
                daemon.start()
        else:
            daemon.start()
        assert "".join(sorted(path.name for path in folder.iterdir() if path.name in "12")) == starts
    finally:
        daemon.stop()
