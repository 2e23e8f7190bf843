"""Pages for people: the list of records, a record, and what cannot be shown."""

from http import HTTPStatus
from importlib.resources import files
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.markup import page, size
from cern_assets.stand_ins.repository.record_page import names, record_page, resource_type
from cern_assets.stand_ins.repository.records import Records, RecordView
from cern_assets.stand_ins.repository.refusals import RefusedError
from cern_assets.stand_ins.repository.search import Found, Query, search

_PAGE = 20
_NAMES_SHOWN = 3
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src https: data:; form-action 'self'"}


class Pages:
    """The endpoints for browsers; they show what everybody may see."""

    def __init__(self, database: Database, records: Records) -> None:
        self._database = database
        self._records = records
        self._style = files(__package__).joinpath("style.css").read_text(encoding="utf-8")

    def routes(self) -> list[Route]:
        """All routes."""
        return [
            Route("/", self._index),
            Route("/records/{id}", self._record),
            Route("/records/{id}/latest", self._latest),
            Route("/uploads/{id}", self._draft),
            Route("/style.css", self._stylesheet),
        ]

    async def failed(self, request: Request, error: Exception) -> Response:
        """No such address, or not with this method."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        if request.url.path.startswith("/api/"):
            return JSONResponse({"status": status, "message": HTTPStatus(status).phrase}, status)
        return _problem(status, HTTPStatus(status).phrase)

    async def _index(self, request: Request) -> Response:
        asked, number = request.query_params.get("q", ""), request.query_params.get("page", "1")
        try:
            query = Query(asked, size=_PAGE, page=int(number) if number.isdecimal() else 1)
            found = await run_in_threadpool(search, self._database, query)
        except RefusedError as error:
            return _problem(error.status, error.message)
        views = await run_in_threadpool(self._records.shown, found.versions, owner=None)
        return HTMLResponse(_index_page(found, views), headers=_HEADERS)

    async def _record(self, request: Request) -> Response:
        try:
            view = await run_in_threadpool(self._records.read, request.path_params["id"], "published", reader=None)
        except RefusedError as error:
            return _problem(error.status, error.message)
        return HTMLResponse(record_page(view), headers=_HEADERS)

    async def _latest(self, request: Request) -> Response:
        try:
            latest = await run_in_threadpool(self._records.latest, request.path_params["id"], reader=None)
        except RefusedError as error:
            return _problem(error.status, error.message)
        return RedirectResponse(f"/records/{latest}", 302)

    async def _draft(self, _request: Request) -> Response:
        return _problem(403, "This is a draft: only its depositor can read it, through the REST API.")

    async def _stylesheet(self, _request: Request) -> Response:
        return Response(self._style, media_type="text/css")


def _problem(status: int, message: str) -> Response:
    return HTMLResponse(page("problem", title=message, status=status), status, headers=_HEADERS)


def _index_page(found: Found, views: list[RecordView]) -> str:
    return page(
        "index",
        title="Embedded repository",
        query=found.query.text,
        total=f"{found.total:,} record{'' if found.total == 1 else 's'}",
        hits=[_hit(view) for view in views],
        steps=_steps(found),
    )


def _hit(view: RecordView) -> dict[str, object]:
    metadata = view.content["metadata"]
    people = names(metadata, "creators")
    more = f" and {len(people) - _NAMES_SHOWN:,} more" if people[_NAMES_SHOWN:] else ""
    count, total = len(view.files), sum(file.size_bytes or 0 for file in view.files)
    kept = f"{count} file{'' if count == 1 else 's'}, {size(total)}" if view.files else "metadata only"
    return {
        "id": view.version.id,
        "title": metadata.get("title", view.version.id),
        "names": "; ".join(people[:_NAMES_SHOWN]) + more,
        "badges": (metadata.get("publication_date", ""), f"v{view.version.index}", resource_type(metadata), kept),
    }


def _steps(found: Found) -> list[tuple[str, str]]:
    """Addresses and labels of the neighbouring pages."""
    query = found.query
    steps = ((query.page - 1, "Newer"), (query.page + 1, "Older"))
    return [
        (f"/?{urlencode({'q': query.text, 'page': number})}", label)
        for number, label in steps
        if 1 <= number <= found.pages
    ]
