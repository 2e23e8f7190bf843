"""A home of the test's own, configured by the environment alone, over the sample portal and an embedded repository."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from cern_assets.defs.instance import open_instance
from cern_assets.settings import load_settings
from cern_assets_tests.services.embedded import running_embedded


@pytest.fixture(scope="session")
def blank_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance in which nothing has happened: making one takes a second, copying its folder does not."""
    folder = tmp_path_factory.mktemp("blank") / "dagster"
    with open_instance(folder) as instance:
        assert instance.get_runs_count() == 0
    return folder


@pytest.fixture
def home(
    tmp_path: Path, sample_portal_url: str, blank_instance: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A home of the test's own with an empty instance and repository, as environment variables."""
    shutil.copytree(blank_instance, tmp_path / "dagster")
    with running_embedded(tmp_path / "repository") as repository:
        variables = {
            "CERN_ASSETS_HOME": str(tmp_path),
            "CERN_ASSETS_OPENDATA_API_URL": sample_portal_url,
            "CERN_ASSETS_OPENDATA_FILES_URL": sample_portal_url,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
            "CERN_ASSETS_REPOSITORY_URL": repository.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": repository.token,
            "CERN_ASSETS_SEARCH_LAG_SECONDS": "0",  # the embedded repository's search has none
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of that home."""
    with open_instance(load_settings().dagster_home) as opened:
        yield opened
