"""Guards that a stage's document comes back as it was, and that an unreadable one is said to be so and made again."""

import logging
from pathlib import Path

import pytest

from cern_assets.documents.store import DocumentStore
from cern_assets.errors import CernAssetsError, UnsafeNameError
from cern_assets.model.checksums import Checksum
from cern_assets.model.documents import Document
from cern_assets.model.files import FileRef
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.records import SourceRecord
from cern_assets.storage.local import LocalStore

MANIFEST = Manifest(
    files=(
        StoredFile(
            key="a b.root",
            ref=FileRef(place="store", path="files/133/a b.root"),
            size_bytes=3,
            checksums=(Checksum(algorithm="adler32", value="024d0127"),),
            verified=True,
        ),
    )
)


def document(recid: str = "133", body: Manifest = MANIFEST) -> Document[Manifest]:
    return Document[Manifest](
        collection="opendata",
        source="opendata",
        stage="raw_files",
        recid=Recid(recid),
        input_hash="1f",
        content_hash="2e",
        body=body,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def documents(folder: Path) -> DocumentStore:
    return DocumentStore(LocalStore(folder))


def test_a_document_comes_back_as_it_was(documents: DocumentStore) -> None:
    documents.write(document())
    assert documents.read("opendata", "raw_files", Recid("133"), Manifest) == document()


def test_a_document_lies_under_two_digits_of_its_recids_hash(documents: DocumentStore, folder: Path) -> None:
    documents.write(document())
    # sha256 of "133" begins with d2.
    assert (folder / "documents/opendata/raw_files/d2/133.json").is_file()


def test_a_document_is_stable_text_for_people(documents: DocumentStore, folder: Path) -> None:
    record = SourceRecord(source="opendata", recid=Recid("5"), url="u", metadata={"z": "Zerfälle", "a": 1}, files=())
    written = Document[SourceRecord](
        collection="opendata",
        source="opendata",
        stage="raw_record",
        recid=Recid("5"),
        input_hash="",
        content_hash="",
        body=record,
    )
    texts = []
    for _ in range(2):
        documents.write(written)
        texts.append(next(folder.rglob("5.json")).read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    assert '"Zerfälle"' in texts[0]
    assert texts[0].index('"a"') < texts[0].index('"z"')
    assert texts[0].endswith("}\n")


def test_half_a_surrogate_pair_survives(documents: DocumentStore) -> None:
    record = SourceRecord(source="opendata", recid=Recid("5"), url="u", metadata={"title": "\ud83d"}, files=())
    written = Document[SourceRecord](
        collection="opendata",
        source="opendata",
        stage="raw_record",
        recid=Recid("5"),
        input_hash="",
        content_hash="",
        body=record,
    )
    documents.write(written)
    assert documents.read("opendata", "raw_record", Recid("5"), SourceRecord) == written


def test_a_missing_document_is_none_without_a_warning(
    documents: DocumentStore, caplog: pytest.LogCaptureFixture
) -> None:
    assert documents.read("opendata", "raw_files", Recid("133"), Manifest) is None
    assert caplog.records == []


@pytest.mark.parametrize(
    "content",
    [b"", b'{"source": "open', b"\xff\xfe", b'{"source": "opendata"}', b"[]", b'"text"'],
    ids=["empty", "torn", "no text", "of an older shape", "a list", "a string"],
)
def test_a_document_that_does_not_validate_is_none_and_named_in_the_log(
    documents: DocumentStore, folder: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    documents.write(document())
    place = next(folder.rglob("133.json"))
    place.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert documents.read("opendata", "raw_files", Recid("133"), Manifest) is None
    assert str(place) in caplog.text
    documents.write(document())
    assert documents.read("opendata", "raw_files", Recid("133"), Manifest) == document()


def test_a_document_of_another_body_is_none(documents: DocumentStore) -> None:
    documents.write(document())
    assert documents.read("opendata", "raw_files", Recid("133"), SourceRecord) is None


def test_a_store_that_cannot_be_read_is_an_error_and_not_none(documents: DocumentStore, folder: Path) -> None:
    documents.write(document())
    place = next(folder.rglob("133.json"))
    place.unlink()
    place.symlink_to(place)
    with pytest.raises(CernAssetsError, match="symbolic links"):
        documents.read("opendata", "raw_files", Recid("133"), Manifest)


def test_a_second_write_replaces_the_first(documents: DocumentStore) -> None:
    documents.write(document())
    documents.write(document(body=Manifest(files=())))
    assert documents.read("opendata", "raw_files", Recid("133"), Manifest) == document(body=Manifest(files=()))


def test_a_recid_cannot_lead_elsewhere(documents: DocumentStore) -> None:
    with pytest.raises(UnsafeNameError):
        documents.read("opendata", "raw_files", Recid("../133"), Manifest)
