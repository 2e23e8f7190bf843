"""Small pieces of HTML; every text that comes from a record passes through `text` or `rich`."""

from collections.abc import Iterable
from html import escape
from typing import Any

import nh3

_UNITS = ("B", "kB", "MB", "GB", "TB")


def text(value: object) -> str:
    """Any value as text."""
    return escape(str(value))


def rich(value: object) -> str:
    """HTML of a description, without anything that could run."""
    return nh3.clean(str(value))


def link(url: object, label: object) -> str:
    """A link, if the URL is one that may be followed; else the label alone."""
    if not str(url).startswith(("https://", "http://", "/")):
        return text(label)
    return f'<a href="{escape(str(url), quote=True)}">{text(label)}</a>'


def section(title: str, body: str) -> str:
    """A titled section, or nothing if it would be empty."""
    return f"<section><h2>{text(title)}</h2>{body}</section>" if body else ""


def items(entries: Iterable[str]) -> str:
    """A list, or nothing if it would be empty."""
    body = "".join(f"<li>{entry}</li>" for entry in entries if entry)
    return f"<ul>{body}</ul>" if body else ""


def size(size_bytes: int) -> str:
    """A size in bytes for people, in decimal units."""
    amount, unit = float(size_bytes), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{size_bytes} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def day(timestamp: str) -> str:
    """The day of a timestamp."""
    return text(timestamp[:10])


def objects(metadata: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A field that is a list of objects; what is not one is left out."""
    given = metadata.get(name)
    return [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []


def page(title: str, body: str, *, query: str = "") -> str:
    """A whole page with its head and the search box."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="InvenioRDM 14.0">
<title>{text(title)}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><div class="bar">
<a class="brand" href="/">Embedded repository<small>InvenioRDM-compatible, for demos and tests</small></a>
<form action="/" method="get" role="search">
<input type="search" name="q" value="{escape(query, quote=True)}"
  placeholder="Search records" aria-label="Search records">
<button type="submit">Search</button>
</form>
</div></header>
<main>{body}</main>
<footer>
A stand-in for a real repository: nothing here is registered or preserved. <a href="/api/records">REST API</a>
</footer>
</body>
</html>
"""
