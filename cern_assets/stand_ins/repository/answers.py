"""The JSON of records, files and search results, in InvenioRDM's form."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from cern_assets.stand_ins.repository import custom_fields
from cern_assets.stand_ins.repository.communities import Community, Request
from cern_assets.stand_ins.repository.files import mimetype
from cern_assets.stand_ins.repository.records import RecordView
from cern_assets.stand_ins.repository.search import Found
from cern_assets.stand_ins.repository.tables import StoredContent
from cern_assets.stand_ins.repository.vocabularies import RESOURCE_TYPES

type Json = dict[str, Any]


def record_json(view: RecordView, base_url: str) -> Json:
    """A draft or a published record."""
    version, content = view.version, view.content
    draft = view.stage == "draft"
    answer: Json = {
        "id": version.id,
        "created": version.created,
        "updated": version.updated,
        "revision_id": version.draft_revision if draft else version.published_revision,
        "is_draft": draft,
        "is_published": version.published is not None,
        "status": _status(view),
        "links": _record_links(view, base_url),
        "parent": {
            "id": version.parent_id,
            "access": {"owned_by": {"user": version.owner}},
            "communities": _communities(view),
            "pids": {},
        },
        "versions": {
            "index": version.index,
            "is_latest": view.is_latest,
            "is_latest_draft": view.is_latest_draft,
        },
        "metadata": _metadata(content["metadata"]),
        "access": {**content["access"], "status": _access_status(view)},
        "custom_fields": custom_fields.shown(content["custom_fields"]),
        "pids": content["pids"],
        "files": _files_summary(view),
        "media_files": {"enabled": False, "order": [], "count": 0, "total_bytes": 0, "entries": {}},
    }
    return {**answer, "errors": [error.as_json() for error in view.errors]} if view.errors else answer


def files_json(view: RecordView, files: Sequence[StoredContent], base_url: str) -> Json:
    """A list of files of a draft or a published record."""
    enabled, links = view.content["files"]["enabled"], {"self": f"{_stage_url(view, base_url)}/files"}
    if not enabled:
        return {"enabled": False, "links": links}
    entries = [file_json(view, file, base_url) for file in files]
    return {"enabled": True, "links": links, "default_preview": None, "order": [], "entries": entries}


def file_json(view: RecordView, file: StoredContent, base_url: str) -> Json:
    """One file; its size and checksum are those of its bytes once it is committed."""
    committed = file.status == "completed"
    answer: Json = {
        "key": file.key,
        "created": file.created,
        "updated": file.updated,
        "status": "failed" if "error" in file.transfer else file.status,
        "metadata": file.metadata or None,
        "access": {"hidden": False},
        "transfer": {name: value for name, value in file.transfer.items() if name != "url"},  # it may hold a secret
        "links": _file_links(view, file, base_url),
    }
    if not committed:
        return answer | ({"size": file.size_bytes} if file.size_bytes is not None else {})
    about = {"file_id": file.file_id, "version_id": file.file_id, "bucket_id": view.version.id, "storage_class": "L"}
    return answer | about | {"mimetype": mimetype(file.key), "size": file.size_bytes, "checksum": file.checksum}


def search_json(found: Found, hits: Sequence[RecordView], url: str, base_url: str) -> Json:
    """A page of search results; `url` is the address that was searched, without its query."""
    query = found.query
    given = {**({"q": query.text} if query.text else {}), "size": query.size, "sort": query.sort}
    links = {"self": f"{url}?{urlencode({**given, 'page': query.page})}"}
    if query.page > 1:
        links["prev"] = f"{url}?{urlencode({**given, 'page': query.page - 1})}"
    if query.page < found.pages:
        links["next"] = f"{url}?{urlencode({**given, 'page': query.page + 1})}"
    return {
        "hits": {"hits": [record_json(view, base_url) for view in hits], "total": found.total},
        "aggregations": {},
        "page": query.page,
        "sortBy": query.sort,
        "links": links,
    }


def community_json(community: Community) -> Json:
    """A community."""
    return {
        "id": community.id,
        "slug": community.slug,
        "metadata": {"title": community.title},
        "access": {"visibility": "public", "review_policy": community.policy},
    }


def request_json(request: Request, base_url: str) -> Json:
    """A request to a community."""
    url = f"{base_url}/api/requests/{request.id}"
    is_open = request.status == "submitted"
    actions = {action: f"{url}/actions/{action}" for action in ("accept", "decline", "cancel")} if is_open else {}
    return {
        "id": request.id,
        "type": "community-inclusion" if request.published else "community-submission",
        "status": request.status,
        "is_open": is_open,
        "receiver": {"community": request.community_id},
        "topic": {"record": request.record_id},
        "links": {"self": url, "actions": actions},
    }


def content_url(view: RecordView, file: StoredContent, base_url: str) -> str:
    """Where a file's bytes are."""
    return f"{_file_url(view, file, base_url)}/content"


def _communities(view: RecordView) -> Json:
    taken = view.communities
    entries = [{"id": id_, "slug": slug} for id_, slug in taken.items()]
    return {"ids": list(taken), "entries": entries} if taken else {}


def _access_status(view: RecordView) -> str:
    if view.restricted:
        return "restricted"
    if not view.files and not view.files_hidden:
        return "metadata-only"
    return "restricted" if view.files_restricted else "open"


def _status(view: RecordView) -> str:
    if view.version.published is not None:
        return "published"
    return "draft" if view.version.index == 1 else "new_version_draft"


def _metadata(metadata: Json) -> Json:
    kind = metadata.get("resource_type")
    title = RESOURCE_TYPES.get(str(kind.get("id"))) if isinstance(kind, dict) else None
    return (
        {**metadata, "resource_type": {**kind, "title": {"en": title}}}
        if isinstance(kind, dict) and title
        else metadata
    )


def _files_summary(view: RecordView) -> Json:
    done = [file for file in view.files if file.status == "completed"]
    return {
        "enabled": view.content["files"]["enabled"],
        "order": [],
        "count": len(done),
        "total_bytes": sum(file.size_bytes or 0 for file in done),
        "entries": {file.key: _entry(file) for file in done},
    }


def _entry(file: StoredContent) -> Json:
    return {
        "id": file.file_id,
        "key": file.key,
        "size": file.size_bytes,
        "checksum": file.checksum,
        "mimetype": mimetype(file.key),
        "storage_class": "L",
        "metadata": file.metadata,
        "access": {"hidden": False},
    }


def _record_url(view: RecordView, base_url: str) -> str:
    return f"{base_url}/api/records/{view.version.id}"


def _stage_url(view: RecordView, base_url: str) -> str:
    url = _record_url(view, base_url)
    return f"{url}/draft" if view.stage == "draft" else url


def _record_links(view: RecordView, base_url: str) -> dict[str, str]:
    record, html = _record_url(view, base_url), f"{base_url}/records/{view.version.id}"
    links = {
        "self": _stage_url(view, base_url),
        "files": f"{_stage_url(view, base_url)}/files",
        "versions": f"{record}/versions",
    }
    if view.stage == "published":
        latest = {"latest": f"{record}/versions/latest", "latest_html": f"{html}/latest"}
        return {**links, **latest, "self_html": html, "draft": f"{record}/draft"}
    about = {"self_html": f"{base_url}/uploads/{view.version.id}", "record": record, "record_html": html}
    return {**links, **about, "publish": f"{record}/draft/actions/publish"}


def _file_url(view: RecordView, file: StoredContent, base_url: str) -> str:
    return f"{_stage_url(view, base_url)}/files/{quote(file.key)}"


def _file_links(view: RecordView, file: StoredContent, base_url: str) -> Json:
    url = _file_url(view, file, base_url)
    links: Json = {"self": url, "content": f"{url}/content"}
    if view.stage == "draft":
        links["commit"] = f"{url}/commit"
    if file.transfer["type"] == "M" and file.status == "pending":
        numbers = range(1, int(file.transfer["parts"]) + 1)
        links["parts"] = [{"part": number, "url": f"{url}/content/{number}"} for number in numbers]
    return links
