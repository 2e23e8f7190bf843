"""A real InvenioRDM with PostgreSQL, Redis and OpenSearch: one of its own, or the one that the environment names.

`CERN_ASSETS_TEST_INVENIO_URL` and `CERN_ASSETS_TEST_INVENIO_TOKEN` name an instance that runs already, and
`CERN_ASSETS_TEST_INVENIO_OTHER_TOKEN` a second user of it, `CERN_ASSETS_TEST_INVENIO_ADMIN_TOKEN` an administrator; the
tests leave their records in it. Without them a new one is started (half a minute) and thrown away.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets_tests.services.needs import unavailable
from cern_assets_tests.services.repository import RunningRepository

_RUN = Path(__file__).parents[2] / "deploy" / "invenio" / "run.py"
_EXIT_MISSING = 3
_STOP_SECONDS = 60


@contextmanager
def invenio_instance() -> Iterator[RunningRepository]:
    """A new instance, gone at the end."""
    # Not below pytest's folder: that one is closed to the user who runs PostgreSQL when root runs the tests.
    root = Path(tempfile.mkdtemp(prefix="cern-assets-invenio-"))
    root.chmod(0o755)
    command = [sys.executable, str(_RUN), "serve", "--root", str(root), "--follow-parent"]
    with (
        (root / "serve.log").open("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            answer = server.stdout.readline()
            if not answer:
                log.seek(0)
                reason = log.read().strip()
                if server.wait() == _EXIT_MISSING:
                    unavailable(reason)
                pytest.fail(reason)
            yield RunningRepository(**json.loads(answer))
        finally:
            server.terminate()
            server.wait(_STOP_SECONDS)
            shutil.rmtree(root)


@pytest.fixture(scope="session")
def invenio() -> Iterator[RunningRepository]:
    """A real InvenioRDM with a depositor's token."""
    url = os.environ.get("CERN_ASSETS_TEST_INVENIO_URL")
    if url:
        yield RunningRepository(
            url=url.rstrip("/"),
            token=os.environ["CERN_ASSETS_TEST_INVENIO_TOKEN"],
            other_token=os.environ.get("CERN_ASSETS_TEST_INVENIO_OTHER_TOKEN", ""),
            admin_token=os.environ.get("CERN_ASSETS_TEST_INVENIO_ADMIN_TOKEN", ""),
        )
        return
    with invenio_instance() as instance:
        yield instance
