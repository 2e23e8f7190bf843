"""What was sent against what the target answers: a target may add, it may not change or lose."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence

from cern_assets.model.values import Json, JsonObject

_SHORT, _AROUND = 60, 25
COMPARED = ("metadata", "access", "pids", "custom_fields")
"""The sections of a record that a depositor sends; the rest is the target's own."""


def differences(sent: JsonObject, answered: JsonObject) -> tuple[str, ...]:
    """Paths of all sent leaves that the answer lacks or shows with another value, each with both values.

    The answer may have more keys (titles of vocabulary terms, links). Lists must be as long and in order. Text with
    markup is compared by what a reader sees, as a target may write the same HTML in another way.
    """
    found: list[str] = []
    for section in COMPARED:
        if section in sent:
            found.extend(_differences(section, sent[section], answered.get(section)))
    return tuple(found)


def unlike(sent: Json, answered: Json) -> bool:
    """Whether an answered value lacks something of the sent one, or has it otherwise; nothing is like nothing only."""
    if sent is None or answered is None:
        return sent is not answered
    return next(_differences("", sent, answered), None) is not None


def _differences(path: str, sent: Json, answered: Json) -> Iterator[str]:
    if sent == answered:  # of most branches, with all that is in them
        return
    if isinstance(sent, Mapping):
        inner = answered if isinstance(answered, Mapping) else {}
        for key, value in sent.items():
            yield from _differences(f"{path}.{key}", value, inner.get(key))
    elif isinstance(sent, Sequence) and not isinstance(sent, str):
        items = answered if isinstance(answered, Sequence) and not isinstance(answered, str) else []
        if len(items) != len(sent):
            yield f"{path}: {len(sent)} sent, {len(items)} answered"
            return
        for index, (value, item) in enumerate(zip(sent, items, strict=True)):
            yield from _differences(f"{path}[{index}]", value, item)
    elif not (isinstance(sent, str) and isinstance(answered, str) and _visible(sent) == _visible(answered)):
        yield f"{path}: {_difference(sent, answered)}"


def _visible(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def _difference(sent: Json, answered: Json) -> str:
    """Both values; of long texts, what stands around their first difference."""
    if not isinstance(sent, str) or not isinstance(answered, str) or max(len(sent), len(answered)) <= _SHORT:
        return f"{_shown(sent)} sent, {_shown(answered)} answered"
    pairs = zip(sent, answered, strict=False)
    at = next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(sent), len(answered)))
    begin = max(0, at - _AROUND)
    parts = (repr(text[begin : at + _AROUND]) for text in (sent, answered))
    return "{} sent, {} answered, from character {} on".format(*parts, at)


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
