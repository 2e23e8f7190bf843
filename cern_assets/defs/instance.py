"""The Dagster instance that the commands use."""

from pathlib import Path

import dagster as dg

from cern_assets.bundled import bundled
from cern_assets.errors import ConfigurationError

_SHOWN = 200
"""Letters of Dagster's complaint; the rest is the whole schema."""


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance of a folder; a new one gets the `dagster.yaml` that comes with the package (SQLite).

    Raises:
        ConfigurationError: the folder cannot be made or written to, or its `dagster.yaml` does not fit.
    """
    config, default = home / "dagster.yaml", bundled("dagster.yaml").read_text(encoding="utf-8")
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not config.exists():
            config.write_text(default, encoding="utf-8")
        return dg.DagsterInstance.from_config(str(home))
    except OSError as error:
        raise ConfigurationError(
            f"The folder of the Dagster instance cannot be used: {error.strerror}.",
            uri=str(home),
            remedy="Set DAGSTER_HOME or CERN_ASSETS_HOME to a folder that this user may write.",
        ) from error
    except dg.DagsterInvalidConfigError as error:
        raise ConfigurationError(
            f"Dagster does not take this file: {str(error)[:_SHOWN]}",
            uri=str(config),
            remedy="Correct it, or delete it to get the one that comes with this package.",
        ) from error


def workspace_file(home: Path) -> Path:
    """A copy of the bundled `workspace.yaml` in a folder, for Dagster's own commands."""
    path = home / "workspace.yaml"
    path.write_text(bundled("workspace.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return path
