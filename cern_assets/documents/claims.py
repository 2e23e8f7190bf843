"""Claims: which collection brings a recid into a repository, as no two may."""

import json

from cern_assets.documents.paths import folder_towards
from cern_assets.errors import FileMissingError, RecordClaimedError
from cern_assets.model.identifiers import Recid
from cern_assets.ports import FileStore


def claim(store: FileStore, collection: str, *, source: str, repository: str, recid: Recid) -> None:
    """Note that a collection brings a recid of a source into a repository, unless that is known already.

    Claims lie at `claims/<hash of the repository's address>/<source>/<2 hex>/<recid>.json`, on the store and not in a
    configuration, so that collections of several projects on one store know of each other.

    Raises:
        RecordClaimedError: another collection does, and may hold the record to other rules.
    """
    path = f"{folder_towards('claims', repository, source, recid)}.json"
    holder = _holder(store, path)
    content = f"{json.dumps({'collection': collection, 'repository': repository})}\n".encode()
    if holder is None and not store.reserve(path, content):
        holder = _holder(store, path)
        if holder is None:
            # The name is that of one who died between reserving it and writing.
            with store.create(path, size_bytes=None) as writer:
                writer.write(content)
                writer.commit()
    if holder is None:
        holder = _holder(store, path)  # of two that claim at the same time, one reads the other's name
    if holder not in (collection, None):
        raise RecordClaimedError(
            f"The collection {holder} brings this record into {repository} already.",
            uri=store.uri(path),
            remedy=f"Take the recid out of one of the two collections; for {collection} to take over, delete the file.",
        )


def _holder(store: FileStore, path: str) -> str | None:
    """The collection that a claim names; None if there is no claim or it is torn."""
    try:
        with store.open(path) as chunks:
            said = json.loads(b"".join(chunks))
    except (FileMissingError, ValueError):
        return None
    name = said.get("collection") if isinstance(said, dict) else None
    return name if isinstance(name, str) else None
