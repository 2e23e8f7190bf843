#!/usr/bin/env python3
"""Run the tests that SECURITY.md names, and print its table of attacks with what came of each."""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def rows() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Attack, guard, and the tests by file and name, of each row."""
    lines = (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    cells = [line.strip("|").split("|") for line in lines if "::test_" in line]
    return [(attack.strip(), guard.strip(), NAMED.findall(tests)) for attack, guard, tests in cells]


def results(tests: list[tuple[str, str]], more: list[str]) -> dict[tuple[str, str], set[str]]:
    """What came of each test, in all its forms: passed, failed, skipped."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        ids = [f"cern_assets_tests/{file}::{name}" for file, name in tests]
        report_as = ["-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", "-q", *report_as, *more, *ids]
        subprocess.run(command, cwd=ROOT, check=False)
        if not report.is_file():
            sys.exit("The tests did not run; see above.")
        for case in ET.parse(report).iter("testcase"):
            kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
            name = str(case.get("name")).partition("[")[0]
            file = str(case.get("file")).removeprefix("cern_assets_tests/")
            found[file, name].add(kinds.pop() if kinds else "held")
    return found


def verdict(outcomes: set[str]) -> str:
    """One word for a row; a test that did not run is no guard that held."""
    if not outcomes or outcomes == {"skipped"}:
        return "NOT RUN"
    return "held" if outcomes == {"held"} else "HELD IN PART" if outcomes == {"held", "skipped"} else "BROKEN"


def main() -> None:
    """Print the table; exit code 1 unless every guard held."""
    table = rows()
    found = results([test for _, _, tests in table for test in tests], sys.argv[1:])
    verdicts = [verdict({kind for test in tests for kind in found[test] or {"skipped"}}) for _, _, tests in table]
    width = max(len(attack) for attack, _, _ in table)
    print()
    for (attack, guard, _), word in zip(table, verdicts, strict=True):
        print(f"{word:12} {attack:{width}}  {guard}")
    print(f"{verdicts.count('held')} of {len(verdicts)} guards held")
    sys.exit(0 if set(verdicts) == {"held"} else 1)


if __name__ == "__main__":
    main()
