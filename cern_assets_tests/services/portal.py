"""The sample portal over its two collections: the bundled one, and the folder of real records and bytes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.sample.folder import folder_collection
from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets.stand_ins.serving import serve_in_thread


@pytest.fixture(scope="session")
def sample_portal_url() -> Iterator[str]:
    """Base URL of a portal that serves the bundled collection."""
    with serve_in_thread(build_portal(sample_collection())) as url:
        yield url


@pytest.fixture(scope="session")
def opendata_portal_url(opendata_folder: Path) -> Iterator[str]:
    """Base URL of a portal that serves real records of CERN Open Data, and the real bytes of a few."""
    with serve_in_thread(build_portal(folder_collection(opendata_folder))) as url:
        yield url
