"""Marks of other markup languages that stand in texts, where a reader sees them."""

import re
from collections.abc import Iterator

from cern_assets.metadata.leaves import leaves
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import JsonObject

_LEFT = re.compile(
    r"""(?P<fence>^\s*:::+.*$)
    | (?P<link>\[[^\[\]\n]{1,200}\]\((?:https?://|/)[^\s()]{1,500}\))
    | (?P<subfield>\$\$[a-z0-9]\S)
    | (?P<code>^```)""",
    re.MULTILINE | re.VERBOSE,
)
_HINTS = (":::", "](", "$$", "```")
_SAYS = {
    "fence": "A fence of Markdown (`:::`) stands in the text as it was written.",
    "link": "A link of Markdown stands in the text as it was written.",
    "subfield": "A subfield of MARC (`$$a`) stands in the text as it was written.",
    "code": "A fence of Markdown (```) stands in the text as it was written.",
}
_OF_PROGRAMS = frozenset({"script", "json"})
"""Names of leaves that hold programs and data, where such marks are meant."""


def leftovers(metadata: JsonObject, text: str) -> Iterator[Finding]:
    """A warning for each text with such a mark, which is carried as it is. `text` is the record's JSON."""
    if not any(hint in text for hint in _HINTS):
        return
    for leaf in leaves(metadata):
        if not isinstance(leaf.value, str) or leaf.pattern.rpartition(".")[2] in _OF_PROGRAMS:
            continue
        found = _LEFT.search(leaf.value)
        if found:
            yield Finding(
                code="markup-leftover",
                severity="warning",
                field=leaf.path,
                value=shorten(found[0]),
                message=_SAYS[str(found.lastgroup)],
            )
