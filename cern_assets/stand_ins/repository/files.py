"""The files of drafts and records: initialise, send, commit, delete."""

import mimetypes
import sqlite3
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from anyio import to_thread

from cern_assets.stand_ins.repository.content import ContentFolder, Written
from cern_assets.stand_ins.repository.database import Database
from cern_assets.stand_ins.repository.refusals import FieldError, RefusedError, denied, invalid, missing_file
from cern_assets.stand_ins.repository.refusals import missing_record as missing_draft
from cern_assets.stand_ins.repository.tables import (
    StoredContent,
    delete_file,
    files_of,
    now,
    read_file,
    read_version,
    versions_of,
    write_file,
)

MAX_FILES = 100
"""InvenioRDM's default (RDM_RECORDS_MAX_FILES_COUNT)."""

_MAX_PARTS = 10_000
_LONGEST_KEY = 1000


class Files:
    """What can be done with files; content may change only until the record is published."""

    def __init__(
        self,
        database: Database,
        content: ContentFolder,
        *,
        loses_rewritten: bool = False,
        transfers: Collection[str] = ("L", "M"),
        fetches_from: Collection[str] = (),
    ) -> None:
        self._transfers = frozenset(transfers)
        self._fetches_from = frozenset(fetches_from)
        self._database = database
        self._content = content
        self._loses_rewritten = loses_rewritten

    def initialise(self, record_id: str, payload: object) -> tuple[StoredContent, ...]:
        """Announce files by key; their content comes later."""
        if not isinstance(payload, list) or not payload:
            raise invalid(FieldError("_schema", "No files to upload."))
        with self._database.writing() as connection:
            _writable(connection, record_id)
            known = {file.key for file in files_of(connection, record_id)}
            total = len(known) + len(payload)
            if total > MAX_FILES:
                message = "Uploading selected files will result in exceeding the max amount per record."
                raise RefusedError(400, message)
            announced = tuple(_announced(record_id, entry, self._transfers, self._fetches_from) for entry in payload)
            for file in announced:
                if file.key in known:
                    raise RefusedError(400, f"File with key {file.key} already exists.")
                known.add(file.key)
                if file.transfer["type"] == "M":
                    self._content.prepare(file.file_id, file.size_bytes or 0)
                write_file(connection, file)
        return announced

    def read(self, record_id: str, key: str) -> StoredContent:
        """One file."""
        with self._database.reading() as connection:
            return _existing(connection, record_id, key)

    def content(self, file: StoredContent) -> Path:
        """Where a committed file's bytes are."""
        path = self._content.path(file.file_id)
        if file.status != "completed" or not path.exists():
            raise missing_file(file.key)
        return path

    async def write(self, record_id: str, key: str, chunks: AsyncIterator[bytes]) -> StoredContent:
        """Take a file's bytes."""
        file = await to_thread.run_sync(self._writable_file, record_id, key)
        if file.status == "completed":
            # InvenioRDM 14 answers 200 here, and has lost the content afterwards.
            if self._loses_rewritten:
                self._content.remove(file.file_id)
                return file
            raise _committed(key)
        if file.transfer["type"] != "L":
            raise RefusedError(400, "Can not set content for multipart file, use the parts instead.")
        written = await self._content.write(chunks)
        return await to_thread.run_sync(self._replaced, file, written)

    async def write_part(
        self, record_id: str, key: str, part: int, chunks: AsyncIterator[bytes], *, said_bytes: int
    ) -> StoredContent | None:
        """Take the bytes of a part, of which the client says how many they are; None if it has another size.

        Like InvenioRDM 14, which writes a part at its place in the file, it believes the client: bytes that do not
        come are zeros, and the last part may be of any size.
        """
        file = await to_thread.run_sync(self._writable_file, record_id, key)
        if file.transfer["type"] != "M":
            raise RefusedError(400, f"Transfer type {file.transfer['type']} does not support multipart uploads.")
        parts, part_size = int(file.transfer["parts"]), int(file.transfer["part_size"])
        if not 1 <= part <= parts or (part < parts and said_bytes != part_size):
            return None
        try:
            await self._content.write_part(chunks, file.file_id, (part - 1) * part_size)
        except FileNotFoundError as error:  # it was deleted since
            raise missing_file(key) from error
        return await to_thread.run_sync(self._still_there, file)

    async def fetch(self, file: StoredContent) -> None:
        """Fetch a file from where its transfer says, and commit it; or note why not. No answer waits for it."""
        try:
            async with (
                httpx.AsyncClient(trust_env=False, follow_redirects=True) as client,
                client.stream("GET", str(file.transfer["url"])) as answer,
            ):
                answer.raise_for_status()
                written = await self._content.write(answer.aiter_bytes())
        except httpx.HTTPError as error:
            await to_thread.run_sync(self._not_fetched, file, str(error))
            return
        fetched = await to_thread.run_sync(self._replaced, file, written)
        await to_thread.run_sync(self.commit, fetched.record_id, fetched.key)

    def commit(self, record_id: str, key: str) -> StoredContent:
        """Declare the content complete; its size and MD5 are those of the bytes that came, whatever was announced."""
        file = self._writable_file(record_id, key)
        if file.status == "completed":
            return file
        if file.transfer["type"] == "M":
            return self._whole(file, self._content.measured(file.file_id))
        with self._database.writing() as connection:
            file = _same(connection, file)
            if file.checksum is None:
                raise RefusedError(400, f"File {key} has no content.")
            done = replace(file, status="completed", transfer={"type": "L"}, updated=now())
            write_file(connection, done)
        return done

    def delete(self, record_id: str, key: str) -> None:
        """Take a file out of a draft."""
        with self._database.writing() as connection:
            _writable(connection, record_id)
            file = _existing(connection, record_id, key)
            delete_file(connection, record_id, key)
        self._content.remove(file.file_id)

    def import_previous(self, record_id: str) -> tuple[StoredContent, ...]:
        """Take the files of the version before into a draft that has none; each has content of its own."""
        with self._database.writing() as connection:
            _writable(connection, record_id)
            if files_of(connection, record_id):
                raise RefusedError(400, "Please remove all files first.")
            version = read_version(connection, record_id)
            siblings = versions_of(connection, version.parent_id) if version else ()
            before = [
                each for each in siblings if version and each.index < version.index and each.published is not None
            ]
            imported = tuple(
                replace(file, record_id=record_id, file_id=self._content.link(file.file_id), updated=now())
                for file in (files_of(connection, before[-1].id) if before else ())
            )
            for file in imported:
                write_file(connection, file)
        return imported

    def _writable_file(self, record_id: str, key: str) -> StoredContent:
        with self._database.reading() as connection:
            _writable(connection, record_id)
            return _existing(connection, record_id, key)

    def _replaced(self, file: StoredContent, written: Written) -> StoredContent:
        """Give a file the content that was written for it, unless it took its last one by now; the other one goes."""
        useless = written.file_id
        try:
            with self._database.writing() as connection:
                present = _same(connection, file)
                noted = replace(
                    present,
                    file_id=written.file_id,
                    size_bytes=written.size_bytes,
                    checksum=written.checksum,
                    updated=now(),
                )
                write_file(connection, noted)
            useless = present.file_id
        finally:
            self._content.remove(useless)
        return noted

    def _whole(self, file: StoredContent, written: Written) -> StoredContent:
        """A file that came in parts, committed, with the size and the MD5 of what is there: all parts or not."""
        with self._database.writing() as connection:
            done = replace(
                _same(connection, file),
                status="completed",
                transfer={"type": "L"},
                size_bytes=written.size_bytes,
                checksum=written.checksum,
                updated=now(),
            )
            write_file(connection, done)
        return done

    def _not_fetched(self, file: StoredContent, why: str) -> None:
        with self._database.writing() as connection:
            failed = replace(_same(connection, file), transfer={"type": "F", "error": why})
            write_file(connection, failed)

    def _still_there(self, file: StoredContent) -> StoredContent:
        with self._database.reading() as connection:
            return _same(connection, file)


def mimetype(key: str) -> str:
    """The media type that a key suggests."""
    return mimetypes.guess_type(key)[0] or "application/octet-stream"


def _writable(connection: sqlite3.Connection, record_id: str) -> None:
    version = read_version(connection, record_id)
    if version is None or version.draft is None:
        raise missing_draft()
    if version.published is not None:
        raise denied()
    if not version.draft["files"]["enabled"]:
        raise RefusedError(403, "Files are not enabled.")


def _existing(connection: sqlite3.Connection, record_id: str, key: str) -> StoredContent:
    file = read_file(connection, record_id, key)
    if file is None:
        raise missing_file(key)
    return file


def _same(connection: sqlite3.Connection, file: StoredContent) -> StoredContent:
    """The file as it is now, if nobody deleted, replaced, committed or published it while its bytes came in."""
    _writable(connection, file.record_id)
    present = _existing(connection, file.record_id, file.key)
    if present.created != file.created:
        raise missing_file(file.key)
    if present.status == "completed":
        raise _committed(file.key)
    return present


def _committed(key: str) -> RefusedError:
    return RefusedError(400, f"File {key} is already committed.")


def _announced(
    record_id: str, entry: object, transfers: Collection[str], fetches_from: Collection[str]
) -> StoredContent:
    key = entry.get("key") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
        raise invalid(FieldError("0.key", "Missing data for required field."))
    size, metadata, moment = entry.get("size"), entry.get("metadata"), now()
    return StoredContent(
        record_id=record_id,
        key=key,
        file_id=uuid4().hex,
        status="pending",
        transfer=_transfer(entry.get("transfer"), size, transfers, fetches_from),
        metadata=dict(metadata) if isinstance(metadata, Mapping) else {},
        size_bytes=size if isinstance(size, int) else None,
        checksum=None,
        created=moment,
        updated=moment,
    )


def _transfer(given: object, size: object, transfers: Collection[str], fetches_from: Collection[str]) -> dict[str, Any]:
    transfer = dict(given) if isinstance(given, Mapping) else {}
    kind = transfer.get("type") or "L"
    url = str(transfer.get("url", ""))
    if kind == "F" and urlsplit(url).netloc in fetches_from:
        return {"type": "F", "url": url}
    if kind in ("F", "R") and kind not in transfers:
        # InvenioRDM knows both, and allows no address until somebody configures its host.
        raise invalid(FieldError("0.transfer.url", "Domain not allowed"))
    if kind not in transfers:
        raise invalid(FieldError("0.transfer.type", f"Unsupported value: {kind}"))
    if kind == "L":
        return {"type": "L"}
    parts, part_size = transfer.get("parts"), transfer.get("part_size")
    if not isinstance(parts, int) or not 1 <= parts <= _MAX_PARTS:
        raise RefusedError(400, "Multipart file transfer requires parts.")
    if not isinstance(size, int) or size < 1:
        raise RefusedError(400, "Multipart file transfer requires file size.")
    if not isinstance(part_size, int) or part_size < 1:
        raise RefusedError(400, "Multipart file transfer to local storage requires part_size.")
    return {"type": "M", "parts": parts, "part_size": part_size}
