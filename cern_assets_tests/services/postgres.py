"""A real PostgreSQL of its own: a private cluster on a free port of the loopback address."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets_tests.services.needs import unavailable

_CLUSTER = Path(__file__).parents[2] / "deploy" / "postgres" / "cluster.py"
_EXIT_MISSING = 3


@contextmanager
def postgres_cluster() -> Iterator[str]:
    """A running cluster with an empty database; gives its URL (`postgresql+psycopg2://...`)."""
    # Not below pytest's folder: that one is closed to the user who runs the server when root runs the tests.
    root = Path(tempfile.mkdtemp(prefix="cern-assets-postgres-"))
    root.chmod(0o755)
    try:
        started = _cluster("start", root)
        if started.returncode == _EXIT_MISSING:
            unavailable(started.stderr.strip())
        assert started.returncode == 0, started.stderr
        yield started.stdout.strip()
    finally:
        _cluster("stop", root)
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty database for this session; tests that share it use names or schemas of their own."""
    with postgres_cluster() as url:
        yield url


def _cluster(command: str, root: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, str(_CLUSTER), command, "--root", str(root)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)
