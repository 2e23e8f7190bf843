"""How commands show things: JSON for programs, tables for people."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table

STATE_STYLES = {"published": "green", "rejected": "red", "withdrawn": "yellow", "pending": "cyan"}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def as_json(value: object) -> None:
    """One JSON value on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None) -> None:
    """A table as wide as the terminal, or as it needs where there is none."""
    shown = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        shown.add_row(*row)
    console().print(shown)


def console() -> Console:
    """Standard output; piped into a file it is wide enough that no link is cut."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=200)


def human_size(size_bytes: int) -> str:
    """`512 B`, `1.5 MiB`."""
    size = float(size_bytes)
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
