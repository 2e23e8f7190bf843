"""The repository's answers as values."""

from collections.abc import Mapping

from nrp_cmd.types.files import File

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.model.checksums import parse_checksum
from cern_assets.model.publications import RemoteFile, RemoteRecord
from cern_assets.model.values import JsonObject
from cern_assets.repositories.nrp.refusals import field_errors


def remote_record(body: JsonObject) -> RemoteRecord:
    """Read a record or draft as InvenioRDM answers it; `url` is its page for people.

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
    return RemoteRecord(
        record_id=record_id,
        parent_id=str(parent.get("id", "")),
        state="draft" if body.get("is_draft") else "published",
        version_index=index if isinstance(index, int) else 1,
        url=str(links.get("self_html", "")),
        payload=body,
        problems=tuple(f"{field}: {message}" for field, message in field_errors(body)),
    )


def has_identifier(body: JsonObject, identifier: str) -> bool:
    """Whether `metadata.identifiers` has exactly this identifier (search may have found something like it)."""
    entries = _object(body, "metadata").get("identifiers")
    return isinstance(entries, list) and any(
        isinstance(entry, Mapping) and entry.get("identifier") == identifier for entry in entries
    )


def hits(body: JsonObject) -> tuple[JsonObject, ...]:
    """The records of a search answer."""
    found = _object(body, "hits").get("hits")
    return tuple(hit for hit in found if isinstance(hit, Mapping)) if isinstance(found, list) else ()


def remote_file(file: File) -> RemoteFile:
    """Read a file entry; InvenioRDM calls a committed one `completed`."""
    committed, checksum = file.status == "completed", getattr(file, "checksum", None)
    return RemoteFile(
        key=file.key,
        size_bytes=file.size if committed else None,
        checksum=parse_checksum(checksum) if committed and isinstance(checksum, str) else None,
        committed=committed,
    )


def _object(body: JsonObject, name: str) -> JsonObject:
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}
