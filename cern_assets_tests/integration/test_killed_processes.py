"""Dagster's processes killed without a word while records come in: what the table of docs/how-to/runbooks.md says."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from cern_assets.bundled import bundled
from cern_assets.defs.instance import open_instance
from cern_assets.defs.living import process_of
from cern_assets_tests.services.command_line import published_recids
from cern_assets_tests.services.dagster_ui import running_daemon
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.growing import GrowingCollection, growing_portal

pytestmark = pytest.mark.service

_SECONDS = 600
_COLLECTION = """
type: cern_assets.RecordCollection
attributes:
  source: opendata
  selection: {all: true}
  discovery: {unattended: true, every_seconds: 2, full_every_hours: 0}
"""


@dataclass
class Unattended:
    """An installation with a daemon, whose source grows."""

    home: Path
    collection: GrowingCollection
    repository: str
    variables: dict[str, str]
    instance: dg.DagsterInstance

    def grow(self, prefix: str) -> None:
        """Show thirty more records, and wait until some of them are published."""
        self.collection.put(*(f"{prefix}{number:02}" for number in range(30)))
        self.until(lambda: any(recid.startswith(prefix) for recid in published_recids(self.repository)))

    def settles(self) -> None:
        """Wait until everything that the source shows is published: none is missing, and none is there twice."""
        self.until(lambda: len(published_recids(self.repository)) >= len(self.collection.records))
        assert published_recids(self.repository) == sorted(self.collection.records)

    def until[Found](self, found: Callable[[], Found]) -> Found:
        wanted = retry_if_result(lambda it: not it)
        return retry(retry=wanted, stop=stop_after_delay(_SECONDS), wait=wait_fixed(0.1))(found)()

    def run_worker(self) -> int | None:
        """The process of a run that is going on."""
        going = self.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        return next((told[0] for run in going if (told := process_of(self.instance, run))), None)


@pytest.fixture
def unattended(tmp_path: Path) -> Iterator[Unattended]:
    (tmp_path / "collections").mkdir()
    (tmp_path / "collections" / "growing.yaml").write_text(_COLLECTION)
    (tmp_path / "dagster").mkdir()
    quick = bundled("dagster.yaml").read_text().replace("poll_interval_seconds: 30", "poll_interval_seconds: 2")
    (tmp_path / "dagster" / "dagster.yaml").write_text(quick)
    with ExitStack() as stack:
        collection, portal = stack.enter_context(growing_portal())
        repository = stack.enter_context(running_embedded(tmp_path / "repository"))
        variables = {
            "DAGSTER_HOME": str(tmp_path / "dagster"),
            "CERN_ASSETS_HOME": str(tmp_path),
            "CERN_ASSETS_COLLECTIONS": str(tmp_path / "collections"),
            "CERN_ASSETS_WORKERS": "1",
            "CERN_ASSETS_LEASE_SECONDS": "2",
            "CERN_ASSETS_CLOCK_SKEW_SECONDS": "0",
            "CERN_ASSETS_OPENDATA_API_URL": portal,
            "CERN_ASSETS_OPENDATA_FILES_URL": portal,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
            "CERN_ASSETS_REPOSITORY_URL": repository.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": repository.token,
        }
        instance = stack.enter_context(open_instance(tmp_path / "dagster"))
        yield Unattended(tmp_path, collection, repository.url, variables, instance)


def _code_server(daemon: int) -> int | None:
    """The process of a daemon's group that serves the definitions."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            pid = int(folder.name)
            if os.getpgid(pid) == daemon and b"grpc" in (folder / "cmdline").read_bytes().split(b"\0"):
                return pid
        except (OSError, ProcessLookupError):
            continue
    return None


def _kill(process: int | None) -> None:
    assert process, "it is running"
    os.kill(process, signal.SIGKILL)


def test_run_worker_code_server_and_daemon_may_be_killed_while_records_come_in(unattended: Unattended) -> None:
    with running_daemon(unattended.home, unattended.variables) as daemon:
        unattended.grow("1")
        _kill(unattended.until(unattended.run_worker))
        unattended.settles()

        unattended.grow("2")
        _kill(_code_server(daemon.pid))
        unattended.settles()

        unattended.grow("3")
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
    with running_daemon(unattended.home, unattended.variables):
        unattended.settles()
