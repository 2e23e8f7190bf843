"""Segments: the parts of a collection that is too large for a partition a recid; a recid is in the one of its hash.

The hash is of the recid alone, so that a recid stays in its segment while the collection grows.
"""

import hashlib

from cern_assets.model.identifiers import Recid


def segment_names(count: int) -> list[str]:
    """The segments of a collection in their order, e.g. `segment-0000` to `segment-0099` for 100."""
    return [_name(number) for number in range(count)]


def segment_of(recid: Recid, count: int) -> str:
    """The segment of a recid, of so many."""
    digest = hashlib.blake2b(recid.encode(), digest_size=8).digest()
    return _name(int.from_bytes(digest) % count)


def _name(number: int) -> str:
    return f"segment-{number:04}"
