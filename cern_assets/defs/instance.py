"""The Dagster instance that the commands use."""

from importlib import resources
from pathlib import Path

import dagster as dg


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance of a folder; a new one gets the `dagster.yaml` that comes with the package (SQLite)."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(bundled_config(), encoding="utf-8")
    return dg.DagsterInstance.from_config(str(home))


def bundled_config() -> str:
    """The top-level `dagster.yaml`: beside the package in a checkout, inside it in an installed wheel."""
    packaged = resources.files("cern_assets") / "_dagster.yaml"
    beside = Path(__file__).parents[2] / "dagster.yaml"
    return (packaged if packaged.is_file() else beside).read_text(encoding="utf-8")
