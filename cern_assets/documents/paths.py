"""Where a recid's bytes lie in the store."""

from cern_assets.model.identifiers import Recid, hash_prefix


def folder_of(kind: str, source: str, recid: Recid) -> str:
    """`<kind>/<source>/<2 hex>/<recid>`."""
    return f"{kind}/{source}/{hash_prefix(recid)}/{recid}"
