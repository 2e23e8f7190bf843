"""Guards that each guard of SECURITY.md names tests that there are."""

import ast
import re

from cern_assets_tests.conventions.sources import CHECKOUT, TESTS, tree


def test_every_attack_of_the_security_page_has_a_guard_with_tests_that_there_are() -> None:
    page = (CHECKOUT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("## Attack, guard, test")[1].splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    without = [row for row in rows if not re.findall(r"`[\w/]+\.py::test_\w+`", row.rsplit("|", 2)[1])]
    assert without == []
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", page)
    missing = [f"{file}::{name}" for file, name in named if name not in _tests(file)]
    assert missing == []


def _tests(file: str) -> set[str]:
    path = TESTS / file
    if not path.is_file():
        return set()
    return {node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}
