"""Answers of web servers that come a byte at a time, or where a redirect brings a body, end in bounded time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cern_assets.errors import SourceUnavailableError, TransferInterruptedError
from cern_assets.model.identifiers import Recid
from cern_assets.sources.opendata.client import OpenDataSource
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.http import HttpReader

TIMEOUT_SECONDS = 0.4
"""Twenty times as long as what drips lets wait for its next byte, which a busy machine makes longer."""
GZIP_WITH_A_NAME = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"
"""A name of any length follows, which unpacks to nothing."""


@contextmanager
def dripping(beginning: bytes, **headers: str) -> Iterator[str]:
    """A server that answers everything with a byte every fiftieth of a second, for as long as the test lasts."""
    over = threading.Event()

    def drops() -> Iterator[bytes]:
        yield beginning
        while not over.wait(0.02):
            yield b" "

    def answer(_request: Request) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return StreamingResponse(drops(), headers=named, media_type="application/json")

    with serve_in_thread(Starlette(routes=[Route("/{path:path}", answer)])) as url:
        try:
            yield url
        finally:
            over.set()


@pytest.mark.parametrize(
    ("beginning", "headers"),
    [(b"{", {}), (GZIP_WITH_A_NAME, {"content_encoding": "gzip"})],
    ids=["as it is", "unpacking to nothing"],
)
def test_a_record_that_comes_a_byte_at_a_time_is_given_up(beginning: bytes, headers: dict[str, str]) -> None:
    with dripping(beginning, **headers) as url:
        source = OpenDataSource(url, requests_per_minute=0, attempts=1, timeout_seconds=TIMEOUT_SECONDS)
        with pytest.raises(SourceUnavailableError, match="too few"):
            source.fetch(Recid("1"))
        source.close()


def test_a_file_that_comes_a_byte_at_a_time_is_given_up() -> None:
    with dripping(b"", content_length="1000000") as url:
        reader = HttpReader(url, timeout_seconds=TIMEOUT_SECONDS)
        with pytest.raises(TransferInterruptedError, match="too few"), reader.open("file") as chunks:
            list(chunks)
        reader.close()


def test_the_body_of_a_redirect_is_not_waited_for() -> None:
    """It never ends; httpx would read it whole before it goes on."""
    over = threading.Event()

    def drops() -> Iterator[bytes]:
        while not over.wait(0.05):
            yield b" " * 1024

    def elsewhere(_request: Request) -> Response:
        return StreamingResponse(drops(), 302, {"location": "/there"})

    routes = [Route("/here", elsewhere), Route("/there", lambda _request: Response(b"the file"))]
    with serve_in_thread(Starlette(routes=routes)) as url:
        reader = HttpReader(url, timeout_seconds=30)
        with reader.open("here") as chunks:
            assert b"".join(chunks) == b"the file"
        over.set()
        reader.close()
