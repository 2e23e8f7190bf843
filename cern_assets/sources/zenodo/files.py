"""The files of a record of Zenodo, in the words of each of its forms."""

from urllib.parse import quote, unquote, urlsplit

from cern_assets.errors import RecordInvalidError, UnsafeNameError
from cern_assets.model.checksums import Checksum, parse_checksum
from cern_assets.model.findings import Finding, Severity, printable, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.names import safe_key
from cern_assets.model.records import SourceFile
from cern_assets.sources.zenodo.config import SITE_URL

MOST_FILES = 100_000
"""Files of one record."""

_LARGEST_BYTES = 2**63 - 1


class FileReader:
    """Reads the file list of one record; `findings` collects what was irregular.

    An entry is `{key, size, checksum, bucket}` (database), the same with `links.self` (API), `{filename, filesize}`
    (deposit API), or a bare name.
    """

    def __init__(self, recid: Recid) -> None:
        self._recid = recid
        self.findings: list[Finding] = []

    def read(self, listed: object) -> tuple[SourceFile, ...]:
        """Give the files, sorted by key.

        Raises:
            RecordInvalidError: they are more than any record has.
        """
        if listed is None:
            return ()
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
        found: dict[str, SourceFile] = {}
        for entry in listed:
            file = self._file(entry)
            if file is None:
                continue
            if file.key in found:
                alike = found[file.key] == file
                severity: Severity = "warning" if alike else "error"
                said = f"is listed twice, {'alike' if alike else 'differently'}"
                self._note("file-listed-twice", severity, "files[].key", file.key, f"The file {said}.")
            found.setdefault(file.key, file)
        return tuple(found[key] for key in sorted(found))

    def _file(self, entry: object) -> SourceFile | None:
        if isinstance(entry, str):
            return self._named(entry)
        if not isinstance(entry, dict):
            self._note("file-entry-unreadable", "error", "files[]", entry, "A listed file is no JSON object.")
            return None
        key = self._key(entry.get("key") or entry.get("filename"))
        if key is None:
            return None
        path = self._path(entry, key)
        return SourceFile(
            key=key,
            uri=f"{SITE_URL}/{quote(path)}",
            path=path,
            size_bytes=self._size(entry.get("size", entry.get("filesize")), key),
            checksum=self._checksum(entry.get("checksum"), key),
        )

    def _named(self, name: str) -> SourceFile | None:
        """A deposit that was never sent names its files, and says nothing else of them."""
        key = self._key(name)
        if key is None:
            return None
        self._note("file-named-only", "note", "files[]", name, "Neither a size nor a checksum is stated.")
        path = f"records/{self._recid}/files/{key}"
        return SourceFile(key=key, uri=f"{SITE_URL}/{quote(path)}", path=path, size_bytes=None, checksum=None)

    def _key(self, name: object) -> str | None:
        try:
            return safe_key(name if isinstance(name, str) else "")
        except UnsafeNameError as error:
            self._note("file-name-unsafe", "error", "files[].key", name, error.message)
            return None

    def _path(self, entry: dict[str, object], key: str) -> str:
        """Where the bytes lie below the source's file root: in the bucket that is stated, else below the record."""
        bucket = entry.get("bucket")
        if isinstance(bucket, str) and bucket:
            wanted = f"api/files/{bucket}/{key}"
        else:
            wanted = self._linked(entry.get("links")) or f"records/{self._recid}/files/{key}"
        try:
            return safe_key(wanted)
        except UnsafeNameError as error:
            self._note("file-place-unsafe", "warning", "files[].bucket", wanted, f"{error.message} Read by its name.")
            return f"records/{self._recid}/files/{key}"

    @staticmethod
    def _linked(links: object) -> str:
        """The path of `links.self`, which leads to the bytes in the API's own form; another host is not asked."""
        address = links.get("self") or links.get("download") if isinstance(links, dict) else None
        if not isinstance(address, str):
            return ""
        try:
            parts = urlsplit(address)
        except ValueError:
            return ""
        return unquote(parts.path).lstrip("/") if parts.scheme in ("http", "https") else ""

    def _size(self, size: object, key: str) -> int | None:
        if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _LARGEST_BYTES:
            return size
        self._note("size-unusable", "warning", "files[].size", size, f"The file {shorten(key)} states no usable size.")
        return None

    def _checksum(self, text: object, key: str) -> Checksum | None:
        """`md5:<hex>`; the deposit API leaves the name of the algorithm out."""
        checksum = parse_checksum(text) if isinstance(text, str) else None
        if checksum is None:
            said = f"The file {shorten(key)} states no usable checksum."
            self._note("checksum-unusable", "warning", "files[].checksum", text, said)
        return checksum

    def _note(self, code: str, severity: Severity, field: str, value: object, message: str) -> None:
        self.findings.append(
            Finding(code=code, severity=severity, field=field, value=printable(value), message=printable(message, 300))
        )
