"""The files of a record of CDS: of a dump's list, or of the links in the record where there is no list.

Of each file, the last version is the record's file. Earlier versions, derivatives that CDS made (icons, PDF/A, stamped
copies) and hidden files are left behind, each with a finding.
"""

from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from cern_assets.errors import RecordInvalidError, UnsafeNameError
from cern_assets.model.checksums import parse_checksum
from cern_assets.model.findings import Finding, Severity, printable
from cern_assets.model.identifiers import Recid
from cern_assets.model.names import safe_key
from cern_assets.model.records import SourceFile
from cern_assets.model.values import JsonObject
from cern_assets.sources.cds.config import FILES_FOLDER, SITE_URL

MOST_FILES = 100_000
"""Versions of files of one record."""

_LARGEST_BYTES = 2**63 - 1
_HOSTS = ("cds.cern.ch", "cdsweb.cern.ch")


class FileReader:
    """Reads the files of one record; `findings` collects what was irregular or left behind.

    `statuses` are the words of CDS for who may read them, other than everybody, each once.
    """

    def __init__(self, recid: Recid) -> None:
        self._recid = recid
        self.findings: list[Finding] = []
        self.statuses: dict[str, None] = {}

    def read(self, listed: object, fields: JsonObject) -> tuple[SourceFile, ...]:
        """Give the files of a dump's list, sorted by key; of a dump without one, those of the record's links.

        Raises:
            RecordInvalidError: they are more than any record has.
        """
        if listed is None or listed == []:
            return self.read_links(fields)
        if not isinstance(listed, list):
            self._note("file-list-unreadable", "error", "files", listed, "This is no list; the files are unknown.")
            return ()
        if len(listed) > MOST_FILES:
            raise RecordInvalidError(
                f"The record lists {len(listed):,} files; at most {MOST_FILES:,} are read.",
                recid=self._recid,
                field="files",
                remedy="See whether it is a record.",
            )
        return self._sorted(self._latest(listed))

    def read_links(self, fields: JsonObject) -> tuple[SourceFile, ...]:
        """Give the files that field 856 links to on CDS itself."""
        return self._sorted(self._linked(fields))

    def _latest(self, listed: list[object]) -> Iterator[SourceFile]:
        versions: dict[str, list[tuple[int, dict[str, object]]]] = {}
        for entry in listed:
            if not isinstance(entry, dict):
                self._note("file-entry-unreadable", "error", "files[]", entry, "A listed file is no JSON object.")
            elif entry.get("hidden"):
                self._note(
                    "file-hidden", "note", "files[].hidden", entry.get("full_name"), "Hidden at CDS; left behind."
                )
            elif entry.get("subformat"):
                said = f"A derivative that CDS made ({printable(entry['subformat'], 40)}); left behind."
                self._note("file-derived", "note", "files[].subformat", entry.get("full_name"), said)
            else:
                version = entry.get("version")
                number = version if isinstance(version, int) else 1
                versions.setdefault(str(entry.get("full_name")), []).append((number, entry))
        for name, found in versions.items():
            found.sort(key=lambda pair: pair[0])
            if len(found) > 1:
                said = f"The file has {len(found)} versions; the last one is taken."
                self._note("file-versions", "note", "files[].version", name, said)
            file = self._file(found[-1][1])
            if file is not None:
                yield file

    def _file(self, entry: dict[str, object]) -> SourceFile | None:
        key, path = self._safe(entry.get("full_name"), "full_name"), entry.get("full_path")
        if key is None:
            return None
        place = self._place(path, key)
        if place is None:
            return None
        status = entry.get("status")
        if isinstance(status, str) and status.strip():
            self.statuses[" ".join(status.split())] = None
        checksum = parse_checksum(str(entry["checksum"])) if entry.get("checksum") else None
        if checksum is None:
            self._note("checksum-unusable", "warning", "files[].checksum", key, "The file states no usable checksum.")
        return SourceFile(
            key=key,
            uri=f"{SITE_URL}/record/{self._recid}/files/{quote(key)}",
            path=place,
            size_bytes=self._size(entry.get("size"), key),
            checksum=checksum,
        )

    def _place(self, path: object, key: str) -> str | None:
        """The file's place below the folder of files, else below the record's address."""
        if not isinstance(path, str) or not path:
            return f"record/{self._recid}/files/{key}"
        return self._safe(path.removeprefix(FILES_FOLDER).lstrip("/"), "full_path")

    def _linked(self, fields: JsonObject) -> Iterator[SourceFile]:
        occurrences = fields.get("8564_")
        for each in occurrences if isinstance(occurrences, list) else []:
            link = _Link(each)
            name = own_file(link.first("u"), self._recid)
            if name is None:
                continue
            if link.first("x"):
                said = f"A derivative that CDS made ({printable(link.first('x'), 40)}); left behind."
                self._note("file-derived", "note", "8564_[].x[]", name, said)
                continue
            key = self._safe(name, "8564_[].u[]")
            if key is not None:
                size = link.first("s")
                yield SourceFile(
                    key=key,
                    uri=f"{SITE_URL}/record/{self._recid}/files/{quote(key)}",
                    path=f"record/{self._recid}/files/{key}",
                    size_bytes=int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None,
                    checksum=None,
                )

    def _sorted(self, files: Iterator[SourceFile]) -> tuple[SourceFile, ...]:
        found: dict[str, SourceFile] = {}
        for file in files:
            if file.key in found and found[file.key] != file:
                self._note("file-listed-twice", "error", "files", file.key, "The file is listed twice, differently.")
            found.setdefault(file.key, file)
        return tuple(found[key] for key in sorted(found))

    def _safe(self, name: object, field: str) -> str | None:
        try:
            return safe_key(name if isinstance(name, str) else "")
        except UnsafeNameError as error:
            self._note("file-name-unsafe", "error", f"files[].{field}", name, error.message)
            return None

    def _size(self, size: object, key: str) -> int | None:
        if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _LARGEST_BYTES:
            return size
        self._note(
            "size-unusable", "warning", "files[].size", size, f"The file {printable(key)} states no usable size."
        )
        return None

    def _note(self, code: str, severity: Severity, field: str, value: object, message: str) -> None:
        self.findings.append(
            Finding(code=code, severity=severity, field=field, value=printable(value), message=printable(message, 300))
        )


class _Link:
    """One field 856 of a record."""

    def __init__(self, subfields: object) -> None:
        self._subfields = subfields if isinstance(subfields, dict) else {}

    def first(self, code: str) -> str:
        """The first subfield of a code, "" if there is none."""
        values = self._subfields.get(code)
        return str(values[0]) if isinstance(values, list) and values else ""


def own_file(address: str, recid: Recid) -> str | None:
    """The name of a file that the record's own address on CDS leads to; None for every other address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    start = f"/record/{recid}/files/"
    if parts.hostname not in _HOSTS or not parts.path.startswith(start):
        return None
    return unquote(parts.path.removeprefix(start)) or None
