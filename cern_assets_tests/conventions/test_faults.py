"""The page of faults names tests; each of them is there."""

import ast
import re

from cern_assets_tests.conventions.sources import CHECKOUT, tree

PAGE = CHECKOUT / "docs" / "reference" / "faults.md"
ROW = re.compile(r"^\| (?!fault |-)", re.MULTILINE)
PROOF = re.compile(r"`(cern_assets_tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)


def test_every_row_of_the_faults_ends_with_a_test_that_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    proofs = PROOF.findall(text)
    assert len(proofs) == len(ROW.findall(text)) > 0
    missing = [f"{file}::{name}" for file, name in proofs if name not in _functions(file)]
    assert missing == []


def _functions(file: str) -> set[str]:
    path = CHECKOUT / file
    return {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef)} if path.is_file() else set()
