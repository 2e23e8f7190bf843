"""`cern-assets publish`: a receipt for a deposit with its files, the same again and nothing written."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets_tests.services.command_line import Answer
from cern_assets_tests.services.deposits import given_deposit
from cern_assets_tests.services.repository import RunningRepository

FILES = {"a.root": b"first", "sub/b.root": b"second", "empty": b""}


@pytest.fixture
def repository(
    embedded_repository: RunningRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunningRepository:
    monkeypatch.setenv("CERN_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", embedded_repository.token)
    return embedded_repository


def _deposit(folder: Path, **metadata: Any) -> Path:
    return given_deposit(folder / "deposit.json", **metadata)


def _files(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_receipt_is_printed_and_a_second_run_gives_the_same_and_writes_nothing(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = _files(tmp_path / "files", FILES)
    asked = ("publish", str(_deposit(tmp_path)), "--files", str(folder), "--repository", repository.url, "--json")
    first = run(*asked)
    assert (first.code, first.json["status"], first.json["version"]) == (0, "done", 1)
    assert first.json["calls"] == {"requests": 11, "writes": 9, "GET": 2, "POST": 6, "PUT": 3}
    assert {file["key"]: (file["size"], file["md5"], file["skipped"]) for file in first.json["files"]} == {
        key: (len(content), hashlib.md5(content).hexdigest(), False) for key, content in FILES.items()
    }
    again = run(*asked)
    assert (again.code, again.json["id"], again.json["url"]) == (0, first.json["id"], first.json["url"])
    assert (again.json["status"], again.json["calls"]) == ("unchanged", {"requests": 1, "writes": 0, "GET": 1})
    assert all(file["skipped"] for file in again.json["files"])


def test_without_what_an_earlier_run_left_the_same_record_is_found_again(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("publish", str(_deposit(tmp_path)), "--repository", repository.url, "--json")
    first = run(*asked)
    monkeypatch.setenv("CERN_ASSETS_HOME", str(tmp_path / "another home"))
    again = run(*asked)
    assert (again.json["id"], again.json["calls"]["writes"]) == (first.json["id"], 0)


def test_changed_metadata_is_an_edit_and_a_changed_file_a_version_that_sends_only_it(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = _files(tmp_path / "files", FILES)
    rest = ("--files", str(folder), "--repository", repository.url, "--json")
    first = run("publish", str(_deposit(tmp_path)), *rest).json
    edited = run("publish", str(_deposit(tmp_path, title="Another title")), *rest).json
    assert (edited["id"], edited["version"], edited["status"]) == (first["id"], 1, "done")
    _files(folder, {"a.root": b"changed"})
    second = run("publish", str(_deposit(tmp_path, title="Another title")), *rest).json
    assert second["version"] == 2
    assert [file["key"] for file in second["files"] if not file["skipped"]] == ["a.root"]


def test_a_manifest_names_files_by_key_and_what_it_states_is_checked(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path
) -> None:
    _files(tmp_path, {"local name.root": b"bytes"})
    manifest = tmp_path / "manifest.json"
    md5 = hashlib.md5(b"bytes").hexdigest()
    listed = {"path": "local name.root", "key": "data.root", "size": 5, "checksum": f"md5:{md5}"}
    manifest.write_text(json.dumps([listed]))
    asked = ("publish", str(_deposit(tmp_path)), "--files", str(manifest), "--repository", repository.url, "--json")
    assert [file["key"] for file in run(*asked).json["files"]] == ["data.root"]
    for wrong in ({"size": 6}, {"checksum": "sha1:" + "0" * 40}, {"path": "nothing"}, {"key": "../up"}):
        manifest.write_text(json.dumps([{**listed, **wrong}]))
        assert run(*asked).code == 2
    manifest.write_text(json.dumps([listed, listed]))
    assert "lists data.root twice" in run(*asked).err
    manifest.write_text('{"path": 1}')
    assert "manifest is not usable" in run(*asked).err


def test_a_line_of_transform_is_a_deposit_too_and_access_that_is_not_stated_is_restricted(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path
) -> None:
    path = _deposit(tmp_path)
    deposit = json.loads(path.read_text())
    del deposit["access"]
    path.write_text(json.dumps({"recid": "1", "deposit": deposit, "findings": []}))
    made = run("publish", str(path), "--repository", repository.url, "--json").json
    adapter = NrpRepository(repository.url, repository.token, attempts=1, timeout_seconds=30)
    record = adapter.read_published(made["id"])
    adapter.close()
    assert record is not None
    assert isinstance(record.payload["access"], dict)
    assert record.payload["access"]["record"] == "restricted"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The deposit is no JSON"),
        ("[]", "This is no deposit"),
        ('{"metadata": {"title": "x"}}', "The deposit breaks"),
    ],
)
def test_what_is_no_deposit_is_told_and_nothing_is_asked(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "deposit.json"
    path.write_text(text)
    answer = run("publish", str(path), "--repository", repository.url)
    assert (answer.code, said in answer.err) == (2, True)


def test_a_deposit_without_an_identifier_is_refused_as_it_would_be_published_again_and_again(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path
) -> None:
    answer = run("publish", str(_deposit(tmp_path, identifiers=[])), "--repository", repository.url)
    assert (answer.code, "no identifier" in answer.err) == (2, True)


def test_the_token_of_one_repository_is_not_sent_to_another(
    repository: RunningRepository, run: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", repository.url)
    answer = run("publish", str(_deposit(tmp_path)), "--repository", "http://127.0.0.1:1", "--json")
    assert (answer.code, "goes to no other repository" in answer.json["error"]["message"]) == (2, True)
