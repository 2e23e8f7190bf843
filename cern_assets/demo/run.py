"""The demo: the sample collection through Dagster into the embedded repository."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from cern_assets.demo.servers import TOKEN, demo_servers
from cern_assets.errors import ConfigurationError
from cern_assets.flows.discover import discover
from cern_assets.model.identifiers import Recid
from cern_assets.settings import Settings
from cern_assets.wiring import opened_ports

SOURCE = "opendata"


@contextmanager
def demo_settings(configured: Settings) -> Iterator[Settings]:
    """Settings that lead to the demo's own servers, which run while the block does.

    Raises:
        ConfigurationError: the home is set up for real work, where sample records have no place.
    """
    if configured.repository_token.get_secret_value() or configured.store_url:
        raise ConfigurationError(
            "This configuration leads to a repository or store of your own, where the demo would put sample records.",
            remedy="Unset CERN_ASSETS_REPOSITORY_TOKEN and CERN_ASSETS_STORE_URL, or run the demo in another folder.",
        )
    home = configured.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with demo_servers(home) as (portal, repository):
        yield configured.model_copy(
            update={
                "home": home,
                "opendata_api_url": portal,
                "opendata_files_url": portal,
                "opendata_requests_per_minute": 0,
                "repository_url": repository,
                "repository_token": SecretStr(TOKEN),
            }
        )


def sample_recids(settings: Settings) -> tuple[Recid, ...]:
    """What the sample portal has, asked through the ordinary client."""
    with opened_ports(settings, SOURCE) as ports:
        return discover(ports.source)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for a Dagster process on the demo's instance."""
    return {
        "DAGSTER_HOME": str(settings.dagster_home),
        "CERN_ASSETS_HOME": str(settings.home),
        "CERN_ASSETS_OPENDATA_API_URL": settings.opendata_api_url,
        "CERN_ASSETS_OPENDATA_FILES_URL": settings.opendata_files_url,
        "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": str(settings.opendata_requests_per_minute),
        "CERN_ASSETS_REPOSITORY_URL": settings.repository_url,
        "CERN_ASSETS_REPOSITORY_TOKEN": settings.repository_token.get_secret_value(),
    }


def run_ui(settings: Settings, port: int) -> int:
    """Run Dagster's UI and daemon on the demo's instance until interrupted; returns the exit code."""
    dagster = shutil.which("dagster", path=str(Path(sys.executable).parent)) or "dagster"
    command = [dagster, "dev", "-m", "cern_assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
    variables: Mapping[str, str] = {**os.environ, **environment(settings)}
    return subprocess.run(command, env=dict(variables), check=False).returncode  # noqa: S603  our own command line
