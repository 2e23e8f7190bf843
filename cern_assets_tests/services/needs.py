"""One way to say that a test cannot run here."""

import os
import shutil
import socket
from pathlib import Path
from typing import NoReturn

import pytest

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
"""Real records and bytes, beside the checkout."""


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
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
