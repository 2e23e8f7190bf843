"""The embedded repository keeps what it says it has, however requests meet, and tells nobody what is not theirs."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from cern_assets.stand_ins.http_heads import MAX_HEAD_BYTES, BoundedHeads
from cern_assets.stand_ins.repository.bodies import MAX_JSON_BYTES
from cern_assets.stand_ins.repository.content import ContentFolder
from cern_assets.stand_ins.repository.database import Database
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.unit.stand_ins.embedded_client import client_of, contents, draft_with_file, payload, publish


@pytest.fixture
def depositor(embedded_repository: RunningRepository) -> Iterator[httpx.Client]:
    with client_of(embedded_repository) as client:
        yield client


class SlowUpload:
    """A PUT whose body is begun at once and ended when told to."""

    def __init__(self, repository: RunningRepository, url: str, content: bytes) -> None:
        self._begun, self._end = threading.Event(), threading.Event()
        self._content = content
        self.status = 0
        self._thread = threading.Thread(target=self._send, args=(repository, url))
        self._thread.start()
        self._begun.wait(30)

    def let_end(self) -> None:
        """Let the rest be sent."""
        self._end.set()

    def end(self) -> int:
        """Send the rest and give the status of the answer."""
        self.let_end()
        self._thread.join(30)
        return self.status

    def _send(self, repository: RunningRepository, url: str) -> None:
        with client_of(repository) as client:
            self.status = client.put(url, content=self._pieces()).status_code

    def _pieces(self) -> Iterator[bytes]:
        yield self._content[:-1]
        self._begun.set()
        self._end.wait(30)
        yield self._content[-1:]


def await_upload(folder: Path) -> None:
    """Wait until the server has begun to write a content."""
    while not any(path.suffix == ".writing" for path in contents(folder)):
        threading.Event().wait(0.01)


def test_an_upload_that_ends_after_publication_changes_nothing(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        draft = draft_with_file(client)
        late = SlowUpload(repository, f"{draft}/files/a/content", b"x" * 100)
        await_upload(tmp_path)
        client.put(f"{draft}/files/a/content", content=b"in time").raise_for_status()
        client.post(f"{draft}/files/a/commit").raise_for_status()
        record = client.post(f"{draft}/actions/publish").raise_for_status().json()
        assert late.end() in (400, 403, 404)
        files = client.get(record["links"]["files"]).json()["entries"]
        assert [(file["status"], file["size"]) for file in files] == [("completed", 7)]
        assert client.get(files[0]["links"]["content"]).content == b"in time"
        assert len(contents(tmp_path)) == 1


def test_parallel_uploads_of_a_file_leave_the_checksum_of_the_bytes_that_are_kept(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        for _ in range(3):
            draft = draft_with_file(client)
            uploads = [
                SlowUpload(repository, f"{draft}/files/a/content", bytes([number]) * 300_000) for number in range(6)
            ]
            for upload in uploads:
                upload.let_end()  # all at once, not one after the other
            assert [upload.end() for upload in uploads] == [200] * 6
            file = client.post(f"{draft}/files/a/commit").raise_for_status().json()
            kept = client.get(f"{draft}/files/a/content").content
            assert file["checksum"] == f"md5:{hashlib.md5(kept, usedforsecurity=False).hexdigest()}"
        assert len(contents(tmp_path)) == 3


@pytest.mark.parametrize(
    "doi", ["NaN", "Infinity", "-Infinity", "1e999", r'"\ud800"', "[" * 100_000 + "]" * 100_000, "9" * 5000]
)
def test_what_could_not_be_written_out_again_is_refused(depositor: httpx.Client, doi: str) -> None:
    body = json.dumps({**payload(), "pids": {"doi": {"identifier": "HERE", "provider": "external"}}})
    headers = {"Content-Type": "application/json"}
    answer = depositor.post("/api/records", content=body.replace('"HERE"', doi), headers=headers)
    assert answer.status_code == 400
    assert depositor.get("/api/user/records").status_code == 200


def test_restricted_files_are_not_found_in_a_search(
    depositor: httpx.Client, embedded_repository: RunningRepository
) -> None:
    body = payload(files=True, title="Public record of hidden files")
    body["access"]["files"] = "restricted"
    record = publish(depositor, body, {"unseen.root": b"secret"})
    query = "/api/records?q=hidden+files"
    seen = httpx.get(f"{embedded_repository.url}{query}").json()["hits"]["hits"]
    assert [hit["id"] for hit in seen] == [record["id"]]
    assert "unseen.root" not in json.dumps(seen)
    assert seen[0]["access"]["status"] == "restricted"
    assert "unseen.root" not in depositor.get(query).text
    assert "unseen.root" in depositor.get("/api/user/records?q=hidden+files").text


def test_nobody_is_told_the_id_of_a_restricted_version(
    depositor: httpx.Client, embedded_repository: RunningRepository
) -> None:
    first = publish(depositor, payload())
    draft = depositor.post(first["links"]["versions"]).raise_for_status().json()
    depositor.put(draft["links"]["self"], json=payload(access="restricted")).raise_for_status()
    depositor.post(draft["links"]["publish"]).raise_for_status()
    for path in (f"/api/records/{first['id']}/versions/latest", f"/records/{first['id']}/latest"):
        answer = httpx.get(f"{embedded_repository.url}{path}")
        assert answer.status_code == 403
        assert draft["id"] not in answer.text + str(answer.headers)
    assert depositor.get(f"/api/records/{first['id']}/versions/latest").headers["Location"].endswith(draft["id"])


def test_a_body_that_is_too_long_is_refused_before_it_is_read(depositor: httpx.Client) -> None:
    taken = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(64 * 1024)
            yield bytes(64 * 1024)

    try:
        status = depositor.post("/api/records", content=endless()).status_code
    except httpx.TransportError:
        status = 413  # the server has answered and hung up before the client looked
    assert status == 413
    assert sum(taken) < 2 * MAX_JSON_BYTES + 16 * 1024 * 1024


def test_a_body_of_an_anonymous_get_is_not_kept(embedded_repository: RunningRepository) -> None:
    answer = httpx.request("GET", f"{embedded_repository.url}/api/records", content=b"{" * 1_000_000)
    assert answer.status_code == 200


def connection(repository: RunningRepository) -> socket.socket:
    address = urlsplit(repository.url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30)


def test_a_head_that_never_ends_is_hung_up_on(
    embedded_repository: RunningRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedHeads, "head_seconds", 0.2)
    with closing(connection(embedded_repository)) as silent, closing(connection(embedded_repository)) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert half.recv(1) == b""
        assert silent.recv(1) == b""
    with closing(connection(embedded_repository)) as again:
        host = urlsplit(embedded_repository.url).netloc.encode()
        again.sendall(b"GET /style.css HTTP/1.1\r\nHost: " + host + b"\r\n\r\nGET / HT")
        while again.recv(65536):
            pass


def test_a_head_that_is_too_long_is_hung_up_on(embedded_repository: RunningRepository) -> None:
    header = b"X-Padding: " + b"x" * 8000 + b"\r\n"
    with closing(connection(embedded_repository)) as endless, pytest.raises(OSError, match=r"reset|[Bb]roken"):
        endless.sendall(b"GET / HTTP/1.1\r\n" + header * (1000 * MAX_HEAD_BYTES // len(header)))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", ""])
def test_a_request_for_another_host_is_refused(depositor: httpx.Client, host: str) -> None:
    answer = depositor.get("/api/records", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "evil" not in answer.text


def test_links_begin_with_the_name_of_the_server_that_was_asked(embedded_repository: RunningRepository) -> None:
    url = embedded_repository.url.replace("127.0.0.1", "localhost")
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert httpx.get(f"{url}/api/records", headers=headers).json()["links"]["self"].startswith(f"{url}/api/records")


def test_parts_outlive_a_server_that_ended_before_it_committed_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the measuring of a file and the note of it: the next server can still commit it."""

    def killed(_folder: ContentFolder, _file_id: str) -> None:
        raise RuntimeError("the process ends here")

    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        draft = draft_with_file(client, size=6, transfer={"type": "M", "parts": 2, "part_size": 3})
        for number, content in ((1, b"abc"), (2, b"def")):
            client.put(f"{draft}/files/a/content/{number}", content=content).raise_for_status()
        with monkeypatch.context() as patch:
            patch.setattr(ContentFolder, "measured", killed)
            assert client.post(f"{draft}/files/a/commit").status_code == 500
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        file = client.post(f"{urlsplit(draft).path}/files/a/commit").raise_for_status().json()
        assert (file["status"], file["size"]) == ("completed", 6)
        assert client.get(f"{urlsplit(draft).path}/files/a/content").content == b"abcdef"
        assert len(contents(tmp_path)) == 1


def test_a_part_that_comes_after_the_file_was_committed_is_refused(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        draft = draft_with_file(client, size=3, transfer={"type": "M", "parts": 1, "part_size": 3})
        client.put(f"{draft}/files/a/content/1", content=b"abc").raise_for_status()
        client.post(f"{draft}/files/a/commit").raise_for_status()
        assert client.put(f"{draft}/files/a/content/1", content=b"xyz").status_code == 400
        assert client.get(f"{draft}/files/a/content").content == b"abc"
        assert len(contents(tmp_path)) == 1


def test_missing_and_short_parts_are_zeros_that_only_the_md5_tells(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        draft = draft_with_file(client, size=6, transfer={"type": "M", "parts": 2, "part_size": 3})
        refused = client.put(f"{draft}/files/a/content/1", content=b"ab").raise_for_status().json()
        assert refused["errors"] == "File upload transfer failed."
        client.put(f"{draft}/files/a/content/2", content=b"d").raise_for_status()
        assert client.post(f"{draft}/files/a/commit").raise_for_status().json()["size"] == 6
        assert client.get(f"{draft}/files/a/content").content == b"\0\0\0d\0\0"


def test_what_is_answered_is_on_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "repository.sqlite")
    with database.writing() as connection_:
        assert connection_.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    database.close()


def test_the_folder_and_its_databases_are_their_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    with running_embedded(folder) as repository, client_of(repository) as client:
        publish(client, payload(files=True), {"a": b"bytes"})
        databases = list(folder.glob("repository.sqlite*"))
        assert len(databases) == 3
        assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, folder / "content", *databases))
