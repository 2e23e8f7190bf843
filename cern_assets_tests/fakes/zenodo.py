"""A legacy Zenodo over a few records: its REST API, its search by words and years, its OAI-PMH, and its files."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

BUCKET = "264de9f5-d321-4427-93cc-3280ca82f148"
STAMP = datetime(2024, 5, 1, 12, tzinfo=UTC)


def record(recid: str, title: str, files: Mapping[str, bytes], **more: Any) -> dict[str, Any]:
    """A record as `GET /api/records/<recid>` answers it."""
    listed = [
        {
            "bucket": BUCKET,
            "key": key,
            "size": len(content),
            "checksum": f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}",
            "links": {"self": f"https://zenodo.org/api/files/{BUCKET}/{key}"},
        }
        for key, content in files.items()
    ]
    metadata = {
        "title": title,
        "publication_date": "2019-03-01",
        "resource_type": {"type": "dataset", "title": "Dataset"},
        "creators": [{"name": "Doe, Jane", "affiliation": "CERN"}],
        "description": f"<p>About {title}.</p>",
        "access_right": "open",
        "license": {"id": "cc-by-4.0"},
        **more,
    }
    identity = {"id": int(recid), "conceptrecid": str(int(recid) - 1), "doi": f"10.5281/zenodo.{recid}"}
    return {**identity, "created": "2019-03-02T10:00:00+00:00", "files": listed, "metadata": metadata}


class FakeZenodo:
    """Records by recid and their bytes by key; a test changes and withdraws them."""

    def __init__(self, window: int = 10_000) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.withdrawn: set[str] = set()
        self.bytes: dict[str, bytes] = {}
        self._window = window

    def put(self, recid: str, title: str, files: Mapping[str, bytes], **more: Any) -> None:
        """Show a record with these files."""
        self.records[recid] = record(recid, title, files, **more)
        self.bytes.update(files)

    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route("/api/records/{recid}", self._record),
                Route("/api/records/", self._search),
                Route("/api/files/{bucket}/{key:path}", self._file),
                Route("/records/{recid}", lambda request: HTMLResponse(f"<h1>{request.path_params['recid']}</h1>")),
                Route("/oai2d", self._oai),
            ]
        )

    def _record(self, request: Request) -> Response:
        recid = request.path_params["recid"]
        if recid in self.withdrawn:
            return _json({"status": 410, "message": "PID has been deleted."}, 410)
        body = self.records.get(recid)
        if body is None:
            return _json({"status": 404, "message": "PID does not exist."}, 404)
        tag = f'"{hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return _json(body, ETag=tag)

    def _search(self, request: Request) -> Response:
        page, size = int(request.query_params["page"]), int(request.query_params["size"])
        if page * size > self._window:
            return _json({"status": 400, "message": "Maximum number of results have been reached."}, 400)
        query = request.query_params.get("q", "")
        found = [body for body in self.records.values() if _matches(body, query)]
        return _json({"hits": {"hits": found[(page - 1) * size : page * size], "total": len(found)}})

    def _file(self, request: Request) -> Response:
        content = self.bytes.get(request.path_params["key"])
        return PlainTextResponse("gone", 404) if content is None else Response(content)

    def _oai(self, request: Request) -> Response:
        since, stamp = request.query_params.get("from", ""), STAMP.strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = "".join(
            f"<header><identifier>oai:zenodo.org:{recid}</identifier><datestamp>{stamp}</datestamp></header>"
            for recid in (self.records if stamp >= since else ())
        )
        inner = f"<ListIdentifiers>{headers}</ListIdentifiers>" if headers else '<error code="noRecordsMatch"/>'
        text = f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inner}</OAI-PMH>'
        return Response(text, media_type="text/xml")


def _matches(body: dict[str, Any], query: str) -> bool:
    """`recid:N`, or a range of publication dates, or words of the title."""
    if query.startswith("recid:"):
        return str(body["id"]) == query.removeprefix("recid:")
    if "publication_date:[" in query:
        first, last = query.partition("publication_date:[")[2].rstrip("]").split(" TO ")
        return bool(first <= body["metadata"]["publication_date"] <= last)
    return all(word in body["metadata"]["title"] for word in query.split())


def _json(body: object, status: int = 200, **headers: str) -> Response:
    return Response(json.dumps(body), status, headers, "application/json")
