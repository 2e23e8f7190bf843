"""nrp-cmd's HTTP connection, with its faults mended in `_retried`, which all its requests pass through."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    ThreadedResolver,
)
from nrp_cmd.async_client.connection import AsyncConnection
from nrp_cmd.async_client.connection.auth import AuthenticatedClientRequest
from nrp_cmd.async_client.streams import DataSource, InputStream
from nrp_cmd.errors import (
    RepositoryClientError,
    RepositoryCommunicationError,
    RepositoryError,
    RepositoryRetryError,
    StructureError,
)
from yarl import URL

from cern_assets.model.values import Json, JsonObject
from cern_assets.recording import Call, call, pause_before_retry, route_of
from cern_assets.repositories.nrp.bounded import BoundedResponse
from cern_assets.repositories.nrp.pace import Pace
from cern_assets.repositories.nrp.refusals import refused, unavailable

_FIRST_WAIT_SECONDS = 0.5
"""The wait after the first failure; it doubles with each."""

_LONGEST_WAIT_SECONDS = 60.0

_KEPT_SECONDS = 1.5
"""How long an idle connection is kept: gunicorn, as InvenioRDM runs behind it, closes one after 2 s."""

_GONE = (404, 410)

_WORDS = frozenset(
    {"api", "records", "draft", "files", "content", "commit", "actions", "publish", "versions", "files-import"}
    | {"user", "review", "submit-review", "communities", "requests", "accept", "cancel"}
)
"""What InvenioRDM's routes are made of, besides ids and keys."""

_NO_USABLE_ANSWER = (RepositoryError, RepositoryRetryError, StructureError, ClientError, TimeoutError, ValueError)
"""No connection, no answer in time, a server error, too many requests, or an answer that cannot be read."""


class Connection(AsyncConnection):
    """Requests to one repository, with the errors of this package.

    What differs from nrp-cmd's own connection:

    - One session, whose connections are kept and used again, where nrp-cmd opens one for each request.
    - A pace that the repository's rate limit sets, for all processes of a machine.
    - A time limit on silence (`timeout_seconds`) instead of aiohttp's 300 s on a whole request, which would end any
      transfer longer than that.
    - An answer is read up to a limit of bytes and seconds.
    - Every request goes to the configured scheme, host and port, whatever the repository writes into its links
      (InvenioRDM writes the name in its own configuration, such as localhost). So the token goes there and nowhere
      else: nrp-cmd compares scheme and host only.
    - The status of every PUT of bytes is looked at, so that a failed one is repeated and reported.
    - Failures are repeated after a second or so, not after the last attempt, and come as one error, not as an
      `ExceptionGroup`; a cancellation ends a request, where nrp-cmd counts it as a failure and tries again.
    """

    def __init__(self, url: URL, token: str, *, attempts: int, timeout_seconds: float, pace: Pace) -> None:
        super().__init__(tokens={url: token}, retry_count=attempts)
        self._origin = url.origin()
        self._pace = pace
        self._timeout = ClientTimeout(total=None, sock_connect=timeout_seconds, sock_read=timeout_seconds)
        self._session: ClientSession | None = None
        self.requests: Counter[str] = Counter()

    async def close(self) -> None:
        """Close the kept connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def read(self, url: URL, params: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """GET a JSON object; None if the repository does not have it (404) or no longer (410)."""
        return await self._retried("GET", url, _json_or_none, idempotent=True, params=params or {})

    async def send(self, method: str, url: URL, body: JsonObject | Sequence[Json]) -> dict[str, Any]:
        """Send JSON and read an object; PUT is repeated after failures, POST is not."""
        sent = dict(body) if isinstance(body, Mapping) else list(body)
        return await self._retried(method, url, _json, idempotent=method == "PUT", json=sent)

    async def remove(self, url: URL, body: JsonObject | None = None) -> bool:
        """DELETE; False if there was nothing to delete."""
        said = {} if body is None else {"json": dict(body)}
        return await self._retried("DELETE", url, _removed, idempotent=True, **said)

    async def put_stream(
        self, *, url: URL, source: DataSource, open_kwargs: dict[str, Any] | None = None, **kwargs: Any
    ) -> ClientResponse:
        """PUT bytes from their source, from the first byte again at each attempt."""
        data = partial(source.open, **(open_kwargs or {}))
        return await self._retried("PUT", url, _taken, idempotent=True, data=data, **kwargs)

    async def _retried[Result](  # type: ignore[override]  # nrp-cmd declares it twice, for callbacks that may be None
        self,
        method: str,
        url: URL | str,  # nrp-cmd declares URL, but hands in the text of links that it does not know
        callback: Callable[[ClientResponse], Awaitable[Result]],
        idempotent: bool,  # noqa: FBT001  # nrp-cmd's signature
        **kwargs: Any,
    ) -> Result:
        here, number = self._here(url), 1
        while True:
            try:
                with call("repository", method, route_of(here.path, _WORDS), attempt=number) as made:
                    return await self._once(made, method, here, callback, **kwargs)
            except _NO_USABLE_ANSWER as error:
                # What was refused as too much was not done, so may be asked again.
                repeated = idempotent or isinstance(error, RepositoryRetryError)
                if number >= (self.retry_count if repeated else 1):
                    raise unavailable(error, request=f"{method} {here}", attempts=number) from error
                waiting = _wait_seconds(error, number)
            pause_before_retry(waiting)
            await asyncio.sleep(waiting)
            number += 1

    async def _once[Result](
        self,
        made: Call,
        method: str,
        url: URL,
        callback: Callable[[ClientResponse], Awaitable[Result]],
        data: Callable[[], Awaitable[InputStream]] | bytes | None = None,
        **kwargs: Any,
    ) -> Result:
        await asyncio.sleep(self._pace.take())
        stream = await data() if callable(data) else None
        self.requests[method] += 1
        body = stream if stream is not None else data
        try:
            async with self._kept_session().request(
                method, url, data=body, auth=self._auth, timeout=self._timeout, **kwargs
            ) as response:
                made.http_status = response.status
                self._pace.heard(response.status, response.headers)
                try:
                    return await callback(response)
                except RepositoryClientError as error:
                    raise refused(error, request=f"{method} {url}", status=response.status) from error
        finally:
            if stream is not None:
                await stream.close()

    def _kept_session(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                request_class=AuthenticatedClientRequest,
                response_class=BoundedResponse,
                connector=TCPConnector(limit=0, keepalive_timeout=_KEPT_SECONDS, resolver=ThreadedResolver()),
                cookie_jar=DummyCookieJar(),
            )
        return self._session

    def _here(self, url: URL | str) -> URL:
        return URL(f"{self._origin}{URL(url).raw_path_qs}", encoded=True)


def _wait_seconds(error: Exception, attempt: int) -> float:
    """None for what was refused as too much for a time that it named: the pace waits for that, and for all."""
    if isinstance(error, RepositoryRetryError) and error.after_seconds is not None:
        return 0.0
    doubled: float = _FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
    return min(doubled, _LONGEST_WAIT_SECONDS)


async def _taken(response: ClientResponse) -> ClientResponse:
    """InvenioRDM 14 answers 200, with a word on it, for a part that it did not take."""
    await _checked(response)
    if b'"errors"' in (said := await response.read()) and json.loads(said).get("errors"):
        raise RepositoryCommunicationError(f"the bytes were not taken: {said[:200].decode(errors='replace')}")
    return response


async def _checked(response: ClientResponse) -> ClientResponse:
    await response.raise_for_invenio_status()  # type: ignore[attr-defined]  # nrp-cmd's own response class
    return response


async def _json(response: ClientResponse) -> dict[str, Any]:
    await _checked(response)
    body = await response.json(content_type=None)
    if not isinstance(body, dict):
        raise RepositoryCommunicationError(f"a JSON object was expected, not {str(body)[:100]}")
    return body


async def _json_or_none(response: ClientResponse) -> dict[str, Any] | None:
    return None if response.status in _GONE else await _json(response)


async def _removed(response: ClientResponse) -> bool:
    if response.status in _GONE:
        return False
    await _checked(response)
    return True
