"""How recids of CERN Open Data are spelled."""

import re

from cern_assets.errors import RecordNotFoundError
from cern_assets.model.identifiers import Recid

_RECID = re.compile(r"[a-z0-9]+-\d+|\d+", re.ASCII)
_LONGEST = 64


def parse_recid(text: str) -> Recid:
    r"""Read a recid as a person types it.

    Both forms of CERN Open Data are taken, `133` and `atlas-160006` (its release checks allow `[a-z0-9]+-\d+|\d+`);
    blanks around it and capitals are forgiven. Leading zeros are kept: they make another id.

    Raises:
        RecordNotFoundError: the text can be no recid of this source.
    """
    recid = text.strip().lower()
    if len(recid) > _LONGEST or not _RECID.fullmatch(recid):
        raise RecordNotFoundError(
            "This is no recid.", field="recid", value=repr(text)[:80], remedy="Give it like 133 or atlas-160006."
        )
    return Recid(recid)
