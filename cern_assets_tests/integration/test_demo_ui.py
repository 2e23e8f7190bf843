"""The demo with Dagster's UI: on a free port if the wanted one is taken, and nothing of it runs on once it is ended."""

import re
import signal
import socket
import subprocess
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
