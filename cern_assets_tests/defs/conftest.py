"""Dagster on a temporary instance, configured by the environment alone, over the sample portal and the embedded
repository.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from cern_assets.defs.instance import open_instance
from cern_assets.settings import load_settings
from cern_assets_tests.services.embedded import running_embedded


@pytest.fixture
def home(tmp_path: Path, sample_portal_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own with an empty repository, as environment variables."""
    with running_embedded(tmp_path / "repository") as repository:
        variables = {
            "CERN_ASSETS_HOME": str(tmp_path),
            "CERN_ASSETS_OPENDATA_API_URL": sample_portal_url,
            "CERN_ASSETS_OPENDATA_FILES_URL": sample_portal_url,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
            "CERN_ASSETS_REPOSITORY_URL": repository.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": repository.token,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:

    with open_instance(load_settings().dagster_home) as opened:
        yield opened
