"""The sample portal: CERN Open Data's API over a small collection, for demo and tests.

Answers have the forms, headers and limits of the real portal, as far as our client and its users meet them; that the
rate limit is told and not enforced, and how search matches (see `search`), are the differences.
"""

import json
import time
from typing import BinaryIO, cast
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from cern_assets.model.values import JsonObject
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.stand_ins.portal.api_form import CREATED, LAST_MODIFIED, api_form, etag
from cern_assets.stand_ins.portal.byte_ranges import file_or_part, whole_file
from cern_assets.stand_ins.portal.oai import oai_answer
from cern_assets.stand_ins.portal.pages import list_page, missing_page, record_page
from cern_assets.stand_ins.portal.search import WINDOW, Page, PaginationError, aggregations, find, read_page
from cern_assets.stand_ins.sample.records import Collection

_LISTED = 100


def build_portal(collection: Collection, *, window: int = WINDOW) -> Starlette:
    """Build the portal's application over a collection; see `cern_assets.stand_ins.serving` for how to run it.

    A search shows no hit beyond `window`, the real portal's if nothing else is said.
    """
    portal = _Portal(collection, window)
    routes = [
        Route("/", portal.front_page),
        Route("/api/records/{recid}", portal.api_record),
        Route("/api/records/", portal.api_search),
        Route("/api/records", portal.api_search),
        Route("/oai2d", portal.oai),
        Route("/record/{recid}", portal.record_page),
        Route("/record/{recid}/stage", portal.stage, methods=["POST"]),
        Route("/record/{recid}/filepage/{number:int}", portal.file_page),
        Route("/record/{recid}/file_index/{key}", portal.file_index),
        Route("/record/{recid}/files/{key}", portal.record_file),
        Route("/{path:path}", portal.eos_file),
    ]
    return Starlette(routes=routes)


class _Portal:
    """The answers; each runs in a thread of its own."""

    def __init__(self, collection: Collection, window: int) -> None:
        self._collection = collection
        self._window = window
        self._requested: set[str] = set()

    def api_record(self, request: Request) -> Response:
        record = self._record(request)
        if record is None:
            return _json({"status": 404, "message": "PID does not exist."}, status=404)
        validators = {"ETag": etag(record), "Last-Modified": LAST_MODIFIED}
        if request.headers.get("if-none-match") == validators["ETag"]:
            return Response(status_code=304, headers=validators | _rate_limit_headers())
        return _json(self._form(record, request), headers=validators)

    def api_search(self, request: Request) -> Response:
        try:
            page = read_page(request.query_params, self._window)
        except PaginationError as error:
            return _json({"status": 400, "message": str(error)}, status=400)
        found = find(self._collection.records.values(), request.query_params)
        with_files = "skip_files" not in request.query_params
        hits = [
            self._form(record, request, with_files=with_files) for record in found[page.first : page.first + page.size]
        ]
        links = _page_links(request, page, len(found), self._window)
        told = aggregations(found)
        return _json({"hits": {"hits": hits, "total": len(found)}, "links": links, "aggregations": told})

    def oai(self, request: Request) -> Response:
        stamps = {recid: self._collection.touched.get(recid, CREATED) for recid in self._collection.records}
        return Response(oai_answer(request.query_params, stamps), media_type="application/xml")

    def front_page(self, request: Request) -> Response:
        found = find(self._collection.records.values(), {"ondemand": "true", **request.query_params})
        hits = [(str(record["recid"]), str(record.get("title"))) for record in found[:_LISTED]]
        return HTMLResponse(list_page(request.query_params.get("q", ""), len(found), hits))

    def record_page(self, request: Request) -> Response:
        record = self._record(request)
        return _missing() if record is None else HTMLResponse(record_page(parse_record(record)))

    def stage(self, request: Request) -> Response:
        """Take a request to bring files back from tape, of which the record says that it was made."""
        record = self._record(request)
        if record is None:
            return _missing()
        self._requested.add(str(record["recid"]))
        return PlainTextResponse("OK")

    def file_page(self, request: Request) -> Response:
        """Files of a record, `perPage` of them (5 if that is no number)."""
        record = self._record(request)
        if record is None:
            return _missing()
        wanted = request.query_params.get("perPage", "")
        size = int(wanted) if wanted.isascii() and wanted.isdigit() else 5
        listed = _listed(record, request, "_file_indices" if _asks_for_indexes(request) else "files")
        first = (int(request.path_params["number"]) - 1) * size
        return _json({"total": len(listed), "files": listed[max(0, first) : max(0, first + size)]})

    def file_index(self, request: Request) -> Response:
        """One file index, or its URIs, one a line, if its name is given with `.txt`."""
        record = self._record(request)
        name = str(request.path_params["key"])
        key = name.replace(".txt", ".json")
        index = next((item for item in _listed(record, request, "_file_indices") if item["key"] == key), None)
        if index is None:
            return _missing()
        if key == name:
            return _json(index)
        return PlainTextResponse("".join(f"{member['uri']}\n" for member in _members(index)))

    def record_file(self, request: Request) -> Response:
        """Bytes by the key that the record's answer gives the file; `Range` is passed over, as on the portal."""
        record = self._record(request)
        entries = [*_listed(record, request, "files")]
        entries += [member for index in _listed(record, request, "_file_indices") for member in _members(index)]
        uri = next((str(entry["uri"]) for entry in entries if entry["key"] == request.path_params["key"]), None)
        file = self._open(uri.partition("//")[2].partition("//")[2]) if uri else None
        return _missing() if file is None else whole_file(request, file)

    def eos_file(self, request: Request) -> Response:
        file = self._open(str(request.path_params["path"]).lstrip("/"))
        return _missing() if file is None else file_or_part(request, file)

    def _open(self, path: str) -> BinaryIO | None:
        return self._collection.open(path) if path.startswith("eos/opendata/") else None

    def _form(self, record: JsonObject, request: Request, *, with_files: bool = True) -> dict[str, object]:
        updated = self._collection.touched.get(str(record["recid"]), CREATED)
        form = api_form(record, _base_url(request), updated=updated, with_files=with_files)
        if str(record["recid"]) in self._requested:
            form["metadata"] = {**cast("dict[str, object]", form["metadata"]), "availability": "requested"}
        return form

    def _record(self, request: Request) -> JsonObject | None:
        """The record of a recid, or of its alias `<experiment>-<recid>`."""
        recid = str(request.path_params["recid"])
        records = self._collection.records
        if recid in records:
            return records[recid]
        experiment, _, number = recid.partition("-")
        experiments = records.get(number, {}).get("experiment")
        named = [str(name).lower() for name in experiments] if isinstance(experiments, list) else []
        return records[number] if experiment in named else None


def _listed(record: JsonObject | None, request: Request, part: str) -> list[dict[str, object]]:
    if record is None:
        return []
    metadata = api_form(record, _base_url(request))["metadata"]
    items = metadata.get(part, []) if isinstance(metadata, dict) else []
    return list(items)


def _members(index: dict[str, object]) -> list[dict[str, object]]:
    members = index["files"]
    return members if isinstance(members, list) else []


def _asks_for_indexes(request: Request) -> bool:
    return request.query_params.get("type") == "index_files"


def _page_links(request: Request, page: Page, total: int, window: int) -> dict[str, str]:
    """Links to this page and its neighbours; there is no next one beyond the last hit or the search's window."""
    numbers = {"self": page.number}
    if page.number > 1:
        numbers["prev"] = page.number - 1
    if page.first + page.size < total and page.first + 2 * page.size <= window:
        numbers["next"] = page.number + 1
    others = {key: value for key, value in request.query_params.items() if key not in ("page", "size")}
    return {
        name: f"{_base_url(request)}/api/records/?{urlencode({**others, 'page': number, 'size': page.size})}"
        for name, number in numbers.items()
    }


def _json(content: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        json.dumps(content, ensure_ascii=False),
        status_code=status,
        headers={**(headers or {}), **_rate_limit_headers()},
        media_type="application/json",
    )


def _rate_limit_headers() -> dict[str, str]:
    """The headers of the portal's limit, which it sends with every answer."""
    return {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "59",
        "X-RateLimit-Reset": str(int(time.time()) + 60),
        "Retry-After": "60",
    }


def _missing() -> Response:
    return HTMLResponse(missing_page(), status_code=404)


def _base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")
