"""Whom the server takes itself for: its own addresses, whatever a request's Host header says."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_USUAL_PORTS = {"http": 80, "https": 443}


class OwnHosts:
    """Refuses (421) a request that was meant for another host.

    Links in answers begin with the host that was asked, so a foreign one would send clients, with their tokens, to
    whoever named it; and a browser that was led here under another name (DNS rebinding) must learn nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421, or let the request through."""
        if scope["type"] == "http" and Headers(scope=scope).getlist("host") not in _own(scope):
            refusal = JSONResponse({"status": 421, "message": "This server is not the host that was asked."}, 421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _own(scope: Scope) -> list[list[str]]:
    name, port = scope["server"]
    names = [host for own in (*_LOOPBACK, name) for host in _with_port(own, port, scope["scheme"])]
    return [[host] for host in names]


def _with_port(name: str, port: int, scheme: str) -> tuple[str, ...]:
    named = f"{name}:{port}"
    return (name, named) if _USUAL_PORTS.get(scheme) == port else (named,)
