"""The embedded repository, once for all tests; each test finds its own records by their ids."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets.model.collections import Profile
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.repository.faults import Faults
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.repository import RunningRepository

OTHER_TOKEN = "another-user-of-the-tests"
ADMIN_TOKEN = "an-administrator-of-the-tests"


@contextmanager
def running_embedded(
    folder: Path, faults: Faults | None = None, profile: Profile = "plain"
) -> Iterator[RunningRepository]:
    """Serve the repository of a folder on a free port; with faults, some requests go wrong."""
    token = "a-depositor-of-the-tests"
    others = [OTHER_TOKEN, ADMIN_TOKEN]
    app = build_embedded(
        folder, token=token, others=others, administrators=[ADMIN_TOKEN], faults=faults, profile=profile
    )
    with serve_in_thread(app) as url:
        yield RunningRepository(url, token, OTHER_TOKEN, ADMIN_TOKEN)


@pytest.fixture(scope="session")
def embedded_repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRepository]:
    """Like the real one of `deploy/invenio`, it keeps the custom fields of the profile `cern`."""
    with running_embedded(tmp_path_factory.mktemp("embedded"), profile="cern") as repository:
        yield repository
