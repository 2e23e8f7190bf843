"""Which runs of the command line still have a process: those of dead ones would hold places in the queue for ever.

A process that runs ranges holds a lock on a file beside the instance, which ends with it, however it ends; its runs
name the file.
"""

import fcntl
import os
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg

PROCESS_TAG = "cern_assets/process"
"""Host and file of the process that runs a range, as `host/file`."""

_NAME = re.compile(r"[0-9]+-[0-9a-f]+")
"""Of a file; whoever may start runs may write tags."""

_GOING_ON = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


@contextmanager
def living_process(instance: dg.DagsterInstance) -> Iterator[str]:
    """Be known as alive while the block runs; gives the tag's value for the runs that are made in it."""
    folder = _folder(instance)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{os.getpid()}-{uuid.uuid4().hex}"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield f"{socket.gethostname()}/{path.name}"
        finally:
            path.unlink(missing_ok=True)


def end_runs_of_the_dead(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs failed whose process on this host died without a word; gives their ids.

    Runs of other hosts, and of Dagster's own launchers, which watches them itself, are left alone. Among the latter are
    repetitions of ours, which Dagster gives the tags of what they repeat.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_GOING_ON)):
        host, _, name = run.tags.get(PROCESS_TAG, "").partition("/")
        ours = host == socket.gethostname() and run.parent_run_id is None
        if ours and not (_NAME.fullmatch(name) and _is_held(_folder(instance) / name)):
            message = "The process of this run ended without a word. Run the same command again: what is done stays."
            instance.report_run_failed(run, message)
            ended.append(run.run_id)
    return ended


def _folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "processes"


def _is_held(path: Path) -> bool:
    """Whether a living process holds the file; one that nobody holds is deleted."""
    try:
        file = path.open("r+")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        with suppress(FileNotFoundError):
            path.unlink()
    return False
