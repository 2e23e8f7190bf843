"""Where a recid's bytes lie in the store."""

import hashlib

from cern_assets.model.identifiers import Recid, hash_prefix


def folder_of(kind: str, collection: str, recid: Recid) -> str:
    """`<kind>/<collection>/<2 hex>/<recid>`."""
    return f"{kind}/{collection}/{hash_prefix(recid)}/{recid}"


def folder_towards(kind: str, repository: str, source: str, recid: Recid) -> str:
    """`<kind>/<hash of the repository's address>/<source>/<2 hex>/<recid>`: what all collections share."""
    place = hashlib.sha256(repository.encode()).hexdigest()[:16]
    return f"{kind}/{place}/{source}/{hash_prefix(recid)}/{recid}"
