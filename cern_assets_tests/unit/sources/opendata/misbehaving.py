"""A portal that answers as a test tells it to, and remembers what it was asked."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cern_assets.stand_ins.serving import serve_in_thread

type Answer = Callable[[Request], Response] | Response


@dataclass
class ScriptedPortal:
    """One answer after the other, the last one for ever."""

    answers: list[Answer]
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else answer(request)


@contextmanager
def scripted(*answers: Answer) -> Iterator[ScriptedPortal]:
    portal = ScriptedPortal(list(answers))
    with serve_in_thread(
        Starlette(routes=[Route("/{path:path}", portal.answer, methods=["GET", "POST"])])
    ) as portal.url:
        yield portal


def answer(content: object, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(content), status, named, "application/json")


def page(status: int = 200) -> Response:
    return Response("<html><body>Something else</body></html>", status, media_type="text/html; charset=utf-8")
