"""One way to say that a test cannot run here."""

import contextlib
import os
import secrets
import shutil
import socket
from pathlib import Path
from typing import NoReturn

import pytest

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
"""Real records and bytes, beside the checkout."""

_FIRST_PORT = 12_000
_RANGE_PORTS = 2_000
_RANGES = 10


def unavailable(reason: str) -> NoReturn:
    """Skip the test with its reason; fail it where skipping is forbidden (`CERN_ASSETS_TEST_NO_SKIPS=1`, as in CI)."""
    if os.environ.get("CERN_ASSETS_TEST_NO_SKIPS") == "1":
        pytest.fail(f"{reason} (and skipping is forbidden by CERN_ASSETS_TEST_NO_SKIPS=1)", pytrace=False)
    pytest.skip(reason)


def program(name: str, *, package: str) -> str:
    """Path of a program, or skip naming the Debian package that holds it."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        unavailable(f"{name} is not installed (Debian package {package})")
    return found


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now.

    It lies below the ports that the kernel gives to clients (32768 and above on Linux, 49152 elsewhere): one of those
    may become the end of somebody's connection before the server that it is meant for has bound it. Each process of
    a test run draws from a range of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST_PORT + worker % _RANGES * _RANGE_PORTS
    for _ in range(_RANGE_PORTS):
        port = first + secrets.randbelow(_RANGE_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail(f"no port from {first} to {first + _RANGE_PORTS - 1} is free")
