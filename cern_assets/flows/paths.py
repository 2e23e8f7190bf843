"""Where a recid's bytes lie in the store."""

import hashlib

from cern_assets.model.identifiers import Recid


def folder_of(kind: str, source: str, recid: Recid) -> str:
    """`<kind>/<source>/<2 hex>/<recid>`: under a hash prefix, as a folder of a million entries is slow everywhere."""
    prefix = hashlib.sha256(recid.encode()).hexdigest()[:2]
    return f"{kind}/{source}/{prefix}/{recid}"
