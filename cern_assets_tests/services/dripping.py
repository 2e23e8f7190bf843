"""A server of any kind, behind a connection that gives its bytes one at a time after a while."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_DROP_SECONDS = 0.05
_BLOCK_BYTES = 65_536


class Dripping:
    """Passes on what clients and a server on a port of this machine send each other, from a port of its own.

    What the server sends passes as it comes up to `full_bytes` of a connection; from then on it drips.
    """

    def __init__(self, port: int, *, full_bytes: int) -> None:
        self._port = port
        self._full_bytes = full_bytes
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.connections = 0

    @property
    def port(self) -> int:
        """Where clients come."""
        return int(self._listening.getsockname()[1])

    def start(self) -> None:
        """Let clients come."""
        self._threads[0].start()

    def stop(self) -> None:
        """End all connections."""
        self._over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._pass_on, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server, suppress(OSError):
            self._between(client, server)

    def _between(self, client: socket.socket, server: socket.socket) -> None:
        left = self._full_bytes
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ)
            selector.register(server, selectors.EVENT_READ)
            while not self._over.is_set():
                for key, _ in selector.select(timeout=_DROP_SECONDS):
                    comes = key.fileobj is server
                    block = server.recv(min(left, _BLOCK_BYTES) or 1) if comes else client.recv(_BLOCK_BYTES)
                    (client if comes else server).sendall(block)
                    left -= len(block) if comes and left else 0
                    if not block or (not left and self._over.wait(_DROP_SECONDS)):
                        return


@contextmanager
def dripping(port: int, *, full_bytes: int) -> Iterator[Dripping]:
    """A running one."""
    between = Dripping(port, full_bytes=full_bytes)
    between.start()
    try:
        yield between
    finally:
        between.stop()
