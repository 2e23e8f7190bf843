#!/usr/bin/env python3
"""Throw changed inputs at every parser of outside bytes for so many minutes; stops at the first that fails."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEST = "cern_assets_tests/property/test_outside_bytes.py::test_whatever_comes_is_read_or_refused"


def main() -> None:
    """Rounds with other seeds until the time is over; exit code 1 with the input that failed, which is kept."""
    ends = time.monotonic() + 60 * float(sys.argv[1])
    rounds = 0
    environment = {**os.environ, "CERN_ASSETS_TEST_FUZZ_EXAMPLES": "500"}
    while rounds == 0 or time.monotonic() < ends:
        command = [sys.executable, "-m", "pytest", "-q", "-x", f"--hypothesis-seed={time.time_ns()}", TEST]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
            sys.exit("An input failed; it is kept in .hypothesis/ and tried first the next time.")
        rounds += 1
    print(f"{rounds} rounds of 500 inputs a parser, and none failed.")


if __name__ == "__main__":
    main()
