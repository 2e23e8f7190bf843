"""Source records: what a source says of one recid, in one form for all sources."""

from typing import Literal

from cern_assets.addresses import shown
from cern_assets.model.checksums import Checksum
from cern_assets.model.files import FileRef
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import JsonObject, Value


class SourceFile(Value):
    """One file that a record lists.

    `key` is safe (`model.names.safe_key`) and unique in its record. `uri` is the source's own name for the bytes;
    `path` is where they lie below the source's file root (`eos/opendata/...`, never with a slash in front), so that a
    mirror can stand in.
    `size_bytes` and `checksum` are None where the record does not state them or states nonsense (then there is a
    finding). `index` names the file index that lists this file, None for a file that the record lists itself.
    """

    key: str
    uri: str
    path: str
    size_bytes: int | None
    checksum: Checksum | None
    availability: Literal["online", "on demand"] = "online"
    index: str | None = None

    @property
    def ref(self) -> FileRef:
        """Where the source keeps the bytes."""
        return FileRef(place="source", path=self.path)


class SourceRecord(Value):
    """One record of a source.

    `metadata` is the record's JSON without its file lists and without what changes by itself (bucket ids, versions,
    tape state), so that its hash moves only when somebody changed the record. `url` is the page a person opens.
    `checked_with` names the schemas that the findings come from, each by its id and version. `communities` are those of
    the source that took the record, by its own ids.
    """

    source: str
    recid: Recid
    url: str
    metadata: JsonObject
    files: tuple[SourceFile, ...]
    findings: tuple[Finding, ...] = ()
    checked_with: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes that are stated."""
        return sum(file.size_bytes or 0 for file in self.files)


class AnswerBody(Value):
    """One body that a source sent: from where, and its text. `part` names the part of the record that it completes.

    Bytes that are no UTF-8 stand in the text as Python's `surrogateescape` writes them, so that none is lost.
    """

    uri: str
    text: str
    part: str = ""

    @property
    def content(self) -> bytes:
        """The bytes as they came."""
        return self.text.encode("utf-8", "surrogateescape")


class Answer(Value):
    """What a source sent for one recid, as it came: the record's own body first, then what completes it.

    It is kept beside what was parsed from it, so that a parser that is corrected can read it again.
    """

    bodies: tuple[AnswerBody, ...]


def answer_body(content: bytes, uri: str, part: str = "") -> AnswerBody:
    """A body of these bytes."""
    return AnswerBody(uri=shown(uri), text=content.decode("utf-8", "surrogateescape"), part=part)


class FetchedRecord(Value):
    """What came of asking for one recid: the record and the answer it was read from, or None where the ETag holds."""

    record: SourceRecord | None
    etag: str | None
    answer: Answer | None = None


class RecordSummary(Value):
    """What a source lists of a record: enough to decide whether to fetch it.

    `digest` is the hash of what the record says, its files not among it; None where the list does not tell. `updated`
    is the source's own timestamp, which moves without a change too.
    """

    recid: Recid
    title: str = ""
    updated: str | None = None
    digest: str | None = None
