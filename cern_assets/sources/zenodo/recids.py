"""How recids of Zenodo are spelled."""

import re

from cern_assets.errors import RecordNotFoundError
from cern_assets.model.identifiers import Recid

_RECID = re.compile(
    r"""(?:https?://(?:www\.|sandbox\.)?zenodo\.org/(?:api/)?(?:records?|deposit(?:/depositions)?)/
        | (?:https?://(?:dx\.)?doi\.org/|doi:)?10\.5(?:281|072)/zenodo\.
        | oai:zenodo\.org:
        | zenodo\.)?
        (?P<recid>[1-9]\d{0,17}|made-[0-9a-f]{16})/?""",
    re.ASCII | re.VERBOSE,
)


def parse_recid(text: str) -> Recid:
    """Read a recid as a person types it: the number, or a DOI or an address of Zenodo that ends with it.

    `made-...` names a deposit that states no number; see `parse.py`.

    Raises:
        RecordNotFoundError: the text can be no recid of this source.
    """
    match = _RECID.fullmatch(text.strip().lower())
    if match is None:
        raise RecordNotFoundError(
            "This is no recid.",
            field="recid",
            value=repr(text)[:80],
            remedy="Give it like 1234567 or 10.5281/zenodo.1234567.",
        )
    return Recid(match["recid"])
