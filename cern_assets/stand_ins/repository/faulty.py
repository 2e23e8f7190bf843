"""The door at which the faults of `faults` happen: an application around the repository's own."""

import asyncio
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cern_assets.stand_ins.repository.faults import Fault, Faults, Moment

_RETRY_AFTER_SECONDS = 1
_REFUSALS = {Fault.TOO_MANY: 429, Fault.ERROR: 500, Fault.LOST: 504}


class FaultyDoor:
    """Lets requests through, or not, or not whole, as the faults say."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the fault of this request says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        moment = self._faults.moment(scope["method"], scope["path"])
        await run_in_threadpool(self._faults.watch, moment)
        fault = self._faults.of(moment)
        if fault in _REFUSALS:
            await _refusal(_REFUSALS[fault])(scope, receive, send)
        elif fault is Fault.DROPPED:
            await _hang_up(scope, receive)
        else:
            await self._done(moment, fault, scope, _altered(receive, fault), send)

    async def _done(self, moment: Moment, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the request done, and answer it as the fault says."""
        answer: list[Message] = []

        async def held(message: Message) -> None:
            answer.append(message)

        # What answers a GET of a file may be long, and is passed on as it comes.
        passes = scope["method"] == "GET" and fault not in (Fault.TRUNCATED, Fault.UNHEARD, Fault.DROPPED_AFTER)
        if fault is Fault.LATE:
            await asyncio.sleep(self._faults.late_seconds(moment))
        await self._app(scope, receive, send if passes else held)
        await run_in_threadpool(self._faults.watch, replace(moment, done=True))
        if fault is Fault.UNHEARD:
            await _refusal(504)(scope, receive, send)
        elif fault is Fault.DROPPED_AFTER:
            await _hang_up(scope, receive)
        elif not passes:
            await _answer(answer, send, scope, receive, truncated=fault is Fault.TRUNCATED)


def _refusal(status: int) -> JSONResponse:
    headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)} if status == _REFUSALS[Fault.TOO_MANY] else {}
    return JSONResponse({"status": status, "message": "A fault that was asked for."}, status, headers=headers)


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection without a word (`stand_ins.http_heads` tells how)."""
    scope["extensions"]["cern_assets.hang_up"]["close"]()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(answer: list[Message], send: Send, scope: Scope, receive: Receive, *, truncated: bool) -> None:
    for message in answer:
        if truncated and message["type"] == "http.response.body":
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await _hang_up(scope, receive)
            return
        await send(message)


def _altered(receive: Receive, fault: Fault | None) -> Receive:
    """A body with its first byte changed, or without its last one."""
    if fault not in (Fault.CHANGED, Fault.SHORTENED):
        return receive
    untouched = True

    async def altered() -> Message:
        nonlocal untouched
        message = await receive()
        body = message.get("body", b"")
        if fault is Fault.CHANGED and untouched and body:
            untouched = False
            return {**message, "body": bytes([body[0] ^ 1]) + body[1:]}
        if fault is Fault.SHORTENED and not message.get("more_body", False):
            return {**message, "body": body[:-1]}
        return message

    return altered
