"""A way of doing something, run in a process of its own: how long it took, its processor time, its memory."""

import multiprocessing
import resource
import time
from collections.abc import Callable
from typing import Any

from memory import peak_mib


def measured(way: Callable[..., dict[str, float] | None], *arguments: Any) -> dict[str, float]:
    """What a way says, its seconds, its processor's (with those of the programs that it began), and its peak MiB."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_child, args=(way, arguments, theirs))
    process.start()
    theirs.close()
    said: dict[str, float] = ours.recv()
    process.join()
    return said


def _child(way: Callable[..., dict[str, float] | None], arguments: tuple[Any, ...], answered: Any) -> None:
    began, used = time.monotonic(), _cpu_seconds()
    said = way(*arguments)
    seconds, cpu = time.monotonic() - began, _cpu_seconds() - used
    answered.send({**(said or {}), "seconds": seconds, "cpu": cpu, "mib": peak_mib()})


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usages)
