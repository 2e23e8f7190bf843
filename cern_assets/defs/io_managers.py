"""The IO manager: Dagster's view of the documents that stages leave in the store.

It carries small documents (records, manifests, deposits, receipts), never file bytes. The stages write theirs
themselves; through here they are read by downstream assets and notebooks, one recid or a range at a time, and written
by assets that other people add.
"""

from collections.abc import Mapping

import dagster as dg

from cern_assets.flows.journey import STAGES
from cern_assets.model.documents import Document
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Value, content_hash
from cern_assets.settings import load_settings
from cern_assets.storage.documents import DocumentStore
from cern_assets.wiring import build_store

type Loaded = Value | dict[str, Value]


class DocumentsIOManager(dg.ConfigurableIOManager):
    """Documents by (source, stage, recid); the asset key is (source, stage), the partition key the recid."""

    def put(self, key: dg.AssetKey, recid: Recid, body: Value) -> None:
        """Write one recid's body."""
        source, stage = key.path
        digest = content_hash(body)
        self._documents.write(
            Document(source=source, stage=stage, recid=recid, input_hash="", content_hash=digest, body=body)
        )

    def get(self, key: dg.AssetKey, recid: Recid) -> Value:
        """Read one recid's body.

        Raises:
            KeyError: there is none; the message names the asset to materialize.
        """
        source, stage = key.path
        document = self._documents.read(source, stage, recid, _body_type(stage))
        if document is None:
            raise KeyError(f"{key.to_user_string()} has no document for recid {recid}: materialize it first.")
        return document.body

    def handle_output(self, context: dg.OutputContext, obj: Value | Mapping[str, Value]) -> None:
        """Write one body, or for a range of partitions a mapping of recid to body."""
        bodies = obj if isinstance(obj, Mapping) else {context.partition_key: obj}
        for recid, body in bodies.items():
            self.put(context.asset_key, Recid(recid), body)

    def load_input(self, context: dg.InputContext) -> Loaded:
        """One body, or for a range of partitions a dict of recid to body."""
        recids = context.asset_partition_keys
        if len(recids) == 1:
            return self.get(context.asset_key, Recid(recids[0]))
        return {recid: self.get(context.asset_key, Recid(recid)) for recid in recids}

    @property
    def _documents(self) -> DocumentStore:
        return DocumentStore(build_store(load_settings()))


def _body_type(stage: str) -> type[Value]:
    return next(known.body for known in STAGES if known.name == stage)
