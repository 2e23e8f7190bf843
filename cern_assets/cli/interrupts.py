"""Signals that end a command: the first in order, a second at once."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from types import FrameType

import click

INTERRUPTED = 130
"""What shells give a command that Ctrl-C ended."""

_LOOKS_EVERY_SECONDS = 0.2


def in_order[Result](work: Callable[[], Result], request: Callable[[], None]) -> Result:
    """Do the work; meanwhile Ctrl-C, SIGTERM and SIGHUP call `request`, and a second of them ends the process.

    The work is done in a thread of its own, where Dagster cannot put its handlers in the place of ours: they raise at
    some moments and only take note at others. A SIGHUP that the process was started to ignore (as `nohup` does) stays
    ignored.
    """
    asked = False

    def heard(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(INTERRUPTED)  # nothing is half-written: what is not committed is left out
        asked = True
        request()

    closed = [] if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else [signal.SIGHUP]
    previous = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM, *closed)}
    told = False
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="command") as pool:
            future = pool.submit(work)
            while wait([future], timeout=_LOOKS_EVERY_SECONDS).not_done:
                if asked and not told:
                    told = True
                    click.echo("\nEnding in order; once more ends at once.", err=True)
            return future.result()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
