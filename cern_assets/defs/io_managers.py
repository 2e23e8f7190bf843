"""The IO manager: Dagster's view of the documents that stages leave in the store.

It carries small documents (records, manifests, deposits, receipts), never file bytes. The stages write theirs
themselves; through here they are read by downstream assets and notebooks, one recid or a range at a time, and written
by assets that other people add. A segment of a collection of millions is read as its recids that have a document.
"""

from collections.abc import Mapping

import dagster as dg

from cern_assets.collections.segments import segment_of
from cern_assets.documents.store import DocumentStore
from cern_assets.flows.journey import stage_named
from cern_assets.model.documents import Document
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Value, content_hash
from cern_assets.places import build_store
from cern_assets.settings import load_settings

type Loaded = Value | dict[str, Value]


class DocumentsIOManager(dg.ConfigurableIOManager):
    """Documents by (collection, stage, recid); the asset key is (collection, stage), the partition key the recid."""

    def put(self, key: dg.AssetKey, recid: Recid, body: Value) -> None:
        """Write one recid's body."""
        _write(_documents(), key, recid, body)

    def get(self, key: dg.AssetKey, recid: Recid) -> Value:
        """Read one recid's body.

        Raises:
            KeyError: there is none, and the message names the asset to materialize; or the asset is no stage's.
        """
        return _read(_documents(), key, recid)

    def handle_output(self, context: dg.OutputContext, obj: Value | Mapping[str, Value]) -> None:
        """Write one body, or for a range of partitions a mapping of recid to body."""
        documents = _documents()
        bodies = obj if isinstance(obj, Mapping) else {context.partition_key: obj}
        for recid, body in bodies.items():
            _write(documents, context.asset_key, Recid(recid), body)

    def load_input(self, context: dg.InputContext) -> Loaded:
        """One body, or for a range of partitions, and for segments, a dict of recid to body."""
        documents, recids = _documents(), context.asset_partition_keys
        if isinstance(context.asset_partitions_def, dg.StaticPartitionsDefinition):
            collection, stage = context.asset_key.path
            count = len(context.asset_partitions_def.get_partition_keys())
            kept = documents.recids(collection, stage)
            members = [recid for recid in kept if segment_of(Recid(recid), count) in recids]
            return {recid: _read(documents, context.asset_key, Recid(recid)) for recid in members}
        if len(recids) == 1:
            return _read(documents, context.asset_key, Recid(recids[0]))
        return {recid: _read(documents, context.asset_key, Recid(recid)) for recid in recids}


def _documents() -> DocumentStore:
    return DocumentStore(build_store(load_settings()))


def _write(documents: DocumentStore, key: dg.AssetKey, recid: Recid, body: Value) -> None:
    collection, stage = key.path
    digest = content_hash(body)
    # The asset may be somebody else's, of whose source nothing is known here.
    documents.write(
        Document(
            collection=collection,
            source="",
            stage=stage,
            recid=recid,
            input_hash=None,
            content_hash=digest,
            body=body,
        )
    )


def _read(documents: DocumentStore, key: dg.AssetKey, recid: Recid) -> Value:
    collection, stage = key.path
    document: Document[Value] | None = documents.read(collection, stage, recid, stage_named(stage).body)
    if document is None:
        raise KeyError(f"{key.to_user_string()} has no document for recid {recid}: materialize it first.")
    return document.body
