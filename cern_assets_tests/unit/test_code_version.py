"""The version of code moves with what the code does, and with nothing else."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cern_assets.code_version import code_version

RULES = """
from own_rules.shared import LIMIT, shorten
from own_rules import words

def rule(text):
    return shorten(text, LIMIT) + words.end(text)

def other(text):
    return text
"""
SHARED = """
LIMIT = 5

class Shape:
    width: int = 1

    def area(self):
        return self.width

def shorten(text, most):
    return text[: most + Shape().area()]

def unused(text):
    return text
"""
WORDS = """
def end(text):
    return "."
"""


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """A package with two modules of rules, which a test may rewrite."""
    folder = tmp_path / "own_rules"
    folder.mkdir()
    for name, text in (("__init__", ""), ("rules", RULES), ("shared", SHARED), ("words", WORDS)):
        (folder / f"{name}.py").write_text(text)
    sys.path.insert(0, str(tmp_path))
    yield folder
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("own_rules")]:
        del sys.modules[name]


def version(package: Path, name: str = "rule") -> str:
    importlib.invalidate_caches()
    return code_version(getattr(importlib.import_module("own_rules.rules"), name))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rules", "LIMIT) + words", "LIMIT) + 2 * words"),
        ("shared", "LIMIT = 5", "LIMIT = 6"),
        ("shared", "text[: most", "text[1 : most"),
        ("shared", "return self.width", "return self.width + 1"),
        ("words", 'return "."', 'return "!"'),
    ],
    ids=["the rule", "a constant", "a function it calls", "a method", "a module imported by name"],
)
def test_it_moves_with_what_a_rule_reaches(package: Path, file: str, old: str, new: str) -> None:
    before = version(package)
    path = package / f"{file}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert version(package) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rules", "def rule(text):", '# a reason\ndef rule(text: str) -> str:\n    """Say it shorter."""'),
        ("rules", "def other(text):\n    return text", "def other(text):\n    return text * 2"),
        ("shared", "def unused(text):\n    return text", "def unused(text):\n    return None"),
        ("shared", "    width: int = 1", "    width: int = 1\n    height: int = 2"),
    ],
    ids=["comment, docstring and types", "another rule", "a function nobody calls", "a field with a default"],
)
def test_it_stays_with_what_changes_nothing(package: Path, file: str, old: str, new: str) -> None:
    before = version(package)
    path = package / f"{file}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert version(package) == before


def test_texts_beside_the_code_count_as_well(package: Path) -> None:
    module = importlib.import_module("own_rules.rules")
    assert len({code_version(module.rule), code_version(module.rule, besides=["a"]), code_version(module.other)}) == 3


def test_code_without_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not at hand"):
        code_version(len)
