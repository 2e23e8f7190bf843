"""How large a record may be, and what must not hide in its texts: asked once, before anything is made of it."""

import json
import re
from collections.abc import Iterator

from cern_assets.errors import RecordInvalidError
from cern_assets.metadata.leaves import Leaf, leaves
from cern_assets.metadata.text import BIDIRECTIONAL, LONGEST_TEXT
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import JsonObject

LARGEST_METADATA = 5_000_000
"""Characters of a record's JSON without its files; the largest known has 313,570 (3,308 authors)."""

_CONTROLS = re.compile(f"[{BIDIRECTIONAL}]")


def bounded_json(metadata: JsonObject, recid: Recid) -> str:
    """Give the record's JSON.

    Raises:
        RecordInvalidError: it is larger, or a text in it longer, than a record can be.
        ValueError: a value cannot be written as JSON in UTF-8.
        RecursionError: it is nested too deeply.
    """
    text = json.dumps(metadata, allow_nan=False, ensure_ascii=False)
    text.encode()
    if len(text) > LARGEST_METADATA:
        raise RecordInvalidError(
            f"The record's metadata is {len(text):,} characters of JSON; a record has at most {LARGEST_METADATA:,}.",
            recid=recid,
            remedy="See whether it is a record, and whether its long lists belong into a file.",
        )
    if len(text) > LONGEST_TEXT:
        for leaf in leaves(metadata):
            if isinstance(leaf.value, str) and len(leaf.value) > LONGEST_TEXT:
                raise _too_long(leaf, leaf.value, recid)
    return text


def hidden_controls(metadata: JsonObject, text: str) -> Iterator[Finding]:
    """Tell of the fields that hold bidirectional controls, with which a text shows other words than it has.

    They are left out of everything that is made of the record. `text` is the record's JSON.
    """
    if text.isascii() or not _CONTROLS.search(text):
        return
    for leaf in leaves(metadata):
        if isinstance(leaf.value, str) and _CONTROLS.search(leaf.value):
            shown = shorten(_CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", leaf.value[:200]))
            message = "Bidirectional controls, which change the order in which letters are shown, are left out."
            yield Finding(code="hidden-controls", severity="warning", field=leaf.path, value=shown, message=message)


def _too_long(leaf: Leaf, value: str, recid: Recid) -> RecordInvalidError:
    return RecordInvalidError(
        f"A text of the record has {len(value):,} characters; one has at most {LONGEST_TEXT:,}.",
        recid=recid,
        field=leaf.path,
        value=shorten(value[:200]),
        remedy="Give it as a file of the record.",
    )
