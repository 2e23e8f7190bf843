"""Running `cern-assets` in a test: in this process where a process adds nothing, as the installed program otherwise."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cern_assets.cli.main import main

PROGRAM = Path(sys.executable).with_name("cern-assets")
END_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value on one line."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def states(self) -> dict[str, str]:
        """State by recid, of a command that answers with a ledger."""
        return {row["recid"]: row["state"] for row in self.json["recids"]}

    @property
    def messages(self) -> dict[str, str]:
        return {row["recid"]: row["message"] for row in self.json["recids"]}


@contextmanager
def started(*arguments: str, folder: Path, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    """The installed program in a folder, with no settings but `variables`; it is ended with the block at the latest."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CERN_ASSETS_", "DAGSTER_"))}
    process = subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=folder,
        env={**inherited, "CERN_ASSETS_RECID_ATTEMPTS": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def finished(*arguments: str, folder: Path, **variables: str) -> Answer:
    """The answer of the installed program."""
    with started(*arguments, folder=folder, **variables) as process:
        out, err = process.communicate()
    return Answer(process.returncode, out, err)


def published_recids(repository_url: str) -> list[str]:
    """The recids of all records that a repository shows to everybody, one for each record."""
    hits = httpx.get(f"{repository_url}/api/records", params={"size": 1000}).json()["hits"]
    identifiers = [hit["metadata"]["identifiers"] for hit in hits["hits"]]
    prefix = "oai:cernopendata.cern:"
    return sorted(
        item["identifier"].removeprefix(prefix)
        for items in identifiers
        for item in items
        if item["identifier"].startswith(prefix)
    )


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command; no output of any command may hold the repository's token."""

    def run_(*arguments: str) -> Answer:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        token = os.environ.get("CERN_ASSETS_REPOSITORY_TOKEN")
        assert not token or token not in out + err
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, out, err)

    return run_
