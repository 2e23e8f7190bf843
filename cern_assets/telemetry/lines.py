"""The lines of the spool: an event in its envelope, without what has no place in a log."""

import json
import re
from functools import lru_cache

from pydantic_core import to_json

from cern_assets.addresses import REMOVED, shown
from cern_assets.model.events import Event

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


def line_of(event: Event, writer: str, sequence: int) -> bytes:
    """One line of JSON: `version`, `kind`, `writer`, `sequence`, `ts`, then the place's fields and the fact's.

    E-mail addresses and secrets, as they come with messages and addresses of others, are taken out.
    """
    fact, place = event.fact, event.place
    # `kind` is the first field of each fact, and stands in the envelope already.
    said = without_private(to_json(fact.__dict__).decode())[len(fact.kind) + 10 :]
    return (
        f'{{"version":{VERSION},"kind":"{fact.kind}","writer":"{writer}","sequence":{sequence},"ts":"{event.ts}",'
        f'{_about(place.run_id, place.collection, place.source, place.repository)},"recid":{_quoted(place.recid)},'
        f'"stage":{_quoted(place.stage)}{said}\n'
    ).encode()


@lru_cache(maxsize=64)
def _about(run_id: str, collection: str, source: str, repository: str) -> str:
    """What is the same for all recids of a run."""
    texts = {"run_id": run_id, "collection": collection, "source": source, "repository": repository}
    return ",".join(f'"{name}":{_quoted(text)}' for name, text in texts.items())


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return json.dumps(without_private(text), ensure_ascii=False)


def without_private(text: str) -> str:
    """A text without e-mail addresses and secrets."""
    text = shown(text)
    if "@" in text or "=" in text or "Bearer " in text or "Basic " in text:
        return _PRIVATE.sub(REMOVED, text)
    return text
