"""A portal whose collection a test changes while it is served."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cern_assets.model.values import JsonObject
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.portal.search import WINDOW
from cern_assets.stand_ins.serving import serve_in_thread

FILE = b"a few bytes"
CHECKSUM = "adler32:169c040b"


@dataclass
class GrowingCollection:
    """Records that are put, changed, loaded again without a change, and taken away."""

    records: dict[str, JsonObject] = field(default_factory=dict)
    touched: dict[str, datetime] = field(default_factory=dict)
    unlisted: int = 0
    """Records that the portal counts when it is asked for the number of all, and that no listing has."""

    def put(self, *recids: str, title: str = "A record", experiment: str = "DELPHI", year: str = "1994") -> None:
        """Add records of one small file each, or change them."""
        for recid in recids:
            record: JsonObject = {
                "recid": recid,
                "title": f"{title} {recid}",
                "type": {"primary": "Dataset", "secondary": ["Derived"]},
                "experiment": [experiment],
                "collaboration": {"name": f"{experiment} collaboration"},
                "date_created": [year],
                "date_published": "2024",
                "publisher": "CERN Open Data Portal",
                "doi": f"10.5072/GROWING.{recid}",
                "abstract": {"description": f"<p>Record {recid} of a collection that grows.</p>"},
                "files": [{"uri": _uri(recid), "size": len(FILE), "checksum": CHECKSUM}],
            }
            self.records = {**self.records, recid: record}  # a listing may be going on in another thread
            self.touch(recid)

    def touch(self, recid: str) -> None:
        """Load a record again as it is, a second after it was loaded before or later: looks see no less."""
        now, before = datetime.now(UTC), self.touched.get(recid)
        self.touched = {**self.touched, recid: max(now, before + timedelta(seconds=1)) if before else now}

    def take_away(self, recid: str) -> None:
        """As the portal does: there is no trace of it after."""
        self.records = {known: record for known, record in self.records.items() if known != recid}
        self.touched = {known: stamp for known, stamp in self.touched.items() if known != recid}

    def open(self, path: str) -> BinaryIO | None:
        return BytesIO(FILE) if path.startswith("eos/opendata/growing/") else None


@contextmanager
def growing_portal(*, window: int = WINDOW) -> Iterator[tuple[GrowingCollection, str]]:
    """A collection that is empty yet, and the address of its portal."""
    collection = GrowingCollection()
    portal = build_portal(collection, window=window)

    async def counted(request: Request, answer: RequestResponseEndpoint) -> Response:
        told: Any = await answer(request)
        if not collection.unlisted or request.query_params.get("size") != "1":
            return told  # type: ignore[no-any-return]  # its kind is private to Starlette
        found = json.loads(b"".join([chunk async for chunk in told.body_iterator]))
        found["hits"]["total"] += collection.unlisted
        return JSONResponse(found)

    with serve_in_thread(BaseHTTPMiddleware(portal, dispatch=counted)) as url:
        yield collection, url


def _uri(recid: str) -> str:
    return f"root://eospublic.cern.ch//eos/opendata/growing/{recid}/data.txt"
