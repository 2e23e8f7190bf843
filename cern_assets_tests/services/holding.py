"""A proxy before a repository that holds one request, so that its client can be killed at that very moment."""

import threading
from dataclasses import dataclass, field
from typing import Literal

import httpx
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

WITHIN_SECONDS = 60
_PASSED_ON = ("authorization", "content-type", "accept")
_PASSED_BACK = ("content-type", "location", "retry-after")

type Moment = Literal["before", "after"]


@dataclass
class HoldingProxy:
    """Passes requests on to `target`; the first of a kind is held before it has its effect, or before its answer.

    One that is held before its effect never has it.
    """

    target: str
    method: str = ""
    ending: str = ""
    moment: Moment = "before"
    arrived: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=WITHIN_SECONDS, trust_env=False))

    def hold(self, method: str, ending: str, moment: Moment) -> None:
        """Hold the next request whose path ends so."""
        self.arrived.clear()
        self.opened.clear()
        self.method, self.ending, self.moment = method, ending, moment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and hold."""
        if scope["type"] != "http":
            return  # of the server's own life, a proxy has nothing to say
        request = Request(scope, receive)
        body = await request.body()
        held = request.method == self.method and request.url.path.endswith(self.ending) and not self.arrived.is_set()
        if held and self.moment == "before":
            await self._hold()
            await Response(status_code=503)(scope, receive, send)
            return
        answer = await to_thread.run_sync(self._passed_on, request, body)
        if held:
            await self._hold()
        await answer(scope, receive, send)

    async def _hold(self) -> None:
        self.arrived.set()
        await to_thread.run_sync(self.opened.wait, WITHIN_SECONDS)

    def _passed_on(self, request: Request, body: bytes) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        answer = self.client.request(
            request.method, f"{self.target}{request.url.path}{query}", headers=headers, content=body
        )
        back = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, back)
