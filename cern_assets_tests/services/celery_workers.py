"""A real Redis and real Celery workers, each worker a group of processes that can be killed as a machine is."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from cern_assets_tests.services.needs import free_port, program

_SECONDS = 30


@contextmanager
def redis_server() -> Iterator[str]:
    """A server of its own that keeps nothing; gives its URL."""
    path, port = program("redis-server", package="redis-server"), free_port()
    folder = tempfile.mkdtemp(prefix="cern-assets-redis-")
    process = subprocess.Popen(
        [path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with redis.Redis(port=port) as client:
            silent = retry_if_exception_type(redis.ConnectionError)
            answered = retry(retry=silent, stop=stop_after_delay(_SECONDS), wait=wait_fixed(0.05))
            answered(client.ping)()
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Worker:
    """The first of a worker's processes; its children are of its group."""

    name: str
    process: "subprocess.Popen[bytes]"

    def has(self, pid: int) -> bool:
        """Whether a process is one of the worker's."""
        try:
            return os.getpgid(pid) == self.process.pid
        except ProcessLookupError:
            return False

    def kill(self) -> None:
        """End all of it without a word, as when its machine loses power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def celery_worker(folder: Path, name: str, variables: Mapping[str, str]) -> Iterator[Worker]:
    """A worker with one place, as `deploy/celery` starts it; it is ended with the block."""
    command = [str(Path(sys.executable).with_name("celery")), "-A", "cern_assets.worker", "worker"]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--concurrency", "1", "--hostname", f"{name}@%h", "--queues", "dagster"],
            cwd=folder,
            env={**os.environ, **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Worker(name, process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
