"""Which runs still have a process: those of dead ones would hold places in the queue, and their recids, for ever.

A command that runs ranges holds a lock on a file beside the instance, which ends with it, however it ends; its runs
name the file. A run that the daemon started tells its process. The code server sees the end of such a child; where it
ended with it, as when the machine did, nobody of Dagster's looks: its default launcher cannot be asked.
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
from dagster._core.storage.tags import GRPC_INFO_TAG

PROCESS_TAG = "cern_assets/process"
"""Host and file of the process that runs a range, as `host/file`."""

_NAME = re.compile(r"[0-9]+-[0-9a-f]+")
"""Of a file; whoever may start runs may write tags."""

_CLOCK_SECONDS = 2.0
"""How exactly the start of a process is known."""
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


def end_runs_of_the_dead(instance: dg.DagsterInstance, *, workers: bool = False) -> list[str]:
    """Mark the runs failed whose process on this host died without a word; gives their ids.

    Those of commands on other hosts are left alone; repetitions have the tags of what they repeat, and are nobody's.
    With `workers`, runs are looked at too that the daemon of this machine started: to be asked there only.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_GOING_ON)):
        if _command_died(instance, run) or (workers and _worker_died(instance, run)):
            message = "The process of this run ended without a word. Run the same again: what is done stays."
            instance.report_run_failed(run, message)
            ended.append(run.run_id)
    return ended


def process_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[int, float] | None:
    """The process that executes a run, and when it said so (seconds since 1970); None where it has not yet."""
    for record in instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records:
        event = record.event_log_entry.dagster_event
        told = event.engine_event_data.metadata.get("pid") if event else None
        if told is not None:
            return int(str(told.value)), record.event_log_entry.timestamp
    return None


def _command_died(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    host, _, name = run.tags.get(PROCESS_TAG, "").partition("/")
    ours = host == socket.gethostname() and run.parent_run_id is None
    return ours and not (_NAME.fullmatch(name) and _is_held(_folder(instance) / name))


def _worker_died(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Of a run of the default launcher, and of a code server with a socket: both are on the daemon's machine."""
    if '"socket"' not in run.tags.get(GRPC_INFO_TAG, "") or run.status is not dg.DagsterRunStatus.STARTED:
        return False
    told = process_of(instance, run)
    return told is not None and not _lives_since(*told)


def _lives_since(process: int, at: float) -> bool:
    """Whether a process is there, and was at a time: its number may be another's by now."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    except OSError:
        return not Path("/proc/self").exists()  # where processes cannot be asked, none is dead
    fields = text.rpartition(")")[2].split()  # `man proc_pid_stat`: state is the third field, starttime the 22nd
    began = int(booted.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return fields[0] not in {"Z", "X"} and began <= at + _CLOCK_SECONDS


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
