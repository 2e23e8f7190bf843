"""The life of records: drafts, editions, versions, publication."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cern_assets.stand_ins.repository.content import ContentFolder
from cern_assets.stand_ins.repository.custom_fields import KeptFields
from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.dropping import without_dropped
from cern_assets.stand_ins.repository.mending import mended, mended_texts
from cern_assets.stand_ins.repository.refusals import FieldError, RefusedError, denied, invalid, missing_record
from cern_assets.stand_ins.repository.tables import (
    Content,
    Stage,
    StoredContent,
    Version,
    bury,
    communities_of,
    delete_version,
    doi_taken,
    files_of,
    new_id,
    now,
    read_version,
    request_status,
    tombstone_of,
    versions_of,
    write_request_status,
    write_version,
)
from cern_assets.stand_ins.repository.validation import field_errors, refuse_unknown_ids

_FILES_FIRST = "You must first delete all files to set the record to be metadata-only."
_NO_FILES = "Missing uploaded files. To disable files for this record please mark it as metadata-only."
_PENDING_FILES = "One or more files have not completed their transfer, please wait."


_NO_COMMUNITIES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class RecordView:
    """A draft or a published record with all that an answer shows of it."""

    version: Version
    stage: Stage
    files: tuple[StoredContent, ...]
    is_latest: bool
    is_latest_draft: bool
    errors: tuple[FieldError, ...] = ()
    communities: Mapping[str, str] = _NO_COMMUNITIES
    files_hidden: bool = False
    """Whether there are files that the reader may not see, and `files` is empty for it."""

    @property
    def content(self) -> Content:
        """The content of this stage."""
        content = self.version.draft if self.stage == "draft" else self.version.published
        return content if content is not None else {}

    @property
    def restricted(self) -> bool:
        """Whether only its owner may see the record."""
        return bool(self.content["access"]["record"] == "restricted")

    @property
    def files_restricted(self) -> bool:
        """Whether only the record's owner may see the files."""
        return self.restricted or bool(self.content["access"]["files"] == "restricted")


class Records:
    """What their owners, and with published records everybody, can do with records."""

    def __init__(self, database: Database, content: ContentFolder, kept: KeptFields) -> None:
        self._database = database
        self._content = content
        self._kept = kept

    def create(self, payload: object, *, owner: str) -> RecordView:
        """Create a user's draft, with its errors if it has some."""
        content, errors = accepted(payload, self._kept)
        moment = now()
        version = Version(new_id(), new_id(), 1, moment, moment, None, 0, content, 1, owner)
        with self._database.writing() as connection:
            write_version(connection, version)
            return _view(connection, version, "draft", errors)

    def require_owner(self, record_id: str, user: str) -> None:
        """Refuse who does not own a record; of one that is not there, nothing is said."""
        with self._database.reading() as connection:
            version = read_version(connection, record_id)
        if version is not None and version.owner != user:
            raise denied()

    def read(self, record_id: str, stage: Stage, *, reader: str | None) -> RecordView:
        """Read a draft or a published record, as a user or, with None, as anybody."""
        if stage == "draft" and reader is None:
            raise denied()
        with self._database.reading() as connection:
            view = _view(connection, _version(connection, record_id, stage), stage)
        owned = view.version.owner == reader
        if (view.restricted or stage == "draft") and not owned:
            raise denied()
        hidden = view.files_restricted and not owned
        return replace(view, files=(), files_hidden=bool(view.files)) if hidden else view

    def shown(self, versions: Sequence[Version], *, owner: str | None) -> list[RecordView]:
        """What a search found, as its owner or as everybody sees it, without what is gone meanwhile."""
        views = []
        for version in versions:
            with suppress(RefusedError):
                stage: Stage = "draft" if owner is not None and version.draft is not None else "published"
                views.append(self.read(version.id, stage, reader=owner))
        return views

    def latest(self, record_id: str, *, reader: str | None) -> str:
        """The id of the latest published version, for those who may see it and the one that they ask about."""
        asked = self.read(record_id, "published", reader=reader).version
        with self._database.reading() as connection:
            versions = versions_of(connection, asked.parent_id)
        latest = next(version.id for version in reversed(versions) if version.published is not None)
        return self.read(latest, "published", reader=reader).version.id

    def update(self, record_id: str, payload: object, *, if_match: str | None) -> RecordView:
        """Replace a draft's content."""
        content, errors = accepted(payload, self._kept)
        with self._database.writing() as connection:
            version = _version(connection, record_id, "draft")
            revision = str(version.draft_revision)
            if if_match not in (None, revision):
                raise RefusedError(412, f"Revision id provided({if_match}) doesn't match record's one({revision})")
            if not content["files"]["enabled"] and files_of(connection, record_id):
                content["files"]["enabled"] = True
                errors = (*errors, FieldError("files.enabled", _FILES_FIRST))
            version = version.with_draft(content)
            write_version(connection, version)
            return _view(connection, version, "draft", errors)

    def edit(self, record_id: str) -> RecordView:
        """Give the draft of a published record, made of it if there is none."""
        with self._database.writing() as connection:
            version = _version(connection, record_id, "published")
            if version.draft is None:
                version = version.with_draft(version.published)
                write_version(connection, version)
            return _view(connection, version, "draft")

    def new_version(self, record_id: str) -> RecordView:
        """Give the draft of the next version, made of this record if there is none."""
        with self._database.writing() as connection:
            version = _version(connection, record_id, "published")
            last = versions_of(connection, version.parent_id)[-1]
            if last.published is not None:
                last = _next_version(version, last.index + 1)
                write_version(connection, last)
            return _view(connection, last, "draft")

    def refuse_unfit(self, record_id: str) -> None:
        """Refuse a draft that could not be published, with what is wrong."""
        with self._database.reading() as connection:
            _refuse_unfit(connection, _version(connection, record_id, "draft"), self._kept)

    def publish(self, record_id: str, host: str, *, accepted_request: str | None = None) -> RecordView:
        """Publish a draft, and with it accept the request that asked for it; or refuse with what is wrong."""
        with self._database.writing() as connection:
            if accepted_request is not None:
                write_request_status(connection, accepted_request, "accepted")
            version = _version(connection, record_id, "draft")
            content = version.draft or {}
            if request_status(connection, record_id) == "submitted":
                raise RefusedError(400, "You cannot publish a draft with an open review request.")
            _refuse_unfit(connection, version, self._kept)
            oai = {"identifier": f"oai:{host}:{version.id}", "provider": "oai"}
            version = version.as_published({**content, "pids": {**content["pids"], "oai": oai}})
            write_version(connection, version)
            return _view(connection, version, "published")

    def refuse_withdrawn(self, record_id: str) -> None:
        """Refuse to withdraw what is withdrawn, as InvenioRDM words it."""
        with self._database.reading() as connection:
            if tombstone_of(connection, record_id) is not None:
                raise RefusedError(400, "Record in unexpected deletion status.")

    def withdraw(self, record_id: str, payload: object) -> None:
        """Put a tombstone in the place of a published version, and of no other of its record; its bytes are kept."""
        given = payload if isinstance(payload, Mapping) else {}
        with self._database.writing() as connection:
            version = _version(connection, record_id, "published")
            reason = given.get("removal_reason")
            if not isinstance(reason, Mapping) or not isinstance(reason.get("id"), str):
                raise invalid(FieldError("removal_reason", "Missing data for required field."))
            bury(connection, version.id, {"removal_reason": {"id": reason["id"]}, "note": str(given.get("note", ""))})

    def discard(self, record_id: str) -> None:
        """Delete a draft; if nothing of it was published, with its files."""
        with self._database.writing() as connection:
            version = _version(connection, record_id, "draft")
            if version.published is not None:
                write_version(connection, replace(version, draft=None))
                return
            if request_status(connection, record_id) == "submitted":
                said = "You cannot delete a draft with an open review. Please cancel the review first."
                raise RefusedError(400, said)
            files = files_of(connection, record_id)
            delete_version(connection, record_id)
        for file in files:
            self._content.remove(file.file_id)


def accepted(payload: object, kept: KeptFields) -> tuple[Content, tuple[FieldError, ...]]:
    """Take from a payload what a depositor controls, and tell what is wrong with it."""
    content = _with_defaults(payload if isinstance(payload, Mapping) else {})
    refuse_unknown_ids(content, kept)
    errors = field_errors(content, kept)
    # A draft without any metadata is taken as one that was just begun.
    return without_dropped(content, errors), errors if content["metadata"] else ()


def _refuse_unfit(connection: sqlite3.Connection, version: Version, kept: KeptFields) -> None:
    errors = (*field_errors(version.draft or {}, kept), *_publication_errors(connection, version))
    if errors:
        raise invalid(*errors)


def _with_defaults(payload: Mapping[str, Any]) -> Content:
    embargo = {"embargo": {"active": False, "reason": None}}
    return {
        "metadata": _with_names(mended(_mapping(payload, "metadata"))),
        "access": {**embargo, **(_mapping(payload, "access") or {"record": "public", "files": "public"})},
        "custom_fields": mended_texts(_mapping(payload, "custom_fields")),
        "pids": {scheme: pid for scheme, pid in _mapping(payload, "pids").items() if isinstance(pid, Mapping)},
        "files": {"enabled": _mapping(payload, "files").get("enabled") is not False},
    }


def _mapping(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = payload.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def _with_names(metadata: dict[str, Any]) -> dict[str, Any]:
    """InvenioRDM makes a person's `name` of the family and given names, whatever was sent."""
    for role in ("creators", "contributors"):
        if isinstance(metadata.get(role), list):
            metadata[role] = [_with_name(agent) for agent in metadata[role]]
    return metadata


def _with_name(agent: object) -> object:
    person = agent.get("person_or_org") if isinstance(agent, Mapping) else None
    if not isinstance(agent, Mapping) or not isinstance(person, Mapping) or person.get("type") != "personal":
        return agent
    name = ", ".join(str(person[part]) for part in ("family_name", "given_name") if person.get(part))
    return {**agent, "person_or_org": {**person, "name": name}}


def _version(connection: sqlite3.Connection, record_id: str, stage: Stage) -> Version:
    version = read_version(connection, record_id)
    if version is None and (removed := tombstone_of(connection, record_id)) is not None:
        raise RefusedError(410, "Record deleted", tombstone=removed)
    if version is None or (version.draft if stage == "draft" else version.published) is None:
        raise missing_record()
    return version


def _view(
    connection: sqlite3.Connection, version: Version, stage: Stage, errors: tuple[FieldError, ...] = ()
) -> RecordView:
    siblings = versions_of(connection, version.parent_id)
    latest = max((v.index for v in siblings if v.published is not None), default=0)
    return RecordView(
        version=version,
        stage=stage,
        files=files_of(connection, version.id),
        is_latest=version.index == latest,
        is_latest_draft=version.index == siblings[-1].index,
        errors=errors,
        communities=communities_of(connection, version.parent_id),
    )


def _next_version(version: Version, index: int) -> Version:
    content = version.published or {}
    moment = now()
    metadata = {key: value for key, value in content["metadata"].items() if key != "version"}
    draft = {**content, "metadata": {**metadata, "publication_date": moment[:10]}, "pids": {}}
    fresh = replace(version, id=new_id(), index=index, created=moment, updated=moment)
    return replace(fresh, published=None, published_revision=0, draft=draft, draft_revision=1)


def _publication_errors(connection: sqlite3.Connection, version: Version) -> tuple[FieldError, ...]:
    content = version.draft or {}
    files = files_of(connection, version.id)
    errors = []
    if content["files"]["enabled"] and not files:
        errors.append(FieldError("files.enabled", _NO_FILES))
    if any(file.status == "pending" for file in files):
        errors.append(FieldError("files", _PENDING_FILES))
    doi = content["pids"].get("doi", {}).get("identifier")
    if doi and doi_taken(connection, str(doi), except_for=version.id):
        errors.append(FieldError("pids.doi", f"doi:{doi} already exists."))
    return tuple(errors)
