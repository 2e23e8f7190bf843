"""Where a recid's bytes lie in the store."""

from cern_assets.model.identifiers import Recid, hash_prefix


def folder_of(kind: str, collection: str, recid: Recid) -> str:
    """`<kind>/<collection>/<2 hex>/<recid>`."""
    return f"{kind}/{collection}/{hash_prefix(recid)}/{recid}"
