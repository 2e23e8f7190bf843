"""The sample portal's pages for people."""

from collections.abc import Iterable
from html import escape

import nh3

from cern_assets.model.records import SourceRecord

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #1b2430; }
header { border-bottom: 3px solid #0053a1; margin-bottom: 1.5rem; } header a { color: inherit; text-decoration: none; }
a { color: #0053a1; } table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
td, th { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #dde3ea; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } code { font-size: 0.85rem; }
dt { font-weight: 600; } dd { margin: 0 0 0.5rem; } input { font: inherit; width: 24rem; }
"""
_SHOWN = ("experiment", "type", "doi", "date_published", "collision_information", "license", "distribution")


def record_page(record: SourceRecord) -> str:
    """Make the page of a record: title, abstract, some metadata, and its files with links."""
    metadata = record.metadata
    abstract = metadata.get("abstract")
    text = abstract.get("description") if isinstance(abstract, dict) else ""
    facts = "".join(
        f"<dt>{escape(field)}</dt><dd>{escape(_said(metadata[field]))}</dd>" for field in _SHOWN if field in metadata
    )
    return _page(
        str(metadata.get("title")),
        # Abstracts are HTML of many hands.
        f"<div>{nh3.clean(str(text))}</div><dl>{facts}</dl>{_files(record)}"
        f'<p><a href="/api/records/{escape(record.recid)}">JSON</a></p>',
    )


def list_page(query: str, total: int, hits: Iterable[tuple[str, str]]) -> str:
    """Make the page of a search: recids and titles of the first hits."""
    rows = "".join(
        f'<tr><td><a href="/record/{escape(recid)}">{escape(recid)}</a></td><td>{escape(title)}</td></tr>'
        for recid, title in hits
    )
    return _page(
        f"{total} records",
        f'<form><input name="q" value="{escape(query)}" placeholder="experiment:DELPHI" aria-label="Search"></form>'
        f"<table><tr><th>recid</th><th>title</th></tr>{rows}</table>",
    )


def missing_page() -> str:
    """Make the page that says 404."""
    return _page("Page not found", "<p>There is nothing here.</p>")


def _files(record: SourceRecord) -> str:
    if not record.files:
        return "<p>This record has no files.</p>"
    rows = "".join(
        f'<tr><td><a href="/{escape(file.path)}">{escape(file.key)}</a></td>'
        f'<td class="number">{file.size_bytes}</td><td><code>{file.checksum}</code></td></tr>'
        for file in record.files
    )
    return f"<table><tr><th>file</th><th>bytes</th><th>checksum</th></tr>{rows}</table>"


def _said(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_said(item)}" for key, item in value.items())
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} | Sample portal</title><style>{_STYLE}</style></head>"
        f'<body><header><a href="/">Sample portal, in the manner of CERN Open Data</a></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
