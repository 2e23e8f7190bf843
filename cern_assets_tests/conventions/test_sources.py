"""A source is a folder and a row: nothing else of the package names it."""

import re
from pathlib import Path

import pytest

from cern_assets.wiring import SOURCES

PACKAGE = Path(__file__).parents[2] / "cern_assets"
ALLOWED = {PACKAGE / "wiring.py"}


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {"opendata"}))
def test_nothing_but_its_folder_and_its_row_names_a_source(name: str) -> None:
    own = PACKAGE / "sources" / name
    assert own.is_dir()
    named = re.compile(rf"\b_?{name}\b", re.IGNORECASE)
    others = [path for path in PACKAGE.rglob("*.py") if own not in path.parents and path not in ALLOWED]
    assert len(others) > 200
    code = {path: re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL) for path in others}
    assert [str(path.relative_to(PACKAGE)) for path, text in code.items() if named.search(text)] == []


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_source_has_the_files_that_every_source_has(name: str) -> None:
    folder = PACKAGE / "sources" / name
    assert {"parts.py", "parse.py", "recids.py", "config.py", "crosswalk.py"} <= {
        path.name for path in folder.iterdir()
    }
