"""Dagster's webserver and daemon on an instance, as `dagster dev` starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from cern_assets_tests.services.needs import free_port

_START_SECONDS = 180
_WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"


@dataclass(frozen=True)
class Dagster:
    """Where the UI is, and the first of its processes, which are one group."""

    url: str
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """End all of them at once, without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running_dagster(folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """The UI's base URL; `variables` configure the assets and name the instance (`DAGSTER_HOME`)."""
    with mortal_dagster(folder, variables) as dagster:
        yield dagster.url


@contextmanager
def mortal_dagster(folder: Path, variables: Mapping[str, str]) -> Iterator[Dagster]:
    """The same, for tests that kill it."""
    port, log = free_port(), folder / "dagster-dev.log"
    with _started(
        "dagster", "dev", "-w", str(_WORKSPACE), "-h", "127.0.0.1", "-p", str(port), log=log, **variables
    ) as it:
        url = f"http://127.0.0.1:{port}"
        _await_answer(url, it, log)
        yield Dagster(url, it)


@contextmanager
def running_daemon(folder: Path, variables: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Dagster's daemon alone, as a service of a machine runs it."""
    log = folder / "dagster-daemon.log"
    with _started("dagster-daemon", "run", "-w", str(_WORKSPACE), log=log, **variables) as process:
        yield process


@contextmanager
def _started(program: str, *arguments: str, log: Path, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A program of Dagster's with children of its own, in the folder of its log; ended with the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(program)), *arguments],
            cwd=log.parent,
            env={**os.environ, **variables},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _stop(process)


@retry(retry=retry_if_exception_type(httpx.HTTPError), stop=stop_after_delay(_START_SECONDS), wait=wait_fixed(0.5))
def _await_answer(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    if process.poll() is not None:
        raise RuntimeError(f"dagster dev ended at its start:\n{log.read_text()}")
    httpx.get(f"{url}/server_info", timeout=5).raise_for_status()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """As Ctrl-C does, and then for good: all of its processes are in one group."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
