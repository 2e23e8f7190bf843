"""How commands show things: JSON for programs, tables for people."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NoReturn

import click

STATE_STYLES = {
    "published": "green",
    "rejected": "red",
    "redirected": "yellow",
    "withdrawn": "yellow",
    "left_out": "yellow",
    "pending": "cyan",
    "waiting": "blue",
    "unknown": "red",
}
OUTPUT_FAILED = 3
"""Exit code of a command whose output cannot be written."""
PORT = click.IntRange(0, 65535)
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_PIPED_WIDTH = 200

type Cell = str | tuple[str, str]
"""Text, shown as it is, or text with a style."""


def as_json(value: object) -> None:
    """One JSON value on one line, in ASCII: records hold text that not every terminal or file takes."""
    click.echo(json.dumps(value, default=_plain))


def user_name() -> str:
    """Who runs the command: by number where the system has no name, as in containers with users of their own."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """A table as wide as the terminal, or, piped into a file, wide enough that no link is cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*columns, header_style="bold")
    for row in rows:
        pairs = [(cell, "") if isinstance(cell, str) else cell for cell in row]
        shown.add_row(*(Text(_printable(text), style) for text, style in pairs))
    terminal = Console()
    (terminal if terminal.is_terminal else Console(width=_PIPED_WIDTH)).print(shown)


@contextmanager
def written() -> Iterator[None]:
    """For a block that writes output: exit code 3 with the reason where it cannot be written."""
    if sys.stdout is None:
        _output_failed("Standard output is closed")
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered has nowhere to go
        _output_failed(": ".join(filter(None, (error.strerror or str(error), error.filename))))


def _output_failed(reason: str) -> NoReturn:
    click.echo(f"The output cannot be written: {reason}.", err=True)
    sys.exit(OUTPUT_FAILED)


@contextmanager
def bytes_moved(what: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's standard error, told of bytes as they move; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _bytes: None
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(_printable(what), total=size_bytes)
        yield lambda moved: progress.advance(task, moved)


def human_size(size_bytes: int) -> str:
    """`512 B`, `1.5 MiB`."""
    size = float(size_bytes)
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError


def _printable(text: str) -> str:
    """Text from records may hold what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
