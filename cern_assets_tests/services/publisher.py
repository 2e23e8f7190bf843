"""A process that brings recids of the environment's settings through all stages, without Dagster.

`python -m cern_assets_tests.services.publisher RECID...` prints a line of JSON for each outcome.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cern_assets.flows.batch import run_batch
from cern_assets.model.identifiers import Recid
from cern_assets.settings import load_settings
from cern_assets.wiring import collection_named, opened_context


def publish(recids: list[str]) -> None:
    """Run the stages, and print what became of each."""
    settings = load_settings()
    with opened_context(settings, collection_named(settings, "opendata")) as context:
        for outcomes in run_batch(context, [Recid(recid) for recid in recids]):
            for outcome in outcomes:
                sys.stdout.write(f"{json.dumps(outcome.model_dump(mode='json'))}\n")


@contextmanager
def publishing(*recids: str, variables: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """Such a process, with these variables; it is ended with the block at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, *recids],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def outcomes_of(process: "subprocess.Popen[str]", *, seconds: float = 60) -> dict[str, dict[str, Any]]:
    """What the process said of its (last) recid, by stage."""
    out, err = process.communicate(timeout=seconds)
    assert process.returncode == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    return {line["stage"]: line for line in lines}


if __name__ == "__main__":
    publish(sys.argv[1:])
