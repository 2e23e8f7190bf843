"""What may stand in no file of the project: notes to oneself, and places that only one machine has."""

import re
from pathlib import Path

import pytest

from cern_assets_tests.conventions.sources import named, project_files

# Put together here, so that this file does not find itself.
NOTES = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(work/(main|shared)|home/\w+|Users/\w+|root/\.)")
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("repo1", "maven", "org"),
            ("registry", "npmjs", "org"),
            ("deb", "debian", "org"),
            ("proxy", "golang", "org"),
        )
    )
)


def _texts() -> dict[Path, str]:
    texts = {}
    for path in project_files():
        try:
            texts[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts


@pytest.mark.parametrize("unwanted", [NOTES, MACHINE_PATHS, REGISTRIES], ids=["notes", "machine-paths", "registries"])
def test_nothing_stands_in_a_file_that_is_of_use_to_its_writer_only(unwanted: re.Pattern[str]) -> None:
    found = [
        f"{named(path)}:{number}: {line.strip()[:100]}"
        for path, text in _texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if unwanted.search(line)
    ]
    assert found == []


def test_files_are_found_at_all() -> None:
    """The tests above would pass over nothing."""
    names = {named(path) for path in project_files()}
    assert {"pyproject.toml", "README.md", "cern_assets/settings.py", ".env.example"} <= names
