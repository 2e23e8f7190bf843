"""The sample portal's pages for people."""

from collections.abc import Iterable
from functools import cache

import nh3
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cern_assets.model.records import SourceRecord

_SHOWN = ("experiment", "type", "doi", "date_published", "collision_information", "license", "distribution")


def record_page(record: SourceRecord) -> str:
    """Make the page of a record: title, abstract, some metadata, and its files with links."""
    metadata = record.metadata
    abstract = metadata.get("abstract")
    text = abstract.get("description") if isinstance(abstract, dict) else ""
    facts = [(field, _said(metadata[field])) for field in _SHOWN if field in metadata]
    return _page("record", title=str(metadata.get("title")), record=record, abstract=text, facts=facts)


def list_page(query: str, total: int, hits: Iterable[tuple[str, str]]) -> str:
    """Make the page of a search: recids and titles of the first hits."""
    return _page("list", title=f"{total} records", query=query, hits=hits)


def missing_page() -> str:
    """Make the page that says 404."""
    return _page("missing", title="Page not found")


def _said(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_said(item)}" for key, item in value.items())
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _page(template: str, **shown: object) -> str:
    return _templates().get_template(f"{template}.html").render(shown)


@cache
def _templates() -> Environment:
    environment = Environment(loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined)
    environment.filters["rich"] = _rich
    return environment


def _rich(value: object) -> Markup:
    """Abstracts are HTML of many hands; nothing that could run is left of them."""
    return Markup(nh3.clean(str(value)))  # noqa: S704  what nh3 leaves is harmless
