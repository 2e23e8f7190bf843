"""The templates of the pages, and what they may call; every text that comes from a record is escaped or cleaned."""

from functools import cache
from typing import Any

import nh3
from jinja2 import ChainableUndefined, Environment, PackageLoader
from markupsafe import Markup

from cern_assets.stand_ins.repository.answers import content_url
from cern_assets.stand_ins.repository.records import RecordView
from cern_assets.stand_ins.repository.tables import StoredContent

_UNITS = ("B", "kB", "MB", "GB", "TB")
_RESOLVERS = {
    "doi": "https://doi.org/",
    "orcid": "https://orcid.org/",
    "ror": "https://ror.org/",
    "arxiv": "https://arxiv.org/abs/",
    "handle": "https://hdl.handle.net/",
    "url": "",
}


def page(template: str, **shown: object) -> str:
    """A whole page."""
    return _templates().get_template(f"{template}.html").render(shown)


def objects(metadata: Any, name: str) -> list[dict[str, Any]]:
    """A field that is a list of objects; what is not one is left out."""
    given = metadata.get(name) if isinstance(metadata, dict) else None
    return [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []


def size(size_bytes: int | None) -> str:
    """A size in bytes for people, in decimal units."""
    amount, unit = float(size_bytes or 0), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{size_bytes or 0} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


@cache
def _templates() -> Environment:
    # Records hold what they hold: a part that is not there is nothing, and no reason to show no page.
    environment = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=ChainableUndefined, trim_blocks=True
    )
    environment.filters |= {
        "content_url": _content_url,
        "is_followable": _is_followable,
        "kind": _kind,
        "licence": _licence,
        "objects": objects,
        "remarks": _remarks,
        "resolved": _resolved,
        "rich": _rich,
        "size": size,
    }
    return environment


def _rich(value: object) -> Markup:
    """HTML of a description, without anything that could run."""
    return Markup(nh3.clean(str(value)))  # noqa: S704  what nh3 leaves is harmless


def _is_followable(url: object) -> bool:
    return str(url).startswith(("https://", "http://", "/"))


def _resolved(entry: dict[str, Any]) -> str:
    """The address behind an identifier, "" if there is none that may be followed."""
    resolver = _RESOLVERS.get(str(entry.get("scheme", "")).lower())
    url = "" if resolver is None else f"{resolver}{entry.get('identifier', '')}"
    return url if _is_followable(url) else ""


def _kind(value: object, otherwise: str) -> str:
    title = str(value.get("id", "")) if isinstance(value, dict) else ""
    return title.replace("-", " ").capitalize() or otherwise


def _remarks(entry: dict[str, Any]) -> list[str]:
    role = entry.get("role")
    places = [str(place.get("name") or place.get("id", "")) for place in objects(entry, "affiliations")]
    return [*places, *([str(role["id"])] if isinstance(role, dict) and role.get("id") else [])]


def _licence(entry: dict[str, Any]) -> str:
    title = entry.get("title")
    return str(next(iter(title.values()), "") if isinstance(title, dict) else entry.get("id", ""))


def _content_url(file: StoredContent, view: RecordView) -> str:
    return content_url(view, file, "")
