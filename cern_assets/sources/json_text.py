"""JSON from outside, read strictly."""

import json
from dataclasses import dataclass
from typing import NoReturn

from cern_assets.errors import RecordInvalidError
from cern_assets.model.findings import Finding, shorten

MOST_BRACKETS = 1_000_000
"""Opening brackets of one text; the longest known record, of 32,618 files, has a tenth of them."""


@dataclass(frozen=True)
class JsonText:
    """What a text holds, and what is odd about how it is written."""

    content: object
    findings: tuple[Finding, ...] = ()


def read_json(text: bytes | str, *, uri: str) -> object:
    """Read JSON; `uri` says in errors where it came from.

    `NaN` and `Infinity`, which Python's reader would take, are no JSON and could not be written again.

    Raises:
        RecordInvalidError: the text is no JSON, or nested or long beyond any record.
    """
    return read_json_text(text, uri=uri).content


def read_json_text(text: bytes | str, *, uri: str) -> JsonText:
    """Read the same, with a warning for each name that stands twice in one object: JSON lets all but the last go.

    Raises:
        RecordInvalidError: as `read_json`.
    """
    repeated: dict[str, int] = {}

    def as_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            for name in found:
                repeated[name] = repeated.get(name, 0) + names.count(name) - 1
        return found

    try:
        # A decoder of our own: `json.loads` makes one for each call that has hooks.
        decoder = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=as_object)
        content = decoder.decode(_bounded(_decoded(text)))
    except (ValueError, RecursionError) as error:
        raise RecordInvalidError(
            f"This is not readable as JSON: {error}.",
            uri=uri,
            value=ascii(text[:60]),
            remedy="Open it and see what it is instead.",
        ) from error
    return JsonText(content, tuple(_twice(name, count) for name, count in repeated.items() if count))


def _decoded(text: bytes | str) -> str:
    return text.decode(json.detect_encoding(text), "surrogatepass") if isinstance(text, bytes) else text


def _bounded(text: str) -> str:
    """The text, if it cannot become more objects and lists than a record has: each costs many times its brackets."""
    if text.count("{") + text.count("[") > MOST_BRACKETS:
        raise ValueError(f"it has more than {MOST_BRACKETS:,} opening brackets")
    return text


def _twice(name: str, count: int) -> Finding:
    message = "This name stands more than once in one JSON object; the last value counts, and the others are lost."
    return Finding(code="name-twice", severity="warning", field=shorten(name), message=message, count=count)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
