"""The server as one ASGI application over one folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cern_assets.stand_ins.repository.api import Api
from cern_assets.stand_ins.repository.communities import Communities
from cern_assets.stand_ins.repository.content import ContentFolder
from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.files import Files
from cern_assets.stand_ins.repository.pages import Pages
from cern_assets.stand_ins.repository.records import Records
from cern_assets.stand_ins.repository.refusals import RefusedError


def build_embedded(folder: Path, *, token: str) -> Starlette:
    """Build the repository that lives in a folder (made if need be), for the one depositor who has the token.

    Its links begin with the address of each request. Two servers must not share a folder at the same time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database, content = Database(folder / "repository.sqlite"), ContentFolder(folder / "content")
    records, files = Records(database, content), Files(database, content)
    api = Api(database, records, files, Communities(database, records), token=token)
    pages = Pages(database, records)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        database.close()

    return Starlette(
        lifespan=lifespan,
        routes=[*api.routes(), *pages.routes()],
        exception_handlers={RefusedError: _refused, HTTPException: pages.failed},
    )


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return JSONResponse(error.as_json(), error.status)
