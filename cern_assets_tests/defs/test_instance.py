"""Guards that the instance of a folder is made whole or not at all, whoever comes first and however that ends."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from cern_assets.defs.instance import open_instance
from cern_assets.errors import ConfigurationError

OPEN = """\
import sys
from pathlib import Path
from cern_assets.defs.instance import open_instance
with open_instance(Path(sys.argv[1])) as instance:
    instance.add_dynamic_partitions("recids", [sys.argv[2]])
"""


def _process(home: Path, recid: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", OPEN, str(home), recid], stderr=subprocess.PIPE)


def _partitions(home: Path) -> set[str]:
    with open_instance(home) as instance:
        return set(instance.get_dynamic_partitions("recids"))


def test_of_many_first_commands_each_finds_a_whole_instance(tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [_process(home, str(number)) for number in range(5)]
    told = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 5, told
    assert _partitions(home) == {"0", "1", "2", "3", "4"}
    assert not (home / ".making").exists()


def test_the_file_of_events_of_no_run_is_whole_before_the_first_two_runs_end_and_write_to_it(tmp_path: Path) -> None:
    with open_instance(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "history" / "runs" / ".db")) as database:
        assert database.execute("SELECT count(*) FROM alembic_version").fetchall() == [(1,)]
        assert database.execute("SELECT count(*) FROM event_logs").fetchall() == [(0,)]


@pytest.mark.parametrize("moment", ["runs.db", "index.db", "schedules.db", "history"])
def test_a_command_that_is_killed_while_it_makes_the_instance_leaves_the_next_a_whole_one(
    tmp_path: Path, moment: str
) -> None:
    home = tmp_path / "home"
    process = _process(home, "killed")
    latest = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < latest:
        if any(path.name == moment for path in home.rglob("*")):
            process.send_signal(signal.SIGKILL)
            break
        os.sched_yield()
    process.communicate(timeout=120)
    after = _process(home, "after")
    _, told = after.communicate(timeout=120)
    assert after.returncode == 0, told
    assert "after" in _partitions(home)


def test_databases_that_cannot_be_used_are_told_with_the_remedy(tmp_path: Path) -> None:
    with open_instance(tmp_path):
        pass
    for database in (tmp_path / "history").rglob("*.db"):
        database.write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigurationError, match="databases of the Dagster instance cannot be used") as told:
        open_instance(tmp_path)
    assert told.value.uri == str(tmp_path)
    assert "aside" in told.value.remedy


def test_a_file_of_the_instance_that_is_no_yaml_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("run_monitoring: [enabled\n  - :", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="does not take this file") as told:
        open_instance(tmp_path)
    assert told.value.uri == str(tmp_path / "dagster.yaml")
