"""The repository's answers as values."""

from collections.abc import Mapping
from typing import Any, Literal

from cern_assets.addresses import shown
from cern_assets.errors import RepositoryUnavailableError
from cern_assets.model.checksums import parse_checksum
from cern_assets.model.publications import Draft, Published, RemoteFile, RemoteRecord, Review, stated_identifiers
from cern_assets.model.values import JsonObject
from cern_assets.repositories.nrp.refusals import field_errors

_REVIEWS: Mapping[str, Literal["unsent", "waiting", "accepted", "refused"]] = {
    "created": "unsent",
    "submitted": "waiting",
    "accepted": "accepted",
    "declined": "refused",
    "expired": "refused",
    "cancelled": "refused",
}


def remote_record(body: JsonObject) -> RemoteRecord:
    """Read a draft or a published record as InvenioRDM answers it; `url` is its page for people.

    Raises:
        RepositoryUnavailableError: the answer is no record, so something else answers there.
    """
    versions, links, parent = (_object(body, name) for name in ("versions", "links", "parent"))
    record_id = body.get("id")
    if not isinstance(record_id, str) or not links:
        raise RepositoryUnavailableError(
            f"An answer is no InvenioRDM record: {str(dict(body))[:200]}",
            remedy="Check that CERN_ASSETS_REPOSITORY_URL is the address of an InvenioRDM or NRP repository.",
        )
    index = versions.get("index")
    common: dict[str, Any] = {
        "record_id": record_id,
        "parent_id": str(parent.get("id", "")),
        "version_index": index if isinstance(index, int) else 1,
        "url": shown(str(links.get("self_html", ""))),
        "payload": body,
    }
    if not body.get("is_draft"):
        taken_by = _object(parent, "communities")
        return Published(
            **common, files=_files_told(_object(body, "files")), owner=_owner(parent), communities=_names(taken_by)
        )
    return Draft(
        **common,
        problems=tuple(f"{field}: {message}" for field, message in field_errors(body)),
        is_edit=bool(body.get("is_published")),
        in_community=bool(_object(parent, "communities").get("ids")),
    )


def remote_draft(body: JsonObject) -> Draft:
    """Read a draft.

    Raises:
        RepositoryUnavailableError: the answer is no draft.
    """
    record = remote_record(body)
    if not isinstance(record, Draft):
        raise RepositoryUnavailableError(
            f"The repository answers with the record {record.url} where it should a draft."
        )
    return record


def remote_published(body: JsonObject) -> Published:
    """Read a published record.

    Raises:
        RepositoryUnavailableError: the answer is no published record.
    """
    record = remote_record(body)
    if not isinstance(record, Published):
        raise RepositoryUnavailableError(
            f"The repository answers with the draft {record.url} where it should a record."
        )
    return record


def remote_review(body: JsonObject) -> Review:
    """Read a request for a review by a community.

    Raises:
        RepositoryUnavailableError: the answer is no request, or of a status that we do not know.
    """
    status, request_id = _REVIEWS.get(str(body.get("status"))), body.get("id")
    if status is None or not isinstance(request_id, str):
        raise RepositoryUnavailableError(f"An answer is no request for a review: {str(dict(body))[:200]}")
    return Review(request_id=request_id, status=status)


def inclusion(body: JsonObject) -> Review:
    """Read the request to the one community that was asked to take a published record.

    Raises:
        RepositoryUnavailableError: the answer has no such request.
    """
    processed = body.get("processed")
    asked = processed[0] if isinstance(processed, list) and processed else None
    return remote_review(_object(asked, "request") if isinstance(asked, Mapping) else body)


def inclusion_in(body: JsonObject, community_id: str) -> Review | None:
    """The first request of a list that asks a community to take a published record, None if there is none."""
    wanted = (
        hit
        for hit in hits(body)
        if hit.get("type") == "community-inclusion" and _object(hit, "receiver").get("community") == community_id
    )
    return next(map(remote_review, wanted), None)


def has_identifier(body: JsonObject, identifier: str) -> bool:
    """Whether `metadata.identifiers` has exactly this identifier (search may have found something like it)."""
    return identifier in stated_identifiers(body)


def has_doi(body: JsonObject, doi: str) -> bool:
    """Whether a record has a DOI, in whatever case, as its own or among its identifiers."""
    own = _object(_object(body, "pids"), "doi").get("identifier")
    return doi.casefold() in {str(each).casefold() for each in (own, *stated_identifiers(body))}


def hits(body: JsonObject) -> tuple[JsonObject, ...]:
    """The records of a search answer."""
    found = _object(body, "hits").get("hits")
    return tuple(hit for hit in found if isinstance(hit, Mapping)) if isinstance(found, list) else ()


def has_requests(body: JsonObject) -> bool:
    """Whether an expanded record offers requests, as NRP repositories do where they want one for a change."""
    return bool(_object(body, "expanded").get("requests"))


def remote_files(body: JsonObject) -> tuple[RemoteFile, ...]:
    """Read a list of files, in the order of their keys: InvenioRDM lists them as its database happens to give them."""
    entries = body.get("entries")
    listed = entries if isinstance(entries, list) else []
    files = (remote_file(entry) for entry in listed if isinstance(entry, Mapping))
    return tuple(sorted(files, key=lambda file: file.key))


def remote_file(entry: JsonObject) -> RemoteFile:
    """Read a file's entry; InvenioRDM calls a committed one `completed`."""
    committed = entry.get("status") == "completed"
    key, size_bytes, checksum = entry.get("key"), entry.get("size"), entry.get("checksum")
    if not isinstance(key, str):
        raise RepositoryUnavailableError(f"An answer is no file of a record: {str(dict(entry))[:200]}")
    return RemoteFile(
        key=key,
        size_bytes=size_bytes if committed and isinstance(size_bytes, int) else None,
        checksum=parse_checksum(checksum) if committed and isinstance(checksum, str) else None,
        committed=committed,
        parts=0 if committed else len(part_urls(entry)),
        fetching=entry.get("status") == "pending" and _object(entry, "transfer").get("type") == "F",
    )


def part_urls(entry: JsonObject) -> Mapping[int, str]:
    """Where the parts of a file go, by their numbers; nothing for a file that does not come in parts."""
    listed = _object(entry, "links").get("parts")
    found = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return {number: str(each["url"]) for each in found if isinstance(number := each.get("part"), int) and "url" in each}


def _owner(parent: JsonObject) -> str:
    """The user who owns a record, by id; empty where the answer names none, or a group."""
    owner = _object(_object(parent, "access"), "owned_by").get("user")
    return str(owner) if isinstance(owner, (str, int)) else ""


def _names(communities: JsonObject) -> tuple[str, ...]:
    """Ids of communities, and slugs where the answer expands them."""
    ids, entries = communities.get("ids"), communities.get("entries")
    slugs = [entry.get("slug") for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return tuple(name for name in [*(ids if isinstance(ids, list) else []), *slugs] if isinstance(name, str))


def _files_told(files: JsonObject) -> tuple[RemoteFile, ...] | None:
    """The files that a record's own answer lists; None where it does not, or not all."""
    if files.get("enabled") is False:
        return ()
    entries = files.get("entries")
    if not isinstance(entries, Mapping) or files.get("count") != len(entries):
        return None
    return tuple(_file_told(key, entry) for key, entry in sorted(entries.items()) if isinstance(entry, Mapping))


def _file_told(key: str, entry: JsonObject) -> RemoteFile:
    size_bytes, checksum = entry.get("size"), entry.get("checksum")
    return RemoteFile(
        key=key,
        size_bytes=size_bytes if isinstance(size_bytes, int) else None,
        checksum=parse_checksum(checksum) if isinstance(checksum, str) else None,
        committed=True,
    )


def _object(body: JsonObject, name: str) -> JsonObject:
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}
