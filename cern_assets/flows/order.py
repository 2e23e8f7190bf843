"""Which recids of a batch begin first."""

import math
from collections.abc import Sequence

from cern_assets.errors import CernAssetsError
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord


def in_order(context: Context, recids: Sequence[Recid]) -> Sequence[Recid]:
    """As they are given, or those with the fewest bytes first, where the collection wants that.

    How many bytes a record has is known from its last `raw_record`, which is read for each; those of which nothing is
    known yet come last, in the order in which they are given.
    """
    if context.collection.order == "as-listed":
        return recids
    return sorted(recids, key=lambda recid: _known_bytes(context, recid))


def _known_bytes(context: Context, recid: Recid) -> float:
    try:
        known = context.adapters.documents.read(context.collection.name, "raw_record", recid, SourceRecord)
    except CernAssetsError:  # of a store that fails, the recid itself tells
        return math.inf
    return math.inf if known is None else known.body.size_bytes
