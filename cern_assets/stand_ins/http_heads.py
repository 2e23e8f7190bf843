"""Bounds on what uvicorn takes without an end: heads of requests, and bodies that were answered before their end."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
MAX_UNREAD_BYTES = 4 * 1024 * 1024
HEAD_SECONDS = 10.0


class BoundedHeads(HttpToolsProtocol):
    """Closes a connection whose next head, or whose rest of a body that nobody reads, is too long or takes too long."""

    head_seconds = HEAD_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._in_head = True
        self._taken_bytes = 0
        self._deadline: asyncio.TimerHandle | None = self._begin_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._end_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and hang up where they are too many."""
        if self._in_head or self._unread:
            self._taken_bytes += len(data)
            self._deadline = self._deadline or self._begin_deadline()
        super().data_received(data)
        if self._taken_bytes > (MAX_UNREAD_BYTES if self._unread else MAX_HEAD_BYTES):
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head is whole; what comes now is the body."""
        self._in_head, self._taken_bytes = False, 0
        self.scope["extensions"] = {"cern_assets.hang_up": {"close": self.transport.close}}
        self._end_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole; what comes now is the next head."""
        self._in_head, self._taken_bytes = True, 0
        self._end_deadline()
        super().on_message_complete()

    @property
    def _unread(self) -> bool:
        """Whether a body comes in whose request is answered."""
        return not self._in_head and bool(self.cycle.response_complete)

    def _begin_deadline(self) -> asyncio.TimerHandle:
        return self.loop.call_later(self.head_seconds, self.transport.close)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
