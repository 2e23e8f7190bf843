"""The embedded repository beyond what the contract suite asks: pages, access, versions, crashes, other clients."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from nrp_cmd.async_client import get_async_client
from nrp_cmd.async_client.streams import MemorySource
from nrp_cmd.config import RepositoryConfig
from yarl import URL

from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.unit.stand_ins.embedded_client import client_of, contents, payload, publish

PART = 50 * 1024 * 1024


@pytest.fixture(scope="module")
def depositor(embedded_repository: RunningRepository) -> Iterator[httpx.Client]:
    with client_of(embedded_repository) as client:
        yield client


@pytest.fixture(scope="module")
def anybody(embedded_repository: RunningRepository) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=embedded_repository.url, timeout=30) as client:
        yield client


def test_a_record_page_shows_what_the_record_says(depositor: httpx.Client, anybody: httpx.Client) -> None:
    content = b"bytes of the file"
    record = publish(
        depositor,
        payload(
            files=True,
            description="<p>Muons <em>galore</em></p>",
            identifiers=[{"scheme": "url", "identifier": "https://opendata.cern.ch/record/545"}],
        ),
        {"sub/a b.root": content},
    )
    page = anybody.get(record["links"]["self_html"]).raise_for_status().text
    assert "<h1>Dimuon events</h1>" in page
    assert "Curie, Marie" in page
    assert "<p>Muons <em>galore</em></p>" in page
    assert 'href="https://opendata.cern.ch/record/545"' in page
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() in page
    assert f'href="/api/records/{record["id"]}/files/sub/a%20b.root/content"' in page
    assert f'href="/api/records/{record["id"]}"' in page


def test_no_text_of_a_record_can_run_in_a_page(depositor: httpx.Client, anybody: httpx.Client) -> None:
    evil = '<script>alert("x")</script>'
    record = publish(
        depositor,
        payload(
            title=evil,
            description=f"fine {evil} <img src=x onerror=alert(1)>",
            creators=[{"person_or_org": {"type": "organizational", "name": evil}}],
            identifiers=[{"scheme": "other", "identifier": f'"{evil}'}],
            rights=[{"title": {"en": evil}, "link": "javascript:alert(1)"}],
            subjects=[{"subject": evil}],
        ),
    )
    for path in (f"/records/{record['id']}", "/", f"/?q={evil}"):
        answer = anybody.get(path).raise_for_status()
        assert "<script" not in answer.text
        assert "onerror" not in answer.text
        assert "javascript:" not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_index_lists_the_newest_first_and_searches(depositor: httpx.Client, anybody: httpx.Client) -> None:
    first = publish(depositor, payload(title="Findable kaons"))
    second = publish(depositor, payload(title="Findable pions"))
    page = anybody.get("/?q=findable").text
    assert page.index(f"/records/{second['id']}") < page.index(f"/records/{first['id']}")
    assert f"/records/{second['id']}" not in anybody.get("/?q=kaons").text
    assert first["id"] in anybody.get(f"/?q={first['id']}").text


def test_every_page_of_the_index_can_be_reached(depositor: httpx.Client, anybody: httpx.Client) -> None:
    for number in range(21):
        publish(depositor, payload(title=f"Pageable record {number}"))
    first, second = anybody.get("/?q=pageable").text, anybody.get("/?q=pageable&page=2").text
    assert "page=2" in first
    assert "Pageable record 0<" not in first
    assert "Pageable record 0<" in second


@pytest.mark.parametrize("path", ["/records/zzzzz-99999", "/records/zzzzz-99999/latest", "/nowhere"])
def test_what_is_not_there_is_a_page_that_says_so(anybody: httpx.Client, path: str) -> None:
    answer = anybody.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_draft_is_shown_to_nobody_else(depositor: httpx.Client, anybody: httpx.Client) -> None:
    draft = depositor.post("/api/records", json=payload(title="Secret draft")).json()
    assert anybody.get(draft["links"]["self"]).status_code == 403
    assert anybody.get(draft["links"]["record"]).status_code == 404
    assert anybody.get(draft["links"]["self_html"]).status_code == 403
    assert "Secret draft" not in anybody.get("/?q=secret").text


def test_a_restricted_record_is_shown_to_nobody_else(depositor: httpx.Client, anybody: httpx.Client) -> None:
    record = publish(depositor, payload(title="Hidden zwitterions", access="restricted", files=True), {"a": b"secret"})
    for path in ("", "/files", "/files/a", "/files/a/content"):
        assert anybody.get(f"/api/records/{record['id']}{path}").status_code == 403
        assert depositor.get(f"/api/records/{record['id']}{path}").status_code == 200
    assert anybody.get(f"/records/{record['id']}").status_code == 403
    # A word of this record alone: other tests that share the repository may publish what is "restricted" in part.
    assert anybody.get("/api/records?q=zwitterions").json()["hits"]["total"] == 0
    assert depositor.get("/api/user/records?q=zwitterions").json()["hits"]["total"] == 1


def test_restricted_files_are_not_listed_in_a_public_record(depositor: httpx.Client, anybody: httpx.Client) -> None:
    body = payload(files=True)
    body["access"]["files"] = "restricted"
    record = publish(depositor, body, {"hidden.root": b"secret"})
    for path in (f"/api/records/{record['id']}", f"/records/{record['id']}"):
        assert "hidden.root" not in anybody.get(path).raise_for_status().text
    assert anybody.get(f"/api/records/{record['id']}/files/hidden.root/content").status_code == 403


def test_a_part_of_a_file_can_be_read(depositor: httpx.Client, anybody: httpx.Client) -> None:
    record = publish(depositor, payload(files=True), {"a.txt": b"0123456789"})
    url = f"/api/records/{record['id']}/files/a.txt/content"
    answer = anybody.get(url, headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")
    assert anybody.head(url).headers["Content-Length"] == "10"


def test_a_deposited_page_is_only_ever_a_download(depositor: httpx.Client, anybody: httpx.Client) -> None:
    record = publish(depositor, payload(files=True), {"page.html": b"<script>alert(1)</script>"})
    answer = anybody.get(f"/api/records/{record['id']}/files/page.html/content")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_change_based_on_an_old_revision_is_refused(depositor: httpx.Client) -> None:
    draft = depositor.post("/api/records", json=payload()).json()
    url, revision = draft["links"]["self"], str(draft["revision_id"])
    first = depositor.put(url, json=payload(title="First"), headers={"If-Match": revision})
    assert first.status_code == 200
    assert first.headers["ETag"] == f'"{first.json()["revision_id"]}"'
    assert depositor.put(url, json=payload(title="Second"), headers={"If-Match": revision}).status_code == 412


def test_a_discarded_draft_is_gone_with_its_files(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        draft = client.post("/api/records", json=payload(files=True)).json()
        files = draft["links"]["files"]
        client.post(files, json=[{"key": "a"}])
        client.put(f"{files}/a/content", content=b"bytes")
        assert contents(tmp_path) != []
        assert client.delete(draft["links"]["self"]).status_code == 204
        assert client.get(draft["links"]["self"]).status_code == 404
    assert contents(tmp_path) == []


def test_a_discarded_edit_leaves_the_published_record(depositor: httpx.Client) -> None:
    record = publish(depositor, payload(title="Stays"))
    draft = depositor.post(record["links"]["draft"]).json()
    depositor.put(draft["links"]["self"], json=payload(title="Goes"))
    assert depositor.delete(draft["links"]["self"]).status_code == 204
    assert depositor.get(record["links"]["self"]).json()["metadata"]["title"] == "Stays"


def test_the_latest_version_is_one_redirect_away(depositor: httpx.Client, anybody: httpx.Client) -> None:
    first = publish(depositor, payload(version="1.0"))
    draft = depositor.post(first["links"]["versions"]).json()
    assert "version" not in draft["metadata"]
    second = depositor.post(draft["links"]["publish"]).raise_for_status().json()
    for path in (f"/api/records/{first['id']}/versions/latest", f"/records/{first['id']}/latest"):
        assert anybody.get(path).headers["Location"].endswith(f"/records/{second['id']}")
    assert "There is a newer version" in anybody.get(f"/records/{first['id']}").text
    assert anybody.get(first["links"]["self"]).json()["versions"]["is_latest"] is False


def test_records_survive_a_restart(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        record = publish(client, payload(files=True), {"a.txt": b"still here"})
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        again = client.get(f"/api/records/{record['id']}").raise_for_status().json()
        assert again["metadata"] == record["metadata"]
        assert client.get(f"/api/records/{record['id']}/files/a.txt/content").content == b"still here"


def test_an_upload_that_breaks_off_leaves_no_content(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as repository, client_of(repository) as client:
        draft = client.post("/api/records", json=payload(files=True)).json()
        files = draft["links"]["files"]
        client.post(files, json=[{"key": "a"}]).raise_for_status()

        def breaks_off() -> Iterator[bytes]:
            yield b"half of it"
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            client.put(f"{files}/a/content", content=breaks_off(), headers={"Content-Length": "100"})
        assert client.post(f"{files}/a/commit").status_code == 400
    assert contents(tmp_path) == []


def test_what_a_killed_server_was_writing_is_swept_up(tmp_path: Path) -> None:
    leftover = tmp_path / "content" / "ab" / "abcdef.12345678.writing"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half of it")
    with running_embedded(tmp_path):
        assert not leftover.exists()


def test_many_depositors_at_once_lose_nothing(embedded_repository: RunningRepository) -> None:
    found: list[str] = []

    def work(number: int) -> None:
        with client_of(embedded_repository) as client:
            content = str(number).encode() * 1000
            record = publish(client, payload(files=True, title=f"Parallel {number}"), {"a.txt": content})
            if client.get(f"{record['links']['files']}/a.txt/content").content == content:
                found.append(record["id"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 16


@pytest.mark.parametrize("transfer", ["F", "R"])
def test_transfers_that_fetch_from_elsewhere_are_refused(depositor: httpx.Client, transfer: str) -> None:
    draft = depositor.post("/api/records", json=payload(files=True)).json()
    entry = {"key": "a", "transfer": {"type": transfer, "url": "https://example.org/a"}}
    assert depositor.post(draft["links"]["files"], json=[entry]).status_code == 400


def test_nrp_cmd_discovers_the_server_and_sends_a_file_in_parts(embedded_repository: RunningRepository) -> None:
    content = hashlib.shake_128(b"parts").digest(PART + 4567)

    async def deposit() -> Any:
        config = RepositoryConfig(
            alias="e", url=URL(embedded_repository.url), token=embedded_repository.token, retry_count=1
        )
        client = await get_async_client(config)
        record = await client.records.create(payload(files=True))
        source = MemorySource(content, "application/octet-stream")
        return await client.files.upload(record, "a.root", {}, source, transfer_type="M")

    file = asyncio.run(deposit())
    assert file.size == len(content)
    assert file.checksum == f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
