"""Top-level files of the project that the package reads: beside it in a checkout, inside it in an installed wheel."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def bundled(name: str) -> Traversable:
    """`sql`, `dagster.yaml` or `workspace.yaml`; a wheel has each inside the package, with `_` before its name."""
    packaged = resources.files("cern_assets") / f"_{name}"
    return packaged if packaged.is_dir() or packaged.is_file() else Path(__file__).parents[1] / name
