"""The files that a record lists: entries as the portal writes them, to checked values.

Nothing here raises for one bad entry. What can be repaired without loss is repaired and noted; what cannot be trusted
is left out of the files with a finding of severity `error`, which stops the record later.

Findings name no position (`files[].checksum`): the portal lists the same files in another order after it moved some
between disk and tape, and the record is still the same.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from cern_assets.errors import RecordInvalidError, UnsafeNameError
from cern_assets.model.checksums import Checksum, parse_checksum
from cern_assets.model.findings import Finding, Severity, printable, shorten
from cern_assets.model.names import safe_key
from cern_assets.model.records import SourceFile
from cern_assets.sources.opendata.config import EOS_FOLDER, EOS_HOST
from cern_assets.sources.opendata.file_keys import file_keys, keys_that_are_folders

_URI = re.compile(r"root://(?P<host>[^/:?#]+)(?::\d+)?/+(?P<path>[^?]*)", re.DOTALL)
_LARGEST_BYTES = 2**63 - 1
MOST_FILES = 100_000
"""Files of one record, those of its indexes too; the largest known has 32,618."""


type _Entry = tuple[dict[str, object], str | None]
"""One item of a file list, and the key of the file index that it stands in."""


class _Listed(NamedTuple):
    """A file as it is listed, before it has a key, which depends on all files of the record."""

    uri: str
    path: str
    size_bytes: int | None
    checksum: Checksum | None
    availability: Literal["online", "on demand"]
    file_index: str | None

    def named(self, key: str) -> SourceFile:
        """The file by its key."""
        return SourceFile(
            key=key,
            uri=self.uri,
            path=self.path,
            size_bytes=self.size_bytes,
            checksum=self.checksum,
            availability=self.availability,
            index=self.file_index,
        )


class FileReader:
    """Reads the file lists of one record; `findings` collects what was irregular."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.entries = 0
        """How many files are listed, whether or not they could be read."""

    def read(self, metadata: dict[str, object]) -> tuple[SourceFile, ...]:
        """Give the files of a record's metadata, in the API's form or a fixture's, sorted by path.

        `_files` is the live state of `files` on the portal and wins over it; members of `_file_indices` are added.

        Raises:
            RecordInvalidError: they are more than any record has.
        """
        field = "_files" if metadata.get("_files") else "files"
        entries = [*self._entries(metadata.get(field), field), *self._index_members(metadata.get("_file_indices"))]
        self.entries = len(entries)
        if len(entries) > MOST_FILES:
            raise RecordInvalidError(
                f"The record lists {len(entries):,} files; at most {MOST_FILES:,} are read.",
                field=field,
                remedy="Ask the source's curators to divide it.",
            )
        by_path: dict[str, _Listed] = {}
        for file in filter(None, map(self._file, sorted(entries, key=_uri))):
            if file.path in by_path:
                self._note_twice(by_path[file.path], file)
            else:
                by_path[file.path] = file
        keys = self._without_folders(file_keys(by_path.keys()))
        return tuple([by_path[path].named(key) for path, key in keys.items()])

    def _index_members(self, indexes: object) -> Iterator[_Entry]:
        for index, _ in self._entries(indexes, "_file_indices"):
            key = printable(index.get("key"))
            members = list(self._entries(index.get("files"), "_file_indices[].files", index=key))
            self._compare_with_stated(key, index.get("number_files"), len(members))
            yield from members

    def _entries(self, items: object, field: str, *, index: str | None = None) -> Iterator[_Entry]:
        if items is None:
            return
        if not isinstance(items, list):
            self._add("file-list-unreadable", "error", field, items, f"`{field}` is not a list, its files are unknown.")
            return
        for item in items:
            if isinstance(item, dict):
                yield item, index
            else:
                self._add("file-entry-unreadable", "error", f"{field}[]", item, "A listed file is not a JSON object.")

    def _file(self, entry: _Entry) -> _Listed | None:
        content, index = entry
        path = self._path(content.get("uri"))
        if path is None:
            return None
        return _Listed(
            uri=_uri(entry),
            path=path,
            size_bytes=self._size(content.get("size"), path),
            checksum=self._checksum(content.get("checksum"), path),
            availability=_availability(content),
            file_index=index,
        )

    def _without_folders(self, keys: dict[str, str]) -> dict[str, str]:
        folders = keys_that_are_folders(keys.values())
        for path, key in keys.items():
            if key in folders:
                self._note("file-is-a-folder", "error", "uri", path, "is a file and the folder of another file at once")
        return {path: key for path, key in keys.items() if key not in folders}

    def _path(self, uri: object) -> str | None:
        if not isinstance(uri, str):
            self._add("uri-missing", "error", "files[].uri", uri, "A listed file has no URI.")
            return None
        parts = _URI.fullmatch(uri)
        if parts is None or parts["host"].lower() != EOS_HOST or not parts["path"].startswith(EOS_FOLDER):
            expected = f"root://{EOS_HOST}//{EOS_FOLDER}..."
            self._add("uri-elsewhere", "error", "files[].uri", uri, f"A listed file is not at {expected}.")
            return None
        try:
            return safe_key(parts["path"])
        except UnsafeNameError as error:
            self._add("file-name-unsafe", "error", "files[].uri", uri, error.message)
            return None

    def _size(self, size: object, path: str) -> int | None:
        if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _LARGEST_BYTES:
            return size
        self._note("size-unusable", "warning", "size", path, "states no usable size", value=size)
        return None

    def _checksum(self, text: object, path: str) -> Checksum | None:
        checksum = parse_checksum(text) if isinstance(text, str) else None
        if checksum is None:
            self._note("checksum-unusable", "warning", "checksum", path, "states no usable checksum", value=text)
        elif str(checksum) != text:
            code, message = _repair(str(text), checksum)
            self._note(code, "note", "checksum", path, f"{message}; read as {checksum}", value=text)
        return checksum

    def _note_twice(self, first: _Listed, second: _Listed) -> None:
        same = (first.size_bytes, first.checksum) == (second.size_bytes, second.checksum)
        code: tuple[str, Severity] = ("file-listed-twice", "warning") if same else ("file-listed-differently", "error")
        message = "is listed twice, alike" if same else "is listed twice, with different sizes or checksums"
        self._note(*code, "uri", second.path, message)

    def _compare_with_stated(self, index: str, stated: object, members: int) -> None:
        if isinstance(stated, int) and stated != members:
            severity: Severity = "error" if stated > members else "warning"
            message = f"The file index states {stated} files and lists {members}."
            self._add("index-differs", severity, "_file_indices[].number_files", index, message)

    def _note(self, code: str, severity: Severity, field: str, path: str, says: str, *, value: object = None) -> None:
        shown = path if value is None else value
        self._add(code, severity, f"files[].{field}", shown, f"The file {shorten(path)} {says}.")

    def _add(self, code: str, severity: Severity, field: str, value: object, message: str) -> None:
        self.findings.append(
            Finding(code=code, severity=severity, field=field, value=printable(value), message=printable(message, 300))
        )


def _uri(entry: _Entry) -> str:
    return str(entry[0].get("uri"))


def _availability(entry: dict[str, object]) -> Literal["online", "on demand"]:
    """On disk, or on tape only: a file whose disk copy was removed carries the tag `hot_deleted`."""
    tags = entry.get("tags")
    if isinstance(tags, dict) and tags.get("hot_deleted"):
        return "on demand"
    return "online" if entry.get("availability") in (None, "", "online") else "on demand"


def _repair(text: str, checksum: Checksum) -> tuple[str, str]:
    """Why a readable checksum is not written as it should be: a code and what to say of the file."""
    name, separator, digits = text.strip().rpartition(":")
    if not separator:
        return "checksum-without-algorithm", "states a checksum without its algorithm"
    if len(digits) < len(checksum.value):
        return "checksum-not-padded", f"states an {checksum.algorithm} without its leading zeros"
    if name.lower() != checksum.algorithm:
        return "checksum-algorithm-misspelt", "states a checksum with its algorithm misspelt"
    return "checksum-not-canonical", "states a checksum in capitals or with blanks"
