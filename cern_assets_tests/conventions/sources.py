"""The project's own files, for tests that read them."""

import ast
import os
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PACKAGE = CHECKOUT / "cern_assets"
TESTS = CHECKOUT / "cern_assets_tests"


def modules(folder: Path) -> list[Path]:
    """All Python files below a folder."""
    return sorted(folder.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    """The path as it is shown: relative to the checkout."""
    return path.relative_to(CHECKOUT).as_posix()


def project_files() -> list[Path]:
    """Every file that people write: all but what commands make, which `.gitignore` names (git may not be there)."""
    found = []
    for place, folders, names in os.walk(CHECKOUT):
        folders[:] = [name for name in folders if name == ".ci" or not name.startswith((".", "__", "dist"))]
        found += [Path(place) / name for name in names if name != ".env" and (Path(place) / name).is_file()]
    return sorted(found)
