"""The server as one ASGI application over one folder."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cern_assets.model.collections import Profile
from cern_assets.stand_ins.repository.api import Api
from cern_assets.stand_ins.repository.communities import Communities
from cern_assets.stand_ins.repository.content import ContentFolder
from cern_assets.stand_ins.repository.custom_fields import KeptFields
from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.faults import Faults
from cern_assets.stand_ins.repository.faulty import FaultyDoor
from cern_assets.stand_ins.repository.files import Files
from cern_assets.stand_ins.repository.hosts import OwnHosts
from cern_assets.stand_ins.repository.pages import Pages
from cern_assets.stand_ins.repository.private_folder import make_private
from cern_assets.stand_ins.repository.records import Records
from cern_assets.stand_ins.repository.refusals import RefusedError
from cern_assets.stand_ins.repository.tables import file_ids


def build_embedded(
    folder: Path,
    *,
    token: str,
    others: Sequence[str] = (),
    faults: Faults | None = None,
    profile: Profile = "plain",
    transfers: Collection[str] = ("L", "M"),
    fetches_from: Collection[str] = (),
    sparse: bool = False,
    administrators: Collection[str] = (),
) -> Starlette:
    """Build the repository that lives in a folder (made if need be), for the depositor who has the token.

    The first user is the depositor; `others` are the tokens of the second and the following ones.

    Only its owner can read the folder. Links begin with the address of each request, which must be one of the server's
    own. With `faults`, some requests go wrong. `profile` says which custom fields it keeps, `transfers` how it
    takes files (`L` in one stream, `M` in parts), `fetches_from` from which hosts (with their ports) it fetches them by
    itself (`F`). With `sparse`, content that is zeros for the most part takes little room; those of its users whose
    tokens are among the `administrators` may put tombstones in the place of their records. Two servers must not share a
    folder at the same time.
    """
    make_private(folder)
    database, content = Database(folder / "repository.sqlite"), ContentFolder(folder / "content", sparse=sparse)
    with database.reading() as connection:
        content.sweep(file_ids(connection))
    kept = KeptFields(profile)
    records = Records(database, content, kept)
    files = Files(database, content, loses_rewritten=faults is not None, transfers=transfers, fetches_from=fetches_from)
    tokens = {each: str(number) for number, each in enumerate((token, *others), start=1)}
    api = Api(
        database,
        records,
        files,
        Communities(database, records),
        kept,
        tokens=tokens,
        faults=faults,
        withdrawers={tokens[each] for each in administrators},
    )
    pages = Pages(database, records)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        database.close()

    return Starlette(
        lifespan=lifespan,
        middleware=[Middleware(OwnHosts), *([Middleware(FaultyDoor, faults=faults)] if faults else [])],
        routes=[*api.routes(), *pages.routes()],
        exception_handlers={RefusedError: _refused, HTTPException: pages.failed},
    )


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return JSONResponse(error.as_json(), error.status)
