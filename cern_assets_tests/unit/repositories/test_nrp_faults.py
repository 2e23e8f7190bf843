"""The adapter against repositories that misbehave: each test guards one fault of nrp-cmd, or one kind of answer."""

import hashlib
import resource
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from cern_assets.errors import (
    ConfigurationError,
    CredentialsRefusedError,
    DepositRefusedError,
    RepositoryUnavailableError,
    TransferInterruptedError,
)
from cern_assets.model.checksums import Checksum
from cern_assets.model.publications import Draft
from cern_assets.model.uploads import Upload
from cern_assets.repositories.nrp.bounded import MOST_ANSWER_BYTES
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.repository import RunningRepository

MIB = 1024 * 1024
DRAFT = "/api/records/abcde-12345/draft"
FILES = f"{DRAFT}/files"


@contextmanager
def adapter_of(url: str, *, attempts: int = 1, timeout_seconds: float = 5, token: str = "t") -> Iterator[NrpRepository]:
    adapter = NrpRepository(url, token, attempts=attempts, timeout_seconds=timeout_seconds)
    try:
        yield adapter
    finally:
        adapter.close()


@contextmanager
def served(*routes: Route) -> Iterator[str]:
    with serve_in_thread(Starlette(routes=list(routes))) as url:
        yield url


def record_json(**more: Any) -> dict[str, Any]:
    links = {"self": f"http://elsewhere.example{DRAFT}", "publish": f"http://elsewhere.example{DRAFT}/actions/publish"}
    times = {"created": "2026-01-01T00:00:00+00:00", "updated": "2026-01-01T00:00:00+00:00"}
    return {
        "id": "abcde-12345",
        **times,
        "is_draft": True,
        "links": links,
        "parent": {"id": "p"},
        "metadata": {},
        **more,
    }


def draft(**more: Any) -> Draft:
    return Draft(record_id="abcde-12345", parent_id="p", version_index=1, url="", payload=record_json(**more))


def answers(status: int, body: object, seen: list[Request] | None = None) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        if seen is not None:
            seen.append(request)
        return JSONResponse(body, status)

    return endpoint


def announced(_request: Request) -> Response:
    """The answer to an upload's first request; its links name a host that does not exist."""
    url = f"http://elsewhere.example{FILES}/a.root"
    entry = {
        "key": "a.root",
        "status": "pending",
        "links": {"self": url, "content": f"{url}/content", "commit": f"{url}/commit"},
    }
    return JSONResponse({"enabled": True, "links": {"self": url}, "entries": [entry]}, 201)


def upload_of(chunks: Callable[[], Iterator[bytes]], size_bytes: int) -> Upload:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in chunks():
        digest.update(chunk)

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield chunks()

    def open_it() -> AbstractContextManager[Iterator[bytes]]:
        return opened()

    md5 = Checksum(algorithm="md5", value=digest.hexdigest())
    return Upload("a.root", size_bytes, lambda: md5, open_it)


def zeros(count: int) -> Upload:
    return upload_of(lambda: (bytes(MIB) for _ in range(count)), count * MIB)


def test_a_read_is_repeated_after_a_server_error() -> None:
    seen: list[Request] = []

    def endpoint(request: Request) -> Response:
        seen.append(request)
        return JSONResponse({}, 502) if len(seen) < 3 else JSONResponse(record_json())

    with served(Route(DRAFT, endpoint)) as url, adapter_of(url, attempts=3) as adapter:
        found = adapter.read_draft("abcde-12345")
    assert found is not None
    assert len(seen) == 3


def test_creating_a_draft_is_never_repeated() -> None:
    seen: list[Request] = []
    route = Route("/api/records", answers(502, {"message": "down for a moment"}, seen), methods=["POST"])
    down = pytest.raises(RepositoryUnavailableError, match="down for a moment")
    with served(route) as url, adapter_of(url, attempts=3) as adapter, down:
        adapter.create_draft({})
    assert len(seen) == 1


def test_a_request_that_came_too_often_is_repeated_even_if_it_creates() -> None:
    """The repository refused to look at it, so nothing can be made twice."""
    seen: list[Request] = []

    def endpoint(request: Request) -> Response:
        seen.append(request)
        if len(seen) == 1:
            return JSONResponse({}, 429, headers={"Retry-After": "0.1"})
        return JSONResponse(record_json(), 201)

    with served(Route("/api/records", endpoint, methods=["POST"])) as url, adapter_of(url, attempts=2) as adapter:
        assert adapter.create_draft({}).record_id == "abcde-12345"
    assert len(seen) == 2


def test_closing_the_adapter_ends_a_call_that_is_waiting() -> None:
    asked, released, ended = threading.Event(), threading.Event(), threading.Event()

    async def silent(_request: Request) -> Response:
        asked.set()
        await run_in_threadpool(released.wait)
        return JSONResponse({})

    with served(Route(DRAFT, silent)) as url:
        adapter = NrpRepository(url, "t", attempts=1, timeout_seconds=60)

        def wait() -> None:
            with pytest.raises(CancelledError):
                adapter.read_draft("abcde-12345")
            ended.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        asked.wait(10)
        adapter.close()
        waiting.join(10)
        released.set()
    assert ended.is_set()


def test_bytes_are_sent_again_from_the_first_one_after_a_server_error() -> None:
    """nrp-cmd alone takes a failed PUT of bytes for a success."""
    received: list[int] = []

    async def content(request: Request) -> Response:
        received.append(len(await request.body()))
        return JSONResponse({}, 500 if len(received) == 1 else 200)

    sent = zeros(2)
    done = {
        "key": "a.root",
        "status": "completed",
        "size": 2 * MIB,
        "checksum": str(sent.md5()),
        "links": {"self": "x"},
    }
    routes = (
        Route(FILES, announced, methods=["POST"]),
        Route(f"{FILES}/a.root/content", content, methods=["PUT"]),
        Route(f"{FILES}/a.root/commit", answers(200, done), methods=["POST"]),
    )
    with served(*routes) as url, adapter_of(url, attempts=2) as adapter:
        assert adapter.upload(draft(), sent).committed
    assert received == [2 * MIB, 2 * MIB]


def test_bytes_that_are_refused_are_not_committed() -> None:
    seen: list[Request] = []
    routes = (
        Route(FILES, announced, methods=["POST"]),
        Route(f"{FILES}/a.root/content", answers(413, {"message": "quota exceeded"}), methods=["PUT"]),
        Route(f"{FILES}/a.root/commit", answers(200, {}, seen), methods=["POST"]),
        Route(f"{FILES}/a.root", answers(404, {}), methods=["DELETE"]),
    )
    with served(*routes) as url, adapter_of(url) as adapter, pytest.raises(DepositRefusedError, match="quota exceeded"):
        adapter.upload(draft(), zeros(1))
    assert seen == []


def test_a_repository_that_stops_taking_bytes_is_given_up() -> None:
    released = threading.Event()

    async def content(_request: Request) -> Response:
        await run_in_threadpool(released.wait)
        return JSONResponse({})

    routes = (Route(FILES, announced, methods=["POST"]), Route(f"{FILES}/a.root/content", content, methods=["PUT"]))
    with served(*routes) as url:
        adapter = NrpRepository(url, "t", attempts=1, timeout_seconds=1)
        try:
            with pytest.raises(RepositoryUnavailableError, match="took no byte"):
                adapter.upload(draft(), zeros(64))
        finally:
            released.set()
    adapter.close()  # after the server: it is the one who ends a connection with bytes that it did not take


def test_a_repository_that_never_answers_is_given_up() -> None:
    released = threading.Event()

    async def silent(_request: Request) -> Response:
        await run_in_threadpool(released.wait)
        return JSONResponse({})

    with served(Route(DRAFT, silent)) as url, adapter_of(url, timeout_seconds=0.5) as adapter:
        try:
            with pytest.raises(RepositoryUnavailableError, match="GET"):
                adapter.read_draft("abcde-12345")
        finally:
            released.set()


def test_a_source_slower_than_the_time_limit_is_waited_for(embedded_repository: RunningRepository) -> None:
    waiting = threading.Event()

    def slow() -> Iterator[bytes]:
        yield b"first, "
        waiting.wait(1.5)  # nobody sets it: the source says nothing for longer than the limit
        yield b"last"

    upload = upload_of(slow, 11)
    url, token = embedded_repository.url, embedded_repository.token
    with adapter_of(url, token=token, timeout_seconds=1) as adapter:
        made = adapter.create_draft({"files": {"enabled": True}})
        assert adapter.upload(made, upload).committed


def test_an_upload_needs_little_memory(embedded_repository: RunningRepository) -> None:
    with adapter_of(embedded_repository.url, token=embedded_repository.token) as adapter:
        made = adapter.create_draft({"files": {"enabled": True}})
        adapter.upload(made, zeros(4))
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        adapter.upload(made, zeros(256))
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 96 * 1024


def test_the_token_goes_to_no_other_server() -> None:
    seen: list[Request] = []
    with served(Route("/stolen", answers(200, {}, seen))) as other:

        def redirect(_request: Request) -> Response:
            return RedirectResponse(f"{other}/stolen", 302)

        routes = (Route(DRAFT, redirect), Route(f"{FILES}/a.root/content", redirect))
        with served(*routes) as url, adapter_of(url, token="secret") as adapter:
            with pytest.raises(RepositoryUnavailableError):
                adapter.read_draft("abcde-12345")
            with adapter.download(draft(), "a.root") as chunks:
                assert b"".join(chunks) == b"{}"
    assert len(seen) == 2
    assert [request.headers.get("Authorization") for request in seen] == [None, None]


def test_an_answer_that_is_no_record_says_so() -> None:
    route, told = (
        Route(DRAFT, answers(200, {"hello": "world"})),
        pytest.raises(RepositoryUnavailableError, match="no Inv"),
    )
    with served(route) as url, adapter_of(url) as adapter, told:
        adapter.read_draft("abcde-12345")


def test_a_web_page_instead_of_json_says_so() -> None:
    def endpoint(_request: Request) -> Response:
        return Response("<h1>Welcome</h1>", media_type="text/html")

    told = pytest.raises(RepositoryUnavailableError, match="CERN_ASSETS_REPOSITORY_URL")
    with served(Route("/api/user/records", endpoint)) as url, adapter_of(url) as adapter, told:
        adapter.ping()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_an_error_of_every_recid(status: int) -> None:
    route, told = Route(DRAFT, answers(status, {"message": "No."})), pytest.raises(CredentialsRefusedError, match="No")
    with served(route) as url, adapter_of(url) as adapter, told as raised:
        adapter.read_draft("abcde-12345")
    assert raised.value.may_affect_all


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_none(status: int) -> None:
    with served(Route(DRAFT, answers(status, {}))) as url, adapter_of(url) as adapter:
        assert adapter.read_draft("abcde-12345") is None


def test_files_are_told_by_key_in_whichever_order_the_repository_lists_them() -> None:
    entries = [{"key": key, "status": "completed", "size": 1, "checksum": f"md5:{'0' * 32}"} for key in "bca"]
    with served(Route(FILES, answers(200, {"entries": entries}))) as url, adapter_of(url) as adapter:
        assert [file.key for file in adapter.files(draft())] == ["a", "b", "c"]


def test_search_results_that_only_resemble_the_identifier_are_left_out() -> None:
    def hit(record_id: str, identifier: str) -> dict[str, Any]:
        metadata = {"identifiers": [{"scheme": "other", "identifier": identifier}]}
        return record_json(id=record_id, is_draft=False, metadata=metadata)

    found = {"hits": {"hits": [hit("aaaaa-00000", "recid 133"), hit("bbbbb-00000", "recid 13")], "total": 2}}
    routes = (Route("/api/records", answers(200, found)), Route("/api/user/records", answers(200, {"hits": {}})))
    with served(*routes) as url, adapter_of(url) as adapter:
        assert [record.record_id for record in adapter.find("recid 13").others] == ["bbbbb-00000"]


def test_a_repository_that_wants_a_review_is_no_publication() -> None:
    """NRP repositories may answer a publication with a request that somebody has to accept."""
    request = {
        "id": "r1",
        "type": "publish_draft",
        "status": "created",
        "number": "1",
        "title": "Publish it",
        "created": "2026-01-01T00:00:00+00:00",
        "updated": "2026-01-01T00:00:00+00:00",
        "revision_id": 1,
        "is_open": False,
        "is_closed": True,
        "is_expired": False,
        "topic": {"record": "abcde-12345"},
        "receiver": {"user": "2"},
        "created_by": {"user": "1"},
        "links": {"self": "x", "comments": "x", "timeline": "x", "actions": {}},
    }
    route = Route("/api/requests/r1", answers(200, {**request, "status": "declined"}))
    with served(route) as url, adapter_of(url) as adapter, pytest.raises(DepositRefusedError, match="declined"):
        adapter.publish(draft(expanded={"requests": [request]}))


def test_a_download_that_breaks_off_is_told() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"only this", "more_body": True})
        raise ConnectionAbortedError

    with serve_in_thread(broken) as url, adapter_of(url) as adapter:
        told = pytest.raises(TransferInterruptedError)
        with told, adapter.download(draft(), "a.root") as chunks:
            list(chunks)


def test_many_threads_share_one_adapter(embedded_repository: RunningRepository) -> None:
    failures: list[Exception] = []
    ids: list[str] = []
    with adapter_of(embedded_repository.url, token=embedded_repository.token) as adapter:

        def work() -> None:
            try:
                made = adapter.create_draft({"files": {"enabled": True}})
                adapter.upload(made, zeros(1))
                ids.append(made.record_id)
            except Exception as error:  # noqa: BLE001  # handed to the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(set(ids)) == 24


def test_an_adapter_works_again_after_being_closed(embedded_repository: RunningRepository) -> None:
    with adapter_of(embedded_repository.url, token=embedded_repository.token) as adapter:
        adapter.ping()
        adapter.close()
        assert embedded_repository.url in adapter.ping()


@pytest.mark.parametrize("url", ["", "repository.example.org", "ftp://repository.example.org"])
def test_an_address_that_is_no_http_url_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ConfigurationError, match="CERN_ASSETS_REPOSITORY_URL"):
        NrpRepository(url, "token", attempts=1, timeout_seconds=1)


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_grows_when_it_is_unpacked_is_let_go(status: int) -> None:
    packed = zlib.compress(bytes(MOST_ANSWER_BYTES + 1))

    def growing(_request: Request) -> Response:
        return Response(packed, status, {"Content-Encoding": "deflate"}, "application/json")

    with (
        served(Route("/api/records/{id}", growing)) as url,
        adapter_of(url) as adapter,
        pytest.raises(RepositoryUnavailableError, match="more than"),
    ):
        adapter.read_published("abcde-12345")
