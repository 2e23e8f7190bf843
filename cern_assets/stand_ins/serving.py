"""ASGI applications on the loopback interface: in the background for a block of code.

The sample portal and the embedded repository are served this way; nothing here is meant for the open network.
"""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from cern_assets.errors import ConfigurationError
from cern_assets.stand_ins.http_heads import BoundedHeads

HOST = "127.0.0.1"
_GRACE_SECONDS = 5


class _Server(uvicorn.Server):
    """A server that tells when it answers, or that it never will."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            # uvicorn asks the whole process to exit when an application fails to start.
            with suppress(SystemExit):
                super().run(sockets)
        finally:
            self.settled.set()


@contextmanager
def serve_in_thread(app: ASGIApp, *, port: int = 0, or_another: bool = False) -> Iterator[str]:
    """Serve an application from a thread while the block runs, and give its base URL (without a slash at the end).

    The application answers when the block begins, and its port is free again when the block has ended; answers that
    are then still being written get a few seconds to end. Port 0 means any free port; with `or_another`, so does one
    that somebody else has.

    Raises:
        ConfigurationError: the port is taken, or the application's own startup failed.
    """
    with _bound(port, or_another=or_another) as listener:
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([listener],), name="cern-assets-serving", daemon=True)
        thread.start()
        server.settled.wait()
        if not server.started:
            thread.join()
            raise ConfigurationError(
                f"The application for port {listener.getsockname()[1]} did not start.",
                remedy="See the lines logged above for its reason.",
            )
        try:
            yield _base_url(listener)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Run a block that an interrupt may end, as its ordinary end: Ctrl-C, SIGTERM, or SIGHUP (the terminal was closed).

    Blocks inside it end in order. A SIGHUP that the process was started to ignore (as `nohup` does) stays ignored; a
    SIGTERM is heeded always, as nobody means a server to outlive it.
    """
    closed = [] if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else [signal.SIGHUP]
    numbers = [signal.SIGTERM, *closed]
    previous = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def wait_for_interrupt() -> None:
    """Sleep until the block of `until_interrupted` around this is interrupted."""
    threading.Event().wait()


def _server(app: ASGIApp) -> _Server:
    # log_config=None: a library leaves the logging of its program alone.
    return _Server(
        uvicorn.Config(
            app,
            http=BoundedHeads,
            ws="none",
            proxy_headers=False,  # nobody stands between: what X-Forwarded-* says is anybody's word
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


@contextmanager
def _bound(port: int, *, or_another: bool) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except (OSError, OverflowError) as error:
            if not or_another:
                raise ConfigurationError(
                    f"Port {port} of {HOST} cannot be used: {error}.",
                    field="port",
                    value=str(port),
                    remedy="Stop what listens there, or choose another port.",
                ) from error
            listener.bind((HOST, 0))
        yield listener


def _base_url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"
