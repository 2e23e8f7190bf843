"""Whatever JSON a source sends: its document comes back as it was written."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.documents.store import DocumentStore
from cern_assets.model.documents import Document
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, content_hash
from cern_assets.storage.local import LocalStore

_KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_TEXTS = st.text(st.characters(), max_size=8)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS
_JSON: st.SearchStrategy[Json] = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=10
)


@settings(deadline=None)  # disks are now and then slow
@given(st.dictionaries(_KEYS, _JSON, max_size=4), st.none() | st.text(st.characters(codec="latin-1"), max_size=8))
def test_a_document_comes_back_with_the_same_hash(metadata: dict[str, Json], etag: str | None) -> None:
    record = SourceRecord(source="opendata", recid=Recid("133"), url="u", metadata=metadata, files=())
    written = Document[SourceRecord](
        collection="opendata",
        source="opendata",
        stage="raw_record",
        recid=Recid("133"),
        input_hash="1f",
        content_hash=content_hash(record),
        body=record,
        etag=etag,
    )
    with tempfile.TemporaryDirectory() as folder:
        documents = DocumentStore(LocalStore(Path(folder)))
        documents.write(written)
        read = documents.read("opendata", "raw_record", Recid("133"), SourceRecord)
    assert read == written
    assert read is not None
    assert content_hash(read.body) == written.content_hash
