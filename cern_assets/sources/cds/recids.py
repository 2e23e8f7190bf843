"""How recids of CDS are spelled."""

import re

from cern_assets.errors import RecordNotFoundError
from cern_assets.model.identifiers import Recid

_RECID = re.compile(
    r"(?:https?://(?:www\.)?cds(?:web)?\.cern\.ch/record/|oai:cds\.cern\.ch:|cds:)?(?P<recid>[1-9]\d{0,17})/?", re.ASCII
)


def parse_recid(text: str) -> Recid:
    """Read a recid as a person types it: the number, or an address or OAI identifier of CDS that ends with it.

    Raises:
        RecordNotFoundError: the text can be no recid of this source.
    """
    match = _RECID.fullmatch(text.strip().lower())
    if match is None:
        raise RecordNotFoundError(
            "This is no recid.", field="recid", value=repr(text)[:80], remedy="Give it like 2783104."
        )
    return Recid(match["recid"])
