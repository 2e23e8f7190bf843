"""The lines of the spool: an event in its envelope, without what has no place in a log."""

import re
from functools import lru_cache

from cern_assets.addresses import REMOVED, shown
from cern_assets.model.events import Event, Place

VERSION = 3
"""Of the lines that are written. 2 knew outcomes only; 1 are those from before there was an envelope."""
KINDS = ("started", "outcome", "file", "call", "wait", "archive", "finding", "leaves", "planned")

_PRIVATE = re.compile(
    r"""[\w.+%-]+@[\w-]+(?:\.[\w-]+)+                                      # an e-mail address
      | (?<=\bBearer\ )[^\s"\\]+
      | (?<=\bBasic\ )[^\s"\\]+
      | (?i:(?<=token=)|(?<=authz=)|(?<=secret=)|(?<=password=)|(?<=signature=)|(?<=key=)|(?<=sig=))
        (?!\(removed\))[^\s&"'\\,;)\]]+
    """,
    re.VERBOSE,
)
_HINTS = ("@", "=", "Bearer ", "Basic ")


def line_of(event: Event, writer: str, sequence: int) -> bytes:
    """One line of JSON: `version`, `kind`, `writer`, `sequence`, `ts`, then the place's fields and the fact's.

    E-mail addresses and secrets, as they come with messages and addresses of others, are taken out.
    """
    fact = without_private(event.fact.model_dump_json(exclude={"kind"}))
    envelope = f'"version":{VERSION},"kind":"{event.fact.kind}","writer":"{writer}","sequence":{sequence}'
    parts = [f'{{{envelope},"ts":"{event.ts}"', _inner(event.place), *([fact[1:-1]] if fact != "{}" else [])]
    return (",".join(parts) + "}\n").encode()


@lru_cache(maxsize=1024)
def _inner(place: Place) -> str:
    return without_private(place.model_dump_json())[1:-1]


def without_private(text: str) -> str:
    """A text without e-mail addresses and secrets."""
    text = shown(text)
    return _PRIVATE.sub(REMOVED, text) if any(hint in text for hint in _HINTS) else text
