"""Fixtures of all tests; services come as plugins, one module each."""

import os
import signal
from pathlib import Path

import pytest

from cern_assets_tests.services.needs import SHARED_DATA, unavailable

pytest_plugins = [
    "cern_assets_tests.services.browser",
    "cern_assets_tests.services.command_line",
    "cern_assets_tests.services.embedded",
    "cern_assets_tests.services.home",
    "cern_assets_tests.services.invenio",
    "cern_assets_tests.services.portal",
    "cern_assets_tests.services.postgres",
    "cern_assets_tests.services.spreading",
    "cern_assets_tests.services.world",
    "cern_assets_tests.services.xrootd",
]


def pytest_configure() -> None:
    """Heed the usual signals even if the tests were started in the background, where shells switch them off.

    Processes that the tests start inherit what is ignored, and could not be ended by those signals.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and the default home is the test's own folder."""
    for name in list(os.environ):
        if name.startswith("CERN_ASSETS_") and not name.startswith("CERN_ASSETS_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("CERN_ASSETS_RECID_ATTEMPTS", "1")  # a test that wants a second attempt says so
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def opendata_folder() -> Path:
    """The folder of real CERN Open Data records and bytes."""
    folder = SHARED_DATA / "opendata"
    if not folder.is_dir():
        unavailable("real CERN Open Data records are not here (../shared/data/opendata)")
    return folder
