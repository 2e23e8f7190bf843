"""Records as the portal's API shows them, made from the records that curators keep.

It follows what the portal's ingestion does to a record (cernopendata-portal, `modules/fixtures/cli.py` and `api.py`);
ids, which the portal draws at random, are derived from the record, and dates are fixed.
"""

import posixpath
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

from cern_assets.model.values import JsonObject, content_hash

CREATED = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
LAST_MODIFIED = "Thu, 15 Jan 2026 09:30:00 GMT"
_PARTS_WITH_FILES = ("files", "_files", "_file_indices")


def api_form(
    record: JsonObject, base_url: str, *, updated: datetime = CREATED, with_files: bool = True
) -> dict[str, object]:
    """Make the answer of `GET /api/records/<recid>` of a record in source form."""
    recid = str(record["recid"])
    bucket = _made_up_id(recid, "bucket")
    metadata = _metadata(record, recid, bucket)
    if not with_files:
        metadata = {key: value for key, value in metadata.items() if key not in _PARTS_WITH_FILES}
    return {
        "id": recid,
        "created": CREATED.isoformat(timespec="microseconds"),
        "updated": updated.isoformat(timespec="microseconds"),
        "links": {"self": f"{base_url}/api/records/{recid}", "bucket": f"{base_url}/api/files/{bucket}"},
        "metadata": metadata,
    }


def etag(record: JsonObject) -> str:
    """Make a validator that moves when the record does."""
    return f'"{content_hash(record)[:16]}"'


def _metadata(record: JsonObject, recid: str, bucket: str) -> dict[str, object]:
    plain = {key: value for key, value in record.items() if key not in _PARTS_WITH_FILES}
    files = [_file(entry, recid, bucket) for entry in _objects(record.get("files"))]
    indexes = [_index(entry, recid) for entry in _objects(record.get("_file_indices"))]
    made: dict[str, object] = {
        "$schema": "http://opendata.cern.ch/schema/records/record-v1.0.0.json",
        "_bucket": bucket,
        "availability": _availability(record),
        "pids": {"oai": {"id": f"oai:cernopendata.cern:{recid}"}},
    }
    if files or indexes:
        online = len(files) + sum(len(cast("list[object]", index["files"])) for index in indexes)
        made |= {"_availability_details": {"online": online}, "_file_indices": indexes, "files": files}
    if files:
        made["_files"] = [_live(file, recid) for file in files]
    return plain | made


def _availability(record: JsonObject) -> object:
    distribution = record.get("distribution")
    stated = distribution.get("availability") if isinstance(distribution, Mapping) else None
    return stated or "online"


def _file(entry: JsonObject, recid: str, bucket: str) -> dict[str, object]:
    key = posixpath.basename(str(entry.get("uri")))
    made = {"bucket": bucket, "key": key, "version_id": _made_up_id(recid, key, "version")}
    return {"availability": "online", **entry, **made}


def _live(file: Mapping[str, object], recid: str) -> dict[str, object]:
    kept = ("availability", "bucket", "checksum", "key", "size", "uri", "version_id")
    made = {"file_id": _made_up_id(recid, str(file["key"]), "file"), "tags": {}}
    return {**{name: file[name] for name in kept if name in file}, **made}


def _index(index: JsonObject, recid: str) -> dict[str, object]:
    key = str(index["key"])
    bucket = _made_up_id(recid, key, "bucket")
    members = list(_objects(index.get("files")))
    return {
        "availability": {"online": len(members)},
        "bucket": bucket,
        "description": index.get("description", key),
        "files": [_member(member, recid, f"{key}_{number}", bucket) for number, member in enumerate(members)],
        "key": key,
        "number_files": len(members),
        "size": sum(size for member in members if isinstance(size := member.get("size"), int)),
    }


def _member(member: JsonObject, recid: str, key: str, bucket: str) -> dict[str, object]:
    return {
        **member,
        "availability": "online",
        "bucket": bucket,
        "file_id": _made_up_id(recid, key, "file"),
        "key": key,
        "tags": {},
        "version_id": _made_up_id(recid, key, "version"),
    }


def _objects(items: object) -> Iterable[JsonObject]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _made_up_id(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)))
