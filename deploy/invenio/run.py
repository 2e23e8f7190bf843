#!/usr/bin/env python3
"""A real InvenioRDM on the loopback address, with its own PostgreSQL, Redis and OpenSearch.

    run.py start --root DIR [--port P]    start it in the background; prints its url and tokens when it answers
    run.py stop  --root DIR               stop it
    run.py serve --root DIR [--port P]    the same in the foreground, until Ctrl-C

All data lie in DIR: a second start of the same DIR has the records, the token and the address of the first. Every port
is a free one, so that several instances can run at once. scripts/setup-services installs what this needs.
"""

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from parts import EXIT_MISSING, START_SECONDS, MissingError, Parts, wait_until, write_secret


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "stop", "serve"])
    parser.add_argument("--root", type=Path, required=True, help="folder of the instance; made when absent")
    parser.add_argument("--port", type=int, help="port to listen on (default: that of the last start, or a free one)")
    parser.add_argument("--follow-parent", action="store_true", help="serve: stop when the calling process has gone")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    try:
        if arguments.command == "start":
            start(root, arguments.port)
        elif arguments.command == "serve":
            serve(root, arguments.port, follow_parent=arguments.follow_parent)
        else:
            stop(root)
    except (RuntimeError, OSError) as error:
        print(f"InvenioRDM in {root}: {error}", file=sys.stderr)
        return EXIT_MISSING if isinstance(error, MissingError) else 1
    return 0


def start(root: Path, port: int | None) -> None:
    """Have `serve` run in the background and print where it answers, at once if it does so already.

    Raises:
        RuntimeError: it does not start; the message says why.
    """
    answer = _answer_file(root)
    if not _is_served(root):
        root.mkdir(parents=True, exist_ok=True)
        answer.unlink(missing_ok=True)
        command = [sys.executable, __file__, "serve", "--root", str(root), *(["--port", str(port)] if port else [])]
        with (root / "serve.log").open("w") as log:
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=root, start_new_session=True
            )
        wait_until(lambda: answer.exists() or server.poll() is not None, "the instance", START_SECONDS)
        if server.poll() is not None:
            reason = (root / "serve.log").read_text()
            raise (MissingError if server.returncode == EXIT_MISSING else RuntimeError)(f"it did not start:\n{reason}")
    wait_until(answer.exists, "the instance, which another command is starting,", START_SECONDS)
    print(answer.read_text())


def stop(root: Path) -> None:
    """End the `serve` of this root, if there is one, and wait until all its processes have ended."""
    if _is_served(root):
        os.kill(int((root / "serve.lock").read_text()), signal.SIGTERM)
        wait_until(lambda: not _is_served(root), "its end", START_SECONDS)


def serve(root: Path, port: int | None, *, follow_parent: bool) -> None:
    """Start everything, print where it answers, and stop everything at SIGTERM, at Ctrl-C or when a part of it dies."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    parent = os.getppid()
    with _lock(root), contextlib.ExitStack() as stack:
        parts = Parts(root, stack, lambda: stopping.is_set() or (follow_parent and os.getppid() != parent))
        answer = parts.start(port)
        stack.callback(_answer_file(root).unlink)
        write_secret(_answer_file(root), answer)
        print(answer, flush=True)
        while not parts.is_over():
            stopping.wait(1)
        parts.raise_ended()


@contextlib.contextmanager
def _lock(root: Path) -> Iterator[None]:
    """Hold the root; the lock goes with the process, however that ends."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError("another process serves it") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _is_served(root: Path) -> bool:
    if not (root / "serve.lock").exists():
        return False
    with (root / "serve.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _answer_file(root: Path) -> Path:
    return root / "answers.json"


if __name__ == "__main__":
    sys.exit(main())
