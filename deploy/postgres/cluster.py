#!/usr/bin/env python3
"""A private PostgreSQL on the loopback address.

    cluster.py start --root DIR    start it, at once if it runs already; prints its URL
    cluster.py stop  --root DIR    stop it

It is for tests and for trying things out, beside a PostgreSQL of the system and without touching it: everything lies in
DIR, whoever can reach the port is let in, and nothing waits for the disk (fsync is off), so a power cut may cost the
data. Data that matter belong on a PostgreSQL that somebody looks after.

Needs only Python's standard library and the programs of PostgreSQL 13 or later.
"""

import argparse
import contextlib
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
from pathlib import Path

SERVER_USERS = ("postgres", "_postgres", "nobody")
"""Who runs the server when root starts it: PostgreSQL refuses to run as root. The first that exists."""

SERVER_PORTS = range(12_000, 32_000)
"""Below those that the kernel gives to clients, one of which may have one before the server that it is meant for."""

PROGRAM_FOLDERS = ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin")

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
"""


EXIT_MISSING = 3
"""Exit code when PostgreSQL is not installed, as opposed to 1 when it does not start."""


class MissingError(RuntimeError):
    """A program is not installed."""


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "stop"])
    parser.add_argument("--root", type=Path, required=True, help="folder of the cluster; made when absent")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    try:
        if arguments.command == "stop":
            stop(root)
        else:
            print(start(root))
    except (RuntimeError, OSError) as error:
        print(f"PostgreSQL in {root}: {error}", file=sys.stderr)
        return EXIT_MISSING if isinstance(error, MissingError) else 1
    return 0


def start(root: Path) -> str:
    """Start the cluster in `root` unless it runs, and return the URL of its database `postgres`."""
    data = root / "data"
    if not (data / "PG_VERSION").exists():
        _make_cluster(root, data)
    if not _is_running(data):
        _run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(root / "postgres.log"), "-o", f"-p {_free_port()}")
    port = (data / "postmaster.pid").read_text().splitlines()[3]  # documented: the fourth line is the port
    return f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres"


def stop(root: Path) -> None:
    """Stop the cluster in `root`; nothing to do when it does not run."""
    if _is_running(root / "data"):
        _run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(root / "data"))


def _free_port() -> int:
    for port in random.sample(SERVER_PORTS, len(SERVER_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port from {SERVER_PORTS[0]} to {SERVER_PORTS[-1]} is free")


def _make_cluster(root: Path, data: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    user = _server_user()
    if user:
        os.chown(root, user.pw_uid, user.pw_gid)
        closed = [str(folder) for folder in root.parents if not folder.stat().st_mode & 0o001]
        if closed:
            raise RuntimeError(f"its user {user.pw_name} cannot pass through {closed[0]}; choose another --root")
    _run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION)


def _is_running(data: Path) -> bool:
    return (data / "postmaster.pid").exists() and _run("pg_ctl", "status", "-D", str(data), check=False) == 0


def _run(program: str, *arguments: str, check: bool = True) -> int:
    """Run one of PostgreSQL's programs as the server's user and return its exit code.

    Its output goes to a file and not a pipe: the server would inherit the pipe and hold it open.
    """
    user = _server_user()
    root = Path(arguments[arguments.index("-D") + 1]).parent
    with (root / "commands.log").open("a+") as log:
        before = log.tell()
        code = subprocess.run(
            [_program(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=root,
            check=False,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        ).returncode
        log.seek(before)
        if check and code != 0:
            raise RuntimeError(f"{program} failed with {code}:\n{log.read()}")
    return code


def _server_user() -> pwd.struct_passwd | None:
    """The user that runs the server if root starts it, else None."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in SERVER_USERS if name in known)


def _program(name: str) -> str:
    """Path of a program of PostgreSQL, which Debian and Homebrew keep off the PATH; the newest version wins."""
    folders = [folder for pattern in PROGRAM_FOLDERS for folder in Path("/").glob(pattern)]
    folders.sort(key=lambda folder: int("".join(filter(str.isdigit, str(folder)))), reverse=True)
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, folders)))
    if found is None:
        raise MissingError(f"{name} is not installed (Debian package postgresql)")
    return found


if __name__ == "__main__":
    sys.exit(main())
