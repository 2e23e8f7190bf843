"""The port `Repository` over nrp-cmd's asynchronous client.

Records and files are read and written as plain JSON through nrp-cmd's connection: its `Record` drops nulls and bends
`parent` on the way, and its files client announces each file by itself. Where publishing, an edit or a new version is
refused and the repository offers requests for it, as those of NRP do, nrp-cmd's records client finds the one to open.

Bytes go in one stream (transfer L), or in parts (M) where wanted and offered (`repositories/nrp/parts.py`).
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from nrp_cmd.async_client.invenio.records import AsyncInvenioRecordsClient
from nrp_cmd.async_client.invenio.requests import AsyncInvenioRequestsClient
from yarl import URL

from cern_assets.errors import (
    CernAssetsError,
    ChecksumMismatchError,
    ConfigurationError,
    CredentialsRefusedError,
    DepositRefusedError,
    RepositoryUnavailableError,
    SizeMismatchError,
    TransferInterruptedError,
)
from cern_assets.model.checksums import same_checksum
from cern_assets.model.publications import Draft, HeldTerms, Published, RemoteFile, RemoteRecord, Review, Sought, Spent
from cern_assets.model.uploads import Upload
from cern_assets.model.values import JsonObject
from cern_assets.repositories.nrp.communities import include, included, submit_review
from cern_assets.repositories.nrp.connection import Connection
from cern_assets.repositories.nrp.given import accepted, given_info, nrp_record
from cern_assets.repositories.nrp.loop import LoopThread
from cern_assets.repositories.nrp.pace import Pace
from cern_assets.repositories.nrp.parse import (
    has_requests,
    remote_draft,
    remote_file,
    remote_files,
    remote_published,
    remote_review,
)
from cern_assets.repositories.nrp.parts import announce, fetched, send_parts
from cern_assets.repositories.nrp.refusals import refusal
from cern_assets.repositories.nrp.searching import OwnPage, find, find_published, own_page
from cern_assets.repositories.nrp.stream import UploadSource
from cern_assets.repositories.nrp.vocabularies import held_terms, place

_CHUNK_BYTES = 1024 * 1024


class NrpRepository:
    """One InvenioRDM or NRP repository, as one depositor sees it; safe to use from many threads.

    `attempts` is how often a request is tried that can be repeated (all but POST), `timeout_seconds` how long a silent
    repository is waited for, `clock` tells how long it has been fetching a file. Processes with the same `pace_file`
    keep to its rate limit together. Nothing is asked before the first call: what nrp-cmd would discover is given.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        attempts: int,
        timeout_seconds: float,
        pace_file: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        base = URL(url.rstrip("/"))
        if base.scheme not in ("http", "https") or not base.host:
            raise ConfigurationError(
                "The repository's address is no http(s) URL.",
                field="CERN_ASSETS_REPOSITORY_URL",
                value=url,
                remedy="Set it like https://repository.example.org.",
            )
        self.url = str(base)
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._api = base / "api"
        self._loop = LoopThread("nrp-repository")
        self._connection = Connection(
            base, token, attempts=attempts, timeout_seconds=timeout_seconds, pace=Pace(pace_file)
        )
        self._sent: list[str] = []
        self._terms: dict[tuple[str, str], bool] = {}
        info = given_info(base)
        requests = AsyncInvenioRequestsClient(self._connection, info)
        self._records = AsyncInvenioRecordsClient(self._connection, info, requests)

    def close(self) -> None:
        """Close the connections and end the thread that talks to the repository."""
        self._loop.close(self._connection.close)

    def ping(self) -> str:
        """Say that the repository answers and takes the token (`GET /api/user/records`)."""
        answer = self._run(self._connection.read(self._api / "user" / "records", {"size": "1"})) or {}
        total = answer.get("hits", {}).get("total")
        if not isinstance(total, int):
            raise RepositoryUnavailableError(
                f"{self.url} is no InvenioRDM-compatible repository.", remedy="Check CERN_ASSETS_REPOSITORY_URL."
            )
        return f"{self.url} answers and takes the token; its depositor has {total:,} records and drafts"

    @property
    def spent(self) -> Spent:
        """Requests and files since the adapter was made, of all threads."""
        return Spent(requests=dict(self._connection.requests), sent=tuple(self._sent))

    def has_term(self, vocabulary: str, term: str) -> bool:
        """`GET /api/vocabularies/<vocabulary>/<term>`, or `/api/affiliations/<term>`; each is asked once."""
        known = (vocabulary, term)
        if known not in self._terms:
            address = place(self._api, vocabulary) / term
            self._terms[known] = self._run(self._connection.read(address)) is not None
        return self._terms[known]

    def held_terms(self, vocabulary: str) -> HeldTerms | None:
        """`GET /api/vocabularies/<vocabulary>`, or `/api/affiliations`, `/api/funders`: a request a thousand terms."""
        return self._run(held_terms(self._connection, self._api, vocabulary))

    def find(self, identifier: str, *, doi: str | None = None) -> Sought:
        """Search published records and own drafts, and keep those with exactly this identifier: two requests."""
        return self._run(find(self._connection, self._api, identifier, doi))

    def find_published(self, identifier: str, *, doi: str | None = None) -> tuple[Published, ...]:
        """Search published records, and keep those with exactly this identifier or DOI: one request."""
        return self._run(find_published(self._connection, self._api, identifier, doi))

    def own_records(self) -> Iterator[RemoteRecord]:
        """`GET /api/user/records`, a search for each page: there may be any number of them."""
        page = OwnPage()
        while page.more:
            page = self._run(own_page(self._connection, self._api, page))
            yield from page.records

    def create_draft(self, payload: JsonObject) -> Draft:
        """`POST /api/records`; `problems` tells what has to be corrected before publishing."""
        return remote_draft(self._run(self._connection.send("POST", self._api / "records", payload)))

    def read_draft(self, record_id: str) -> Draft | None:
        """`GET /api/records/<id>/draft`."""
        body = self._run(self._connection.read(self._draft_url(record_id)))
        return None if body is None else remote_draft(body)

    def read_published(self, record_id: str) -> Published | None:
        """`GET /api/records/<id>`."""
        body = self._run(self._connection.read(self._record_url(record_id)))
        return None if body is None else remote_published(body)

    def update_draft(self, record_id: str, payload: JsonObject) -> Draft:
        """`PUT /api/records/<id>/draft`."""
        return remote_draft(self._run(self._connection.send("PUT", self._draft_url(record_id), payload)))

    def delete_draft(self, draft: Draft) -> None:
        """`DELETE /api/records/<id>/draft`."""
        self._run(self._connection.remove(self._draft_url(draft.record_id)))

    def edit(self, record_id: str) -> Draft:
        """`POST /api/records/<id>/draft`, which gives the draft that is there, if any."""
        return self._run(self._derived(record_id, "edit_metadata", "draft"))

    def new_version(self, record_id: str) -> Draft:
        """`POST /api/records/<id>/versions`, which gives the next version's draft that is there, if any."""
        return self._run(self._derived(record_id, "new_version", "versions"))

    def files(self, record: RemoteRecord) -> tuple[RemoteFile, ...]:
        """`GET .../files` of the draft or of the published record."""
        return remote_files(self._run(self._must_read(self._files_url(record))))

    def import_files(self, draft: Draft) -> tuple[RemoteFile, ...]:
        """`POST .../draft/actions/files-import`, which InvenioRDM takes only while the draft has no files."""
        url = self._draft_url(draft.record_id) / "actions" / "files-import"
        return remote_files(self._run(self._connection.send("POST", url, {})))

    def announce(self, draft: Draft, uploads: Sequence[Upload]) -> Mapping[str, str]:
        """`POST .../draft/files` with all of them, and once more for those that it does not take in parts."""
        return self._run(announce(self._connection, self._files_url(draft), uploads))

    def upload(self, draft: Draft, upload: Upload, *, announced: bool = False) -> RemoteFile:
        """Initialise unless announced, send, commit, compare; a file that is there under the key is replaced."""
        return self._run(self._upload(self._files_url(draft), upload, announced=announced))

    def delete_file(self, draft: Draft, key: str) -> None:
        """`DELETE .../draft/files/<key>`."""
        self._run(self._connection.remove(self._files_url(draft) / key))

    @contextmanager
    def download(self, record: RemoteRecord, key: str) -> Iterator[Iterator[bytes]]:
        """`GET .../files/<key>/content`, once, with httpx: nrp-cmd cannot download an empty file.

        Raises:
            TransferInterruptedError: also while iterating.
        """
        url = str(self._files_url(record) / key / "content")
        headers = {"Authorization": f"Bearer {self._token}", "Accept-Encoding": "identity"}
        try:
            with httpx.stream(
                "GET", url, headers=headers, timeout=self._timeout_seconds, follow_redirects=True, trust_env=False
            ) as response:
                with self._unrepeated():
                    _check(response)
                yield response.iter_bytes(_CHUNK_BYTES)
        except httpx.ConnectError as error:
            raise RepositoryUnavailableError(f"The repository did not answer GET {url}: {error}.") from error
        except httpx.HTTPError as error:
            raise TransferInterruptedError(f"The download of {url} broke off: {error!r}.", uri=url) from error

    def review(self, draft: Draft) -> Review | None:
        """`GET .../draft/review`."""
        body = self._run(self._connection.read(self._draft_url(draft.record_id) / "review"))
        return None if body is None else remote_review(body)

    def request(self, request_id: str) -> Review | None:
        """`GET /api/requests/<id>`."""
        body = self._run(self._connection.read(self._api / "requests" / request_id))
        return None if body is None else remote_review(body)

    def submit_review(self, draft: Draft, community: str) -> Review:
        """`PUT .../draft/review`, then `POST .../draft/actions/submit-review`.

        A community whose policy lets its own curators publish without a review accepts at once.
        """
        return self._run(submit_review(self._connection, self._api, self._draft_url(draft.record_id), community))

    def include(self, record: Published, community: str) -> Review:
        """`POST /api/records/<id>/communities`, which answers with the request for each community."""
        return self._run(include(self._connection, self._api, self._record_url(record.record_id), community))

    def included(self, record_id: str, community: str) -> Review | None:
        """`GET /api/records/<id>/requests`, the latest first."""
        return self._run(included(self._connection, self._api, self._record_url(record_id), community))

    def cancel(self, request_id: str) -> None:
        """`POST /api/requests/<id>/actions/cancel`."""
        url = self._api / "requests" / request_id / "actions" / "cancel"
        self._run(self._connection.send("POST", url, {}))

    def publish(self, draft: Draft) -> Published:
        """Publish, and read back what was published."""
        return self._run(self._publish(draft))

    def withdraw(self, record: Published, *, reason: str, note: str) -> None:
        """`DELETE /api/records/<id>/delete`, with what the tombstone says."""
        tombstone: JsonObject = {"removal_reason": {"id": reason}, "note": note, "is_visible": True}
        self._run(self._withdraw(self._record_url(record.record_id), tombstone))

    def _run[Result](self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        with self._unrepeated():
            return self._loop.run(coroutine)

    @contextmanager
    def _unrepeated(self) -> Iterator[None]:
        """A repository that repeats the token in its answers brings it into no error."""
        try:
            yield
        except CernAssetsError as error:
            raise error.without(self._token) from None

    def _record_url(self, record_id: str) -> URL:
        return self._api / "records" / record_id

    def _draft_url(self, record_id: str) -> URL:
        return self._record_url(record_id) / "draft"

    def _files_url(self, record: RemoteRecord) -> URL:
        of = self._draft_url if record.state == "draft" else self._record_url
        return of(record.record_id) / "files"

    async def _derived(self, record_id: str, how: str, *steps: str) -> Draft:
        """The draft of an edit or a new version.

        Where a repository wants a request for it instead, as those of NRP do, nrp-cmd knows which.
        """
        url = self._record_url(record_id)
        try:
            return remote_draft(await self._connection.send("POST", url.joinpath(*steps), {}))
        except (DepositRefusedError, CredentialsRefusedError):
            body = await self._connection.read(url, {"expand": "1"}) or {}
            if not has_requests(body):
                raise
        result = accepted(await getattr(self._records, how)(nrp_record(body)), f"{how} of {url}")
        return remote_draft(await self._must_read(self._draft_url(str(result.id))))

    async def _publish(self, draft: Draft) -> Published:
        url, body = self._draft_url(draft.record_id), draft.payload
        if not has_requests(body):
            try:
                return remote_published(await self._connection.send("POST", url / "actions" / "publish", {}))
            except (DepositRefusedError, CredentialsRefusedError):
                body = await self._connection.read(url, {"expand": "1"}) or {}
                if not has_requests(body):
                    raise
        accepted(await self._records.publish(nrp_record(body)), f"publish of {url}")
        return remote_published(await self._must_read(self._record_url(draft.record_id)))

    async def _withdraw(self, url: URL, tombstone: JsonObject) -> None:
        try:
            await self._connection.remove(url / "delete", tombstone)
        except DepositRefusedError:  # InvenioRDM says so, too, where there is a tombstone already
            if await self._connection.read(url) is not None:
                raise

    async def _must_read(self, url: URL) -> JsonObject:
        body = await self._connection.read(url)
        if body is None:
            raise RepositoryUnavailableError(f"The repository made {url}, but does not show it.")
        return body

    async def _upload(self, files_url: URL, upload: Upload, *, announced: bool) -> RemoteFile:
        if not announced:
            upload = await self._announced(files_url, upload)
        if upload.address:
            sent = await fetched(self._connection, files_url / upload.key, self._clock)
        elif upload.parts is not None:
            sent = await send_parts(self._connection, files_url / upload.key, upload, upload.parts, self._send)
        else:
            await self._send(files_url / upload.key / "content", upload)
            sent = remote_file(await self._connection.send("POST", files_url / upload.key / "commit", {}))
        self._sent.append(upload.key)
        mismatch = _mismatch(sent, upload)
        if mismatch is not None:
            await self._connection.remove(files_url / upload.key)
            raise mismatch
        return sent

    async def _announced(self, files_url: URL, upload: Upload) -> Upload:
        try:
            one_stream = await announce(self._connection, files_url, [upload])
        except DepositRefusedError:
            # Most likely the key is there already. If so, it goes; if not, the refusal has another reason.
            if not await self._connection.remove(files_url / upload.key):
                raise
            one_stream = await announce(self._connection, files_url, [upload])
        return replace(upload, parts=None, address="") if one_stream else upload

    async def _send(self, url: URL, upload: Upload) -> None:
        source: UploadSource | None = None
        try:
            async with asyncio.timeout(None) as patience:
                source = UploadSource(upload, patience, self._timeout_seconds)
                headers = {"Content-Length": str(upload.size_bytes)}
                await self._connection.put_stream(url=url, source=source, headers=headers)
        except TimeoutError as error:
            raise RepositoryUnavailableError(
                f"The repository took no byte of {upload.key} for {self._timeout_seconds:g} s.", uri=str(url)
            ) from error
        except CernAssetsError:
            if source is not None and source.failure is not None:
                raise source.failure from None
            raise


def _mismatch(sent: RemoteFile, upload: Upload) -> CernAssetsError | None:
    if sent.size_bytes != upload.size_bytes:
        return SizeMismatchError(
            f"The repository took {sent.size_bytes} bytes of {upload.key}, not {upload.size_bytes}; they were deleted.",
            field="files[].size",
            value=str(sent.size_bytes),
            remedy="Fetch the file again.",
        )
    wanted = upload.md5()
    if not same_checksum(sent.checksum, wanted):
        return ChecksumMismatchError(
            f"The repository's copy of {upload.key} is {sent.checksum}, not {wanted}; it was deleted.",
            field="files[].checksum",
            value=str(sent.checksum),
            remedy="Fetch the file again.",
        )
    return None


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    request = f"GET {response.request.url}"
    if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise RepositoryUnavailableError(f"The repository answered {request} with {response.status_code}.")
    response.read()
    try:
        body = response.json()
    except ValueError:
        body = {}
    raise refusal(body if isinstance(body, dict) else {}, request=request, status=response.status_code)
