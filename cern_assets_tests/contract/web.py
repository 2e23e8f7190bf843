"""A small web server of one folder that can be told to misbehave."""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote


class WebFolder(ThreadingHTTPServer):
    """Serves the files below `folder`; each entry of `statuses` and `cuts` is for one answer, the next one.

    `statuses`: answer with this status instead of the file. `cuts`: break the connection after so many bytes of body.
    `requests`: what was asked for, as (method, raw path, Range header).
    """

    def __init__(self, folder: Path, *, takes_ranges: bool = True, headers: dict[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.takes_ranges = takes_ranges
        self.headers = headers or {}
        self.statuses: deque[int] = deque()
        self.cuts: deque[int] = deque()
        self.requests: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        """The server's root, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def web_folder(
    folder: Path, *, takes_ranges: bool = True, headers: dict[str, str] | None = None
) -> Iterator[WebFolder]:
    """A running server, whose answers have some more headers."""
    with WebFolder(folder, takes_ranges=takes_ranges, headers=headers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WebFolder

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the base class
        pass

    def _answer(self, *, with_body: bool) -> None:
        asked = self.headers.get("Range", "")
        self.server.requests.append((self.command, self.path, asked))
        place = self.server.folder / unquote(self.path.partition("?")[0]).lstrip("/")
        if self.server.statuses:
            self._send(self.server.statuses.popleft(), b"out of order", with_body=with_body)
        elif not place.is_file():
            self._send(404, b"no such file", with_body=with_body)
        else:
            self._send_file(place.read_bytes(), asked, with_body=with_body)

    def _send_file(self, content: bytes, asked: str, *, with_body: bool) -> None:
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked) if self.server.takes_ranges else None
        start = int(match[1]) if match else 0
        end = min(int(match[2]) + 1, len(content)) if match and match[2] else len(content)
        if not match:
            self._send(200, content, with_body=with_body)
        elif start >= len(content):
            self._send(416, b"", with_body=with_body)
        else:
            stated = {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"}
            self._send(206, content[start:end], stated, with_body=with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, *, with_body: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **self.server.headers, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body and self.server.cuts:
            self.wfile.write(body[: self.server.cuts.popleft()])
            self.close_connection = True
        elif with_body:
            with suppress(BrokenPipeError, ConnectionResetError):  # a reader may have enough
                self.wfile.write(body)
