"""The demo with Dagster's UI: on a free port if the wanted one is taken, and nothing of it runs on once it is ended."""

import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from cern_assets_tests.services.command_line import END_SECONDS, started

pytestmark = pytest.mark.service

START_SECONDS = 180


@retry(retry=retry_if_exception_type(httpx.HTTPError), stop=stop_after_delay(START_SECONDS), wait=wait_fixed(0.5))
def _await_answer(url: str) -> str:
    return httpx.get(f"{url}server_info", timeout=5).raise_for_status().text


def _descendants(pid: int) -> set[int]:
    """Every process that a process started, directly or not."""
    found: set[int] = set()
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread, or all of it, may end while we look
            for child in map(int, listed.read_text().split()):
                found |= {child} | _descendants(child)
    return found


def _running(pids: set[int]) -> list[str]:
    command = ["ps", "-o", "stat=,args=", "-p", ",".join(map(str, pids))]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in shown.stdout.splitlines() if not line.startswith("Z")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_ui_answers_beside_a_taken_port_and_ends_with_the_demo(tmp_path: Path, number: signal.Signals) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        started("demo", "--ui", str(taken.getsockname()[1]), folder=tmp_path) as process,
    ):
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Dagster's UI: " in line)
        (url,) = re.findall(r"http://\S+", line)
        assert f":{taken.getsockname()[1]}/" not in url
        assert "dagster_webserver_version" in _await_answer(url)
        children = _descendants(process.pid)
        assert len(children) >= 3, "dagster dev, the webserver and the daemon"
        process.send_signal(number)
        assert process.wait(2 * END_SECONDS) == 0
        assert process.stderr is not None
        assert "SupersessionWarning" not in process.stderr.read()
    assert _running(children) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_second_interrupt_while_the_ui_is_ending_leaves_no_process_behind(tmp_path: Path) -> None:
    with started("demo", "--ui", "0", folder=tmp_path) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Dagster's UI: " in line)
        _await_answer(re.findall(r"http://\S+", line)[0])
        children = _descendants(process.pid)
        assert len(children) >= 3
        process.send_signal(signal.SIGINT)
        _await_end_of_first_child(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(2 * END_SECONDS)
    assert _await_end(children) == []


def _await_end_of_first_child(pid: int) -> None:
    """Until what the demo was asked to end has begun to."""
    before = _descendants(pid)
    deadline = time.monotonic() + END_SECONDS
    while _descendants(pid) >= before and time.monotonic() < deadline:
        time.sleep(0.01)


def _await_end(pids: set[int]) -> list[str]:
    """What still runs of them after a moment: a process that was killed takes one."""
    deadline = time.monotonic() + 10
    while (left := _running(pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
