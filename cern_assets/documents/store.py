"""Small JSON documents by (collection, stage, recid) on any store."""

import json
import logging
from collections.abc import Iterator

from cern_assets.errors import FileMissingError
from cern_assets.model.documents import Document
from cern_assets.model.identifiers import Recid, hash_prefix
from cern_assets.model.values import Value
from cern_assets.ports import FileStore

_LOG = logging.getLogger(__name__)


class DocumentStore:
    """Documents at `documents/<collection>/<stage>/<2 hex>/<recid>.json`.

    The two digits come from the recid's hash: a folder of a million entries is slow everywhere.
    """

    def __init__(self, store: FileStore) -> None:
        self._store = store

    def read[Body: Value](
        self, collection: str, stage: str, recid: Recid, body_type: type[Body]
    ) -> Document[Body] | None:
        """Give the document of a stage, None if there is none that can be read.

        One that does not validate (torn by a broken disk, or of an older shape) is named in the log and counts as not
        there: the stage then does its work again and replaces it.

        Raises:
            StorageUnavailableError, TransferInterruptedError, CredentialsRefusedError: it may be there or not.
        """
        path = _path(collection, stage, recid)
        try:
            with self._store.open(path) as chunks:
                text = b"".join(chunks)
        except FileMissingError:
            return None
        shape: type[Document[Body]] = Document[body_type]  # type: ignore[valid-type]  # a model made at run time
        try:
            return shape.model_validate(json.loads(text.decode("utf-8", "surrogatepass")))
        except ValueError as error:  # of the encoding, of JSON, or pydantic's
            _LOG.warning("The document %s cannot be read and will be made again: %s", self._store.uri(path), error)
            return None

    def holds(self, collection: str, stage: str, recid: Recid) -> bool:
        """Whether there is a document, readable or not.

        Raises:
            StorageUnavailableError, CredentialsRefusedError: it may be there or not.
        """
        return self._store.size_bytes(_path(collection, stage, recid)) is not None

    def recids(self, collection: str, stage: str) -> Iterator[Recid]:
        """Recids of which there is a document of a stage, in no order.

        Raises:
            StorageUnavailableError, CredentialsRefusedError: those given are not all.
        """
        for path in self._store.list(f"documents/{collection}/{stage}"):
            name = path.rpartition("/")[2]
            if name.endswith(".json"):
                yield Recid(name.removesuffix(".json"))

    def write[Body: Value](self, document: Document[Body]) -> None:
        """Store a document, replacing an older one in one step.

        Raises:
            StorageFullError, StorageUnavailableError, CredentialsRefusedError: the older one is still there.
        """
        text = _text(document.model_dump(mode="json"))
        # Metadata of a source can hold half a surrogate pair, which UTF-8 proper has no bytes for.
        content = text.encode("utf-8", "surrogatepass")
        with self._store.create(_path(document.collection, document.stage, document.recid), size_bytes=None) as writer:
            writer.write(content)
            writer.commit()


_ENCODE = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def _text(document: dict[str, object]) -> str:
    """JSON, a line for each field and for each of the body's: an indent all through takes several times as long."""
    body = document["body"]
    fields = {name: _ENCODE(value) for name, value in document.items()}
    if isinstance(body, dict) and body:
        fields["body"] = _object({name: _ENCODE(value) for name, value in body.items()}, " ")
    return _object(fields, "") + "\n"


def _object(fields: dict[str, str], indent: str) -> str:
    lines = (f"{indent} {_ENCODE(name)}: {value}" for name, value in sorted(fields.items()))
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _path(collection: str, stage: str, recid: Recid) -> str:
    return f"documents/{collection}/{stage}/{hash_prefix(recid)}/{recid}.json"
