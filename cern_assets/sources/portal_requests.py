"""Requests to the API of a portal: polite, repeated where that helps, and answered in our own errors."""

import math
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from cern_assets.errors import (
    ConfigurationError,
    RecordInvalidError,
    RecordNotFoundError,
    RecordRestrictedError,
    RecordWithdrawnError,
    SourceUnavailableError,
)
from cern_assets.origins import may_lead_to
from cern_assets.recording import Call, call, pause_before_retry, route_of
from cern_assets.sources.politeness import RequestLimit
from cern_assets.web_answers import authorities, bounded

USER_AGENT = "cern-assets"
_LONGEST_HOLD_SECONDS = 300.0
_BACKOFF = wait_random_exponential(multiplier=0.5, max=30)
_UNCHANGED = 304
_NOT_TAKEN = frozenset({301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 501})
_SLOWEST = 10
MOST_ANSWER_BYTES = 64 * 1024**2
"""Unpacked; the longest known answer of the portal has 9 MB, and two megabytes of gzip can become four gigabytes."""
_UNPACKED = ("identity", "gzip")
"""A piece of gzip becomes a thousand times as much at most; other ways, or one within another, know no such bound."""
_WORDS = frozenset({"api", "records", "record", "file_index", "stage"})
"""Parts of addresses that stand for themselves in telemetry; others are recids and names."""


_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,256}"')


def usable_etag(text: str | None) -> str | None:
    """An ETag that may be sent back (RFC 9110, section 8.8.3), of a length that one has; None for anything else."""
    return text if text and _ETAG.fullmatch(text) else None


class _NoUsableAnswerError(Exception):
    """An attempt failed in a way that may pass."""


@dataclass(frozen=True)
class Portal:
    """Who is asked: the source's name, the portal's name for people, and its usual address."""

    source: str
    title: str
    usual_url: str


class PortalRequests:
    """Requests to one portal, from any thread."""

    def __init__(
        self,
        portal: Portal,
        base_url: str,
        *,
        limit: RequestLimit,
        attempts: int,
        timeout_seconds: float,
        wait: Callable[[float], None] = time.sleep,
        redirect_hosts: Collection[str] = (),
    ) -> None:
        """Ask `base_url`, each call at most `attempts` times; a silent portal is waited for `timeout_seconds`.

        Redirects are followed within its origin and to `redirect_hosts` only. An answer may have `MOST_ANSWER_BYTES`
        when it is unpacked, and take ten times as long as a silent portal is waited for.

        Raises:
            ConfigurationError: the URL is none.
        """
        self.portal = portal
        self.base_url = _checked(portal, base_url)
        self._limit = limit
        self._attempts = attempts
        self._wait = wait
        self._redirect_hosts = redirect_hosts
        self._client = httpx.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"},
            verify=authorities(),
            timeout=timeout_seconds,
            follow_redirects=True,
            event_hooks={
                "request": [self._refuse_elsewhere],
                "response": [bounded(seconds=_SLOWEST * timeout_seconds, least_bytes=math.inf)],
            },
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask for `path` and give the answer, its status 200 or 304.

        Raises:
            RecordNotFoundError, RecordWithdrawnError, RecordRestrictedError: the portal says so (404, 410, 401 or 403).
            RecordInvalidError: the portal refuses the request (other 4xx), with its words.
            SourceUnavailableError: no usable answer in all attempts.
        """
        url = self.base_url + path
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=_pause,
            retry=retry_if_exception_type(_NoUsableAnswerError),
            sleep=self._wait,
            before_sleep=lambda state: pause_before_retry(state.upcoming_sleep),
            reraise=True,
        )
        try:
            return retrying(self._ask_in_turn, path, params, headers, retrying)
        except _NoUsableAnswerError as error:
            raise self._unanswered(url, f" in {self._attempts} attempts: {error}") from error

    def post(self, path: str) -> bool:
        """Ask once for something to be done, with an empty JSON object; False where the portal takes no such request.

        It is not repeated, as an answer that is lost may be to a request that was taken. What it says is not read.

        Raises:
            SourceUnavailableError: no usable answer.
        """
        self._limit.take()
        url = self.base_url + path
        with call(self.portal.source, "POST", route_of(path, _WORDS)) as made:
            try:
                with self._client.stream("POST", url, json={}, follow_redirects=False) as response:
                    made.http_status = response.status_code
            except httpx.RequestError as error:
                raise self._unanswered(url, f": {type(error).__name__} {error}".rstrip()) from error
        self._heed(response)
        if response.status_code in _NOT_TAKEN:
            return False
        if response.status_code not in (200, 201, 202, 204):
            raise self._unanswered(url, f": status {response.status_code}")
        return True

    def _unanswered(self, url: str, why: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"{self.portal.title} gave no usable answer{why}.",
            uri=url,
            remedy="Try again later; see whether the portal answers in a browser.",
        )

    def _ask_in_turn(
        self, path: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None, retrying: Retrying
    ) -> httpx.Response:
        """One attempt, when the pace allows it."""
        came = time.monotonic()
        self._limit.take()
        attempt = int(retrying.statistics["attempt_number"])
        waited = time.monotonic() - came
        with call(self.portal.source, "GET", route_of(path, _WORDS), attempt=attempt, wait_seconds=waited) as made:
            return self._ask(self.base_url + path, params, headers, made)

    def _ask(
        self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None, made: Call
    ) -> httpx.Response:
        try:
            with self._client.stream("GET", url, params=params, headers=headers) as arriving:
                made.http_status = arriving.status_code
                response = self._whole(arriving)
        except httpx.RequestError as error:
            raise _NoUsableAnswerError(f"{type(error).__name__} {error}".rstrip()) from error
        self._heed(response)
        status = response.status_code
        if status == _UNCHANGED and headers and "If-None-Match" in headers:
            return response
        if status == 429 or response.is_server_error:
            raise _NoUsableAnswerError(f"status {status}")
        if url.startswith(f"{self.base_url}/api/") and "html" in response.headers.get("content-type", ""):
            # The API answers JSON, also to say 404: a page comes from a proxy or from another server altogether, and
            # says nothing about the record.
            raise _NoUsableAnswerError(f"status {status} with a web page instead of JSON")
        if response.is_client_error:
            _refuse(self.portal.title, response, url)
        if status != 200:
            raise _NoUsableAnswerError(f"status {status}")
        return response

    def _whole(self, arriving: httpx.Response) -> httpx.Response:
        """The answer with its body, unless that is too long."""
        packed = arriving.headers.get("content-encoding", "identity").lower()
        if packed not in _UNPACKED:
            raise _NoUsableAnswerError(f"it is packed as {packed[:20]!r}")
        body = bytearray()
        for chunk in arriving.iter_bytes():
            body += chunk
            if len(body) > MOST_ANSWER_BYTES:
                raise RecordInvalidError(
                    f"The answer is longer than {MOST_ANSWER_BYTES:,} bytes.",
                    uri=str(arriving.url),
                    remedy="See in a browser whether it is a record.",
                )
        transport = (b"content-encoding", b"content-length", b"transfer-encoding")
        headers = [(name, value) for name, value in arriving.headers.raw if name.lower() not in transport]
        return httpx.Response(arriving.status_code, headers=headers, content=bytes(body), request=arriving.request)

    def _refuse_elsewhere(self, request: httpx.Request) -> None:
        """Asked before each request, those of redirects among them."""
        if not may_lead_to(self.base_url, str(request.url), self._redirect_hosts):
            raise SourceUnavailableError(
                f"{self.portal.title} redirects to {request.url.host}, which is not followed.",
                uri=self.base_url,
                remedy=f"If that is right, name the host in CERN_ASSETS_{self.portal.source.upper()}_REDIRECT_HOSTS.",
            )

    def _heed(self, response: httpx.Response) -> None:
        """Hold all requests where the portal asks for it: told to come later, or no request left in this minute.

        The portal sends `Retry-After: 60` with every answer; it means something with 429 and 503 only.
        """
        if response.status_code in (429, 503):
            seconds = _seconds(response.headers.get("retry-after", ""))
        elif response.headers.get("x-ratelimit-remaining") == "0":
            seconds = _seconds_until(response.headers.get("x-ratelimit-reset", ""))
        else:
            return
        if seconds > 0:
            self._limit.hold(min(seconds, _LONGEST_HOLD_SECONDS))


def _checked(portal: Portal, base_url: str) -> str:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            "The portal's address is no URL.",
            field=f"{portal.source}_api_url",
            value=base_url,
            remedy=f"Give it like {portal.usual_url}.",
        )
    return base_url.rstrip("/")


def _refuse(title: str, response: httpx.Response, url: str) -> NoReturn:
    says = " ".join(response.text.split())[:200]
    if response.status_code == 404:
        raise RecordNotFoundError(
            f"{title} does not know this.", uri=url, remedy="Check the recid on the portal's site."
        )
    if response.status_code == 410:
        raise RecordWithdrawnError(f"{title} says that this is gone.", uri=url)
    if response.status_code in (401, 403):
        raise RecordRestrictedError(
            f"{title} shows this to some people only.", uri=url, remedy="Wait until the record is released."
        )
    raise RecordInvalidError(
        f"{title} refused the request with status {response.status_code}: {says}", uri=url, value=says
    )


def _pause(state: RetryCallState) -> float:
    return float(_BACKOFF(state))


def _seconds(retry_after: str) -> float:
    """Read a `Retry-After` header: seconds, or an HTTP date; 0 for anything else."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _seconds_until(reset: str) -> float:
    """Read `x-ratelimit-reset`, the Unix time in seconds when requests are allowed again; 0 for anything else."""
    return float(reset) - time.time() if reset.isascii() and reset.isdigit() else 0.0
