"""Guards serving in the background: ready when the block begins, gone when it has ended, clear when it cannot start."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Lifespan

from cern_assets.errors import ConfigurationError
from cern_assets.stand_ins.serving import serve_in_thread, until_interrupted, wait_for_interrupt


async def greet(request: Request) -> PlainTextResponse:
    return PlainTextResponse("here")


def greeting(lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    return Starlette(routes=[Route("/", greet)], lifespan=lifespan)


def test_an_application_answers_as_soon_as_the_block_begins() -> None:
    with serve_in_thread(greeting()) as url:
        assert httpx.get(url).text == "here"


def test_an_application_is_gone_after_the_block() -> None:
    with serve_in_thread(greeting()) as url:
        pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_port_can_be_used_again_at_once() -> None:
    with serve_in_thread(greeting()) as url:
        httpx.get(url)
    with serve_in_thread(greeting(), port=int(url.rsplit(":", 1)[1])) as again:
        assert again == url
        assert httpx.get(again).text == "here"


def test_a_kept_connection_does_not_hinder_the_end() -> None:
    with httpx.Client() as client, serve_in_thread(greeting()) as url:
        assert client.get(url).text == "here"


def test_a_taken_port_is_said_to_be_taken() -> None:
    with serve_in_thread(greeting()) as url:
        port = int(url.rsplit(":", 1)[1])
        with pytest.raises(ConfigurationError, match=f"Port {port}"), serve_in_thread(greeting(), port=port):
            pass


def test_an_application_that_cannot_start_raises_instead_of_hanging() -> None:
    @asynccontextmanager
    async def broken(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    with pytest.raises(ConfigurationError, match="did not start"), serve_in_thread(greeting(broken)):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_blocks_inside_in_order(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)]
    ended = []
    with until_interrupted():
        try:
            os.kill(os.getpid(), number)
            wait_for_interrupt()
        finally:
            ended.append("inside")
    assert ended == ["inside"]
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)] == before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with until_interrupted():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_a_block_that_ends_by_itself_is_no_interrupt() -> None:
    with pytest.raises(RuntimeError, match="our own"), until_interrupted():
        raise RuntimeError("our own")
