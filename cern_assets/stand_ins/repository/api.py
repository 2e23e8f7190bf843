"""The REST API, at InvenioRDM's addresses."""

import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.background import BackgroundTasks
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from cern_assets.stand_ins.repository import answers
from cern_assets.stand_ins.repository.bodies import read_json
from cern_assets.stand_ins.repository.communities import Communities
from cern_assets.stand_ins.repository.custom_fields import KeptFields
from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.faults import Faults
from cern_assets.stand_ins.repository.files import Files
from cern_assets.stand_ins.repository.records import Records, RecordView
from cern_assets.stand_ins.repository.refusals import FieldError, RefusedError, denied, invalid, missing_record
from cern_assets.stand_ins.repository.search import Query, search
from cern_assets.stand_ins.repository.tables import Stage
from cern_assets.stand_ins.repository.vocabularies import SHORT_VOCABULARIES

type Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Call:
    """A request, read and judged: who asks (None for anybody), and with what body."""

    request: Request
    body: Any
    user: str | None
    base_url: str

    @property
    def owner(self) -> str:
        """The user who asks, of an endpoint that only users may ask."""
        if self.user is None:
            raise denied()
        return self.user

    @property
    def id(self) -> str:
        """The record id of the path."""
        return str(self.request.path_params["id"])

    @property
    def key(self) -> str:
        """The file key of the path."""
        return str(self.request.path_params["key"])

    @property
    def host(self) -> str:
        """The host that was asked."""
        return self.request.url.hostname or "localhost"

    def number(self, name: str, default: int) -> int:
        """A number of the query."""
        text = self.request.query_params.get(name, str(default))
        if not text.isdecimal():
            raise invalid(FieldError(name, "Not a valid integer."))
        return int(text)


class Api:
    """The endpoints; with a token for its user, and without one for everybody."""

    def __init__(
        self,
        database: Database,
        records: Records,
        files: Files,
        communities: Communities,
        kept: KeptFields,
        *,
        tokens: Mapping[str, str],
        faults: Faults | None,
        withdrawers: Collection[str] = (),
    ) -> None:
        self._database = database
        self._records = records
        self._files = files
        self._communities = communities
        self._kept = kept
        self._tokens = tokens
        self._faults = faults
        self._withdrawers = withdrawers

    def routes(self) -> list[Route]:
        """All routes; the content of files comes first, as a key may hold slashes."""
        record, draft = "/api/records/{id}", "/api/records/{id}/draft"
        file = f"{draft}/files/{{key:path}}"
        return [
            Route("/api/records", self._open(self._search), methods=["GET"]),
            Route("/api/records", self._own(self._create), methods=["POST"]),
            Route("/api/user/records", self._own(self._search_own), methods=["GET"]),
            Route(record, self._open(partial(self._read, stage="published")), methods=["GET"]),
            Route(f"{record}/delete", self._own(self._withdraw), methods=["DELETE"]),
            Route(f"{record}/versions", self._own(self._new_version), methods=["POST"]),
            Route(f"{record}/versions/latest", self._open(self._latest), methods=["GET"]),
            Route(draft, self._own(partial(self._read, stage="draft")), methods=["GET"]),
            Route(draft, self._own(self._update), methods=["PUT"]),
            Route(draft, self._own(self._edit), methods=["POST"]),
            Route(draft, self._own(self._discard), methods=["DELETE"]),
            Route(f"{draft}/actions/publish", self._own(self._publish), methods=["POST"]),
            Route(f"{draft}/actions/files-import", self._own(self._import_files), methods=["POST"]),
            Route(f"{draft}/actions/submit-review", self._own(self._submit_review), methods=["POST"]),
            Route(f"{draft}/review", self._own(self._read_review), methods=["GET"]),
            Route(f"{draft}/review", self._own(self._prepare_review), methods=["PUT"]),
            Route(f"{record}/communities", self._own(self._include), methods=["POST"]),
            Route(f"{record}/requests", self._own(self._list_requests), methods=["GET"]),
            Route("/api/communities", self._own(self._create_community), methods=["POST"]),
            Route("/api/communities/{id}", self._open(self._read_community), methods=["GET"]),
            Route("/api/affiliations/{term}", self._open(self._read_term), methods=["GET"]),
            Route("/api/vocabularies/{vocabulary}", self._open(self._list_terms), methods=["GET"]),
            Route("/api/vocabularies/{vocabulary}/{term}", self._open(self._read_term), methods=["GET"]),
            Route("/api/requests/{id}", self._own(self._read_request), methods=["GET"]),
            Route("/api/requests/{id}/actions/{action}", self._own(self._answer_request), methods=["POST"]),
            Route(f"{draft}/files", self._own(partial(self._list_files, stage="draft")), methods=["GET"]),
            Route(f"{draft}/files", self._own(self._initialise_files), methods=["POST"]),
            Route(f"{file}/content/{{part:int}}", self._write_part, methods=["PUT"]),
            Route(f"{file}/content", self._write_content, methods=["PUT"]),
            Route(f"{file}/content", self._own(partial(self._read_content, stage="draft")), methods=["GET"]),
            Route(f"{file}/commit", self._own(self._commit_file), methods=["POST"]),
            Route(file, self._own(partial(self._read_file, stage="draft")), methods=["GET"]),
            Route(file, self._own(self._delete_file), methods=["DELETE"]),
            Route(f"{record}/files", self._open(partial(self._list_files, stage="published")), methods=["GET"]),
            Route(
                f"{record}/files/{{key:path}}/content",
                self._open(partial(self._read_content, stage="published")),
                methods=["GET"],
            ),
            Route(
                f"{record}/files/{{key:path}}",
                self._open(partial(self._read_file, stage="published")),
                methods=["GET"],
            ),
        ]

    def _open(self, handler: Callable[[Call], Response]) -> Endpoint:
        """An endpoint for everybody."""

        async def respond(request: Request) -> Response:
            # What is sent along with a GET is never read.
            call = Call(request, None, self._user(request), _base_url(request))
            return await run_in_threadpool(handler, call)

        return respond

    def _own(self, handler: Callable[[Call], Response]) -> Endpoint:
        """An endpoint for users; those of a record are for its owner."""

        async def respond(request: Request) -> Response:
            user = await run_in_threadpool(self._owner, request)
            body = None if request.method == "GET" else await read_json(request)
            call = Call(request, body, user, _base_url(request))
            return await run_in_threadpool(handler, call)

        return respond

    def _user(self, request: Request) -> str | None:
        """Whose the token is; with one that is nobody's InvenioRDM takes the request for anybody's."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        known = (user for own, user in self._tokens.items() if hmac.compare_digest(token.encode(), own.encode()))
        return next(known, None) if kind == "Bearer" else None

    def _owner(self, request: Request) -> str:
        """The user who asks, if there is one and the record of the path is this user's."""
        user, record_id = self._user(request), request.path_params.get("id")
        if user is None:
            raise denied()
        if record_id is not None and request.url.path.startswith("/api/records/"):
            self._records.require_owner(record_id, user)
        return user

    def _search(self, call: Call) -> Response:
        return self._searched(call, owner=None)

    def _search_own(self, call: Call) -> Response:
        return self._searched(call, owner=call.owner)

    def _searched(self, call: Call, *, owner: str | None) -> Response:
        asked = call.request.query_params
        text = asked.get("q", "")
        usual = "updated-desc" if owner is not None else "bestmatch" if text else "newest"
        size, page = call.number("size", 25), call.number("page", 1)
        query = Query(text, size=size, page=page, sort=asked.get("sort", usual), owner=owner)
        indexed_until = self._faults.indexed_until() if self._faults else None
        found = search(self._database, query, indexed_until=indexed_until)
        views = self._records.shown(found.versions, owner=owner)
        url = f"{call.base_url}{call.request.url.path}"
        return JSONResponse(answers.search_json(found, views, url, call.base_url))

    def _create(self, call: Call) -> Response:
        return _record(call, self._records.create(call.body, owner=call.owner), 201)

    def _read(self, call: Call, stage: Stage) -> Response:
        return _record(call, self._records.read(call.id, stage, reader=call.user))

    def _update(self, call: Call) -> Response:
        return _record(call, self._records.update(call.id, call.body, if_match=call.request.headers.get("If-Match")))

    def _edit(self, call: Call) -> Response:
        return _record(call, self._records.edit(call.id), 201)

    def _withdraw(self, call: Call) -> Response:
        """InvenioRDM lets administrators withdraw, and no depositor."""
        self._records.refuse_withdrawn(call.id)
        self._records.read(call.id, "published", reader=call.user)
        if call.owner not in self._withdrawers:
            raise denied()
        self._records.withdraw(call.id, call.body)
        return Response(status_code=204)

    def _new_version(self, call: Call) -> Response:
        return _record(call, self._records.new_version(call.id), 201)

    def _publish(self, call: Call) -> Response:
        return _record(call, self._records.publish(call.id, call.host), 202)

    def _import_files(self, call: Call) -> Response:
        imported = self._files.import_previous(call.id)
        view = self._records.read(call.id, "draft", reader=call.user)
        return JSONResponse(answers.files_json(view, imported, call.base_url), 201)

    def _create_community(self, call: Call) -> Response:
        return JSONResponse(answers.community_json(self._communities.create(call.body, owner=call.owner)), 201)

    def _read_community(self, call: Call) -> Response:
        return JSONResponse(answers.community_json(self._communities.read(call.id)))

    def _terms(self, call: Call) -> tuple[str, Mapping[str, str]]:
        """Vocabularies of custom fields and the short ones; the longer are not here, affiliations among them."""
        vocabulary = str(call.request.path_params.get("vocabulary"))
        terms = SHORT_VOCABULARIES.get(vocabulary) or self._kept.terms(vocabulary)
        if terms is None:
            raise missing_record()
        return vocabulary, terms

    def _list_terms(self, call: Call) -> Response:
        """One page: the vocabularies that are here have fewer terms than a page takes."""
        vocabulary, terms = self._terms(call)
        found = [{"id": term, "type": vocabulary, "title": {"en": title}} for term, title in terms.items()]
        return JSONResponse({"hits": {"hits": found, "total": len(found)}})

    def _read_term(self, call: Call) -> Response:
        vocabulary, terms = self._terms(call)
        term = str(call.request.path_params["term"])
        if term not in terms:
            raise missing_record()
        return JSONResponse({"id": term, "type": vocabulary, "title": {"en": terms[term]}})

    def _prepare_review(self, call: Call) -> Response:
        return JSONResponse(answers.request_json(self._communities.prepare(call.id, call.body), call.base_url))

    def _read_review(self, call: Call) -> Response:
        return JSONResponse(answers.request_json(self._communities.review(call.id), call.base_url))

    def _submit_review(self, call: Call) -> Response:
        submitted = self._communities.submit(call.id, call.host, user=call.owner)
        return JSONResponse(answers.request_json(submitted, call.base_url), 202)

    def _include(self, call: Call) -> Response:
        given = call.body.get("communities") if isinstance(call.body, Mapping) else None
        processed: list[object] = []
        errors: list[object] = []
        for each in given if isinstance(given, list) else []:
            name = str(each.get("id")) if isinstance(each, Mapping) else ""
            try:
                request = self._communities.include(call.id, name, user=call.owner)
            except RefusedError as refused:
                if refused.status != 400:
                    raise
                errors.append({"community_id": name, "message": refused.message})
                continue
            told = answers.request_json(request, call.base_url)
            processed.append({"community_id": name, "request_id": request.id, "request": told})
        return JSONResponse({"processed": processed, "errors": errors}, 200 if processed else 400)

    def _list_requests(self, call: Call) -> Response:
        until = None if self._faults is None else self._faults.indexed_until()
        found = self._communities.requests_of(call.id, created_until=until)
        told = [answers.request_json(request, call.base_url) for request in found]
        return JSONResponse({"hits": {"hits": told, "total": len(told)}})

    def _read_request(self, call: Call) -> Response:
        return JSONResponse(answers.request_json(self._communities.request(call.id), call.base_url))

    def _answer_request(self, call: Call) -> Response:
        action = str(call.request.path_params["action"])
        answered = self._communities.answer(call.id, action, call.host, user=call.owner)
        return JSONResponse(answers.request_json(answered, call.base_url))

    def _discard(self, call: Call) -> Response:
        self._records.discard(call.id)
        return Response(status_code=204)

    def _latest(self, call: Call) -> Response:
        latest = self._records.latest(call.id, reader=call.user)
        return RedirectResponse(f"{call.base_url}/api/records/{latest}", 301)

    def _list_files(self, call: Call, stage: Stage) -> Response:
        view = self._with_files(call, stage)
        return JSONResponse(answers.files_json(view, view.files, call.base_url))

    def _with_files(self, call: Call, stage: Stage) -> RecordView:
        view = self._records.read(call.id, stage, reader=call.user)
        if view.files_restricted and view.version.owner != call.user:
            raise denied()
        return view

    def _initialise_files(self, call: Call) -> Response:
        announced = self._files.initialise(call.id, call.body)
        view = self._records.read(call.id, "draft", reader=call.user)
        fetching = BackgroundTasks()
        for file in announced:
            if file.transfer["type"] == "F":
                fetching.add_task(self._files.fetch, file)
        return JSONResponse(answers.files_json(view, announced, call.base_url), 201, background=fetching)

    def _read_file(self, call: Call, stage: Stage) -> Response:
        view = self._with_files(call, stage)
        return JSONResponse(answers.file_json(view, self._files.read(call.id, call.key), call.base_url))

    async def _write_content(self, request: Request) -> Response:
        user = await run_in_threadpool(self._owner, request)
        record_id, key = request.path_params["id"], request.path_params["key"]
        file = await self._files.write(record_id, key, request.stream())
        view = await run_in_threadpool(self._records.read, record_id, "draft", reader=user)
        return JSONResponse(answers.file_json(view, file, _base_url(request)))

    async def _write_part(self, request: Request) -> Response:
        user = await run_in_threadpool(self._owner, request)
        record_id, key, part = (request.path_params[name] for name in ("id", "key", "part"))
        said = request.headers.get("Content-Length", "")
        said_bytes = int(said) if said.isdecimal() else -1
        taken = await self._files.write_part(record_id, key, part, request.stream(), said_bytes=said_bytes)
        view = await run_in_threadpool(self._records.read, record_id, "draft", reader=user)
        file = await run_in_threadpool(self._files.read, record_id, key) if taken is None else taken
        # InvenioRDM 14 answers 200 for a part that it did not take, too.
        errors = {} if taken else {"errors": "File upload transfer failed."}
        return JSONResponse(answers.file_json(view, file, _base_url(request)) | errors)

    def _commit_file(self, call: Call) -> Response:
        file = self._files.commit(call.id, call.key)
        view = self._records.read(call.id, "draft", reader=call.user)
        return JSONResponse(answers.file_json(view, file, call.base_url))

    def _delete_file(self, call: Call) -> Response:
        self._files.delete(call.id, call.key)
        return Response(status_code=204)

    def _read_content(self, call: Call, stage: Stage) -> Response:
        self._with_files(call, stage)
        file = self._files.read(call.id, call.key)
        # As an attachment and never sniffed: a deposited page must not run with this server's origin.
        return FileResponse(
            self._files.content(file),
            media_type="application/octet-stream",
            filename=file.key.rpartition("/")[2],
            headers={"X-Content-Type-Options": "nosniff"},
        )


def _base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _record(call: Call, view: RecordView, status: int = 200) -> Response:
    body = answers.record_json(view, call.base_url)
    return JSONResponse(body, status, headers={"ETag": f'"{body["revision_id"]}"'})
