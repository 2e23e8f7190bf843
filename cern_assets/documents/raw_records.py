"""Source records as they were brought in: each with the body that it was read from."""

import json
from collections.abc import Iterator
from typing import cast

from cern_assets.documents.store import DocumentStore
from cern_assets.model.documents import Document
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject

_STAGE = "raw_record"


def raw_records(documents: DocumentStore, collection: str) -> Iterator[tuple[JsonObject, SourceRecord]]:
    """The records of a collection in the order of their recids, read as they are asked for.

    A body that cannot be read any more, or was not kept, is given as the record's own metadata.

    Raises:
        StorageUnavailableError, CredentialsRefusedError: those given are not all.
    """
    for recid in sorted(documents.recids(collection, _STAGE)):
        document = documents.read(collection, _STAGE, recid, SourceRecord)
        if document is not None:
            yield _body(document), document.body


def _body(document: Document[SourceRecord]) -> JsonObject:
    bodies = document.answer.bodies if document.answer else ()
    try:
        said = json.loads(bodies[0].content) if bodies else None
    except ValueError:
        said = None
    return cast("JsonObject", said) if isinstance(said, dict) else document.body.metadata
