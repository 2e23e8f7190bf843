"""What InvenioRDM does to texts before it keeps them: its `sanitize_unicode` and `sanitize_html`."""

from typing import Any

import ftfy
import nh3

_TAGS = {
    *("a", "abbr", "acronym", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "i", "li"),
    *("ol", "p", "pre", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "th", "tr", "u", "ul"),
}
"""`ALLOWED_HTML_TAGS` of invenio-config."""


def mended(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata as it is kept: quotes straightened, entities in texts without tags resolved, foreign tags gone."""
    return {name: _value(value, html=name == "description") for name, value in metadata.items()} | {
        name: [
            {**_object(entry), "description": _html(entry["description"])}
            if isinstance(entry, dict) and isinstance(entry.get("description"), str)
            else _value(entry)
            for entry in metadata[name]
        ]
        for name in ("additional_descriptions",)
        if isinstance(metadata.get(name), list)
    }


def mended_texts(fields: dict[str, Any]) -> dict[str, Any]:
    """Custom fields as they are kept: none of ours holds HTML."""
    return _object(fields)


def _value(value: Any, *, html: bool = False) -> Any:
    if isinstance(value, str):
        return _html(value) if html else ftfy.fix_text(value.strip())
    if isinstance(value, dict):
        return _object(value)
    return [_value(item) for item in value] if isinstance(value, list) else value


def _object(value: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(inner) for name, inner in value.items()}


def _html(text: str) -> str:
    attributes = {"a": {"href", "title", "name"}, "abbr": {"title"}, "acronym": {"title"}}
    return nh3.clean(ftfy.fix_text(text.strip()), tags=_TAGS, attributes=attributes, link_rel=None).strip()
