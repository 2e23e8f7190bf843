"""A webhook that hangs, sends us elsewhere or answers without end holds nobody up."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cern_assets.errors import TransientError
from cern_assets.telemetry.webhook import post

type Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def _answering(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            with suppress(OSError):  # who asked has gone
                answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the library calls it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/s3cret"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_answer_without_end_is_not_read() -> None:
    ended = threading.Event()

    def without_end(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not ended.wait(0.01):
                handler.wfile.write(b"." * 10_000)
        finally:
            ended.set()

    with _answering(without_end) as url:
        post(url, {"text": "a condition"}, timeout_seconds=30)
        assert ended.wait(30), "the connection was closed"


def test_a_redirect_is_not_followed_and_no_message_has_the_address() -> None:
    asked: list[str] = []

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(307)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with _answering(elsewhere) as url, pytest.raises(TransientError, match="answered 307") as told:
        post(url, {"text": "a condition"}, timeout_seconds=30)
    assert asked == ["/hooks/s3cret"]
    assert "s3cret" not in str(told.value)


def test_one_that_does_not_answer_is_not_waited_for() -> None:
    ended = threading.Event()

    def hanging(_handler: BaseHTTPRequestHandler) -> None:
        ended.wait(60)

    with _answering(hanging) as url:
        began = time.monotonic()
        with pytest.raises(TransientError, match="did not answer"):
            post(url, {"text": "a condition"}, timeout_seconds=0.2)
        ended.set()
        assert time.monotonic() - began < 30
