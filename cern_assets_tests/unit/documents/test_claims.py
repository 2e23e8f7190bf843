"""Claims: a recid goes into a repository by one collection only, and the other one is told which."""

from pathlib import Path

import pytest

from cern_assets.documents.claims import claim
from cern_assets.errors import RecordClaimedError
from cern_assets.model.identifiers import Recid
from cern_assets.storage.local import LocalStore

HERE, THERE = "https://here.example.org", "https://there.example.org"


def _claim(folder: Path, collection: str, repository: str = HERE, recid: str = "133") -> None:
    claim(LocalStore(folder), collection, source="opendata", repository=repository, recid=Recid(recid))


def test_the_first_collection_keeps_a_recid_and_may_ask_again(tmp_path: Path) -> None:
    _claim(tmp_path, "first")
    _claim(tmp_path, "first")
    with pytest.raises(RecordClaimedError, match="The collection first brings this record into") as raised:
        _claim(tmp_path, "second")
    assert raised.value.uri is not None
    Path(raised.value.uri).unlink()  # the remedy
    _claim(tmp_path, "second")


def test_another_repository_or_recid_is_free(tmp_path: Path) -> None:
    _claim(tmp_path, "first")
    _claim(tmp_path, "second", repository=THERE)
    _claim(tmp_path, "second", recid="134")
    assert len(list((tmp_path / "claims").rglob("*.json"))) == 3


@pytest.mark.parametrize("torn", [b"", b'{"collec', b"[]", b'{"collection": 7}', b"\xff"])
def test_a_torn_claim_is_made_anew(tmp_path: Path, torn: bytes) -> None:
    _claim(tmp_path, "first")
    (path,) = (tmp_path / "claims").rglob("*.json")
    path.write_bytes(torn)
    _claim(tmp_path, "second")
    with pytest.raises(RecordClaimedError, match="second"):
        _claim(tmp_path, "first")
