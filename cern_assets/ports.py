"""The interfaces between the flows and the world: flows know these, never who stands behind them.

Every port has a `ping()` that returns one line saying what answered, or raises the error a first real call would
raise; `cern-assets doctor` prints it. Those that hold connections have a `close()`. An implementation earns its place
by passing the port's contract suite.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.events import Event
from cern_assets.model.files import Copied, DatedFile, Leftover
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan
from cern_assets.model.publications import Draft, HeldTerms, Published, RemoteFile, RemoteRecord, Review, Sought, Spent
from cern_assets.model.records import Answer, FetchedRecord, RecordSummary, SourceRecord
from cern_assets.model.uploads import Upload
from cern_assets.model.values import JsonObject

type Range = tuple[int, int]
"""Offset and size in bytes."""

EVERYTHING: Mapping[str, str] = MappingProxyType({})
"""No facet narrows the search."""


class RecordSource(Protocol):
    """The read side: one source system."""

    @property
    def name(self) -> str:
        """The source's name in asset keys and tables, e.g. `opendata`."""

    def close(self) -> None:
        """Give back connections; the object is not used after."""

    def ping(self) -> str:
        """Say what answers."""

    def page(self, recid: Recid) -> str:
        """The web page of a record, for people; it need not be there."""

    def fetch(self, recid: Recid, *, etag: str | None = None) -> FetchedRecord:
        """Read one record; with the `etag` of an earlier answer, the record is None if nothing changed.

        Raises:
            RecordNotFoundError: the source does not know the recid (or no longer does).
            RecordWithdrawnError: the source says that the record is gone.
            RecordRestrictedError: the source asks for credentials.
            RecordInvalidError: the answer is no record.
            SourceUnavailableError: no usable answer after the configured attempts.
        """

    @property
    def rules(self) -> str:
        """The version of how an answer is read: where it differs, a kept answer is read again."""

    def read(self, answer: Answer) -> SourceRecord:
        """Read an answer that was kept, without asking the source.

        Raises:
            RecordInvalidError: the answer is no record.
        """

    def plan(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> SearchPlan:
        """A search as slices that can be shown whole, those that match a query and have these values of facets.

        Where the source cannot split a search so that every record is in a slice, the slices hold fewer than `total`.

        Raises:
            SourceUnavailableError
            ConfigurationError: the source has no such facet, or what it cannot show whole cannot be split.
        """

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Hits:
        """All that matches a query and has these values of the source's facets, each once, in stable order.

        Raises:
            SourceUnavailableError: a page could not be read; a part is never taken for the whole.
            ConfigurationError: the source has no such facet, or more match than it can page through.
        """

    def stage(self, recid: Recid) -> str | None:
        """Ask for files to come back from tape; the request's name, or None. `SourceUnavailableError`: nobody knows."""

    def touched(self, since: datetime | None = None) -> Iterator[RecordSummary]:
        """Recids of all records that the source says were touched since a time, or of all; records only, no digests.

        Those that it says are gone are among them. It need not know all: only `search` tells what there is.

        Raises:
            SourceUnavailableError: a page could not be read; what came before is not all.
        """


class ByteReader(Protocol):
    """A tree of files that can be read: a store of ours, or the place where a source keeps its bytes.

    Paths are relative, with `/`, never starting with it.
    """

    def close(self) -> None:
        """Give back connections; the object is not used after."""

    def ping(self) -> str:
        """Say what answers."""

    def uri(self, path: str) -> str:
        """The full name of a file, for messages and people."""

    def size_bytes(self, path: str) -> int | None:
        """Size of a file, None if there is none.

        Raises:
            StorageUnavailableError: nobody answered, which is not the same as "there is none".
        """

    def open(self, path: str, *, offset_bytes: int = 0) -> AbstractContextManager[Iterator[bytes]]:
        """Read a file from an offset on, as chunks in order; memory in use stays a few MiB.

        Raises:
            FileMissingError: there is no such file.
            TransferInterruptedError, StorageUnavailableError: also while iterating.
        """

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        """Read parts of a file at once, in the order asked for; shorter ones where the file ends.

        Raises:
            FileMissingError, TransferInterruptedError, StorageUnavailableError
        """

    def checksum(self, path: str, algorithm: Algorithm) -> Checksum | None:
        """What the place itself says of a file, without its bytes coming here; None where it does not compute that.

        Raises:
            FileMissingError, StorageUnavailableError
        """

    def is_online(self, path: str) -> bool | None:
        """Whether a file can be read now, and not only after it came back from tape; None where the place can't tell.

        Raises:
            StorageUnavailableError
        """

    def prepare(self, paths: Sequence[str]) -> str | None:
        """Ask for files to be brought back from tape; the place's name for the request, None where there is no tape.

        Raises:
            StorageUnavailableError, CredentialsRefusedError
        """


class ByteWriter(Protocol):
    """A file being written: it does not exist under its name until `commit` returns."""

    @property
    def written_bytes(self) -> int:
        """Bytes that are written, those of an earlier attempt included."""

    def earlier(self) -> Iterator[bytes]:
        """The bytes of an earlier attempt, as chunks, to be hashed; before the first `write`."""

    def start_over(self) -> None:
        """Throw away what is written."""

    def write(self, chunk: bytes) -> None:
        """Append.

        Raises:
            StorageFullError, StorageUnavailableError
        """

    def commit(self, *, lasting: bool = True) -> None:
        """Flush to disk and give the file its name, replacing an older one. Nothing may be written after.

        One that is not `lasting` is there for all who look, and need not outlast a power cut of the machine that writes
        it: then the older one may be there, or an empty one.
        """


class FileStore(ByteReader, Protocol):
    """A tree of files that can be written: EOS/XRootD or a local folder."""

    def create(
        self, path: str, *, size_bytes: int | None, resume: str | None = None
    ) -> AbstractContextManager[ByteWriter]:
        """Begin a file; leaving the block without `commit` leaves no trace of it.

        `size_bytes` is reserved beforehand where the store can; None for small documents of unknown size. An empty
        folder of the file's name is not in its way.

        With `resume`, a word of letters and digits that stands for exactly this content, what was written stays for the
        next who begins the file with the same word; while another is writing it, one begins afresh.

        Raises:
            StorageFullError: the size does not fit; nothing was written.
        """

    def batch(self) -> AbstractContextManager["FileStore"]:
        """The same store, for many small files: what is committed has its name, and is on disk, when the block ends.

        One flush may do for all. The block may end by an error: what was committed before it counts. Several threads
        may create files in it.

        Raises:
            StorageFullError, StorageUnavailableError: at the end of the block; what has no name by then is gone.
        """

    def fetch(self, uri: str, path: str, *, size_bytes: int, expected: Checksum) -> Copied | None:
        """Have the store copy a file from another server by itself; None where it cannot, and nothing was written.

        The copy has the stated size and, where the store computes such a checksum, the expected one.

        Raises:
            StorageFullError, StorageUnavailableError: nothing was written.
        """

    def reserve(self, path: str, content: bytes = b"", *, lasting: bool = True) -> bool:
        """Make a file of this name: of all who try, one is told True, until it is removed.

        Who looks at once may see less than the few bytes of `content`. `lasting` is as for `ByteWriter.commit`.

        Raises:
            StorageFullError, StorageUnavailableError, CredentialsRefusedError
        """

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """Temporary files below a folder, of writers that died or are at work; nothing if there is no such folder."""

    def dated(self, prefix: str = "") -> Iterator[DatedFile]:
        """Committed files below a folder with size and date, those of a folder after one another."""

    def collect(self, leftover: Leftover) -> None:
        """Delete a leftover; no error if it is gone."""

    def remove(self, path: str) -> None:
        """Delete a file; no error if there is none. Folders are left alone."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """Paths of all committed files under a folder, in any order; nothing if there is no such folder."""

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """The same paths with the files' sizes in bytes, for little more than the list costs."""


class Repository(Protocol):
    """The write side: one InvenioRDM-compatible repository, seen by one depositor.

    All methods raise `RepositoryUnavailableError` (no usable answer), `CredentialsRefusedError` (401, 403) and
    `DepositRefusedError` (other 4xx) besides what they name.
    """

    @property
    def url(self) -> str:
        """The repository's base URL: part of what a receipt is bound to."""

    def close(self) -> None:
        """Give back connections; the object is not used after."""

    def ping(self) -> str:
        """Say what answers, and that the token is taken."""

    @property
    def spent(self) -> Spent:
        """What was asked of it since it was opened."""

    def has_term(self, vocabulary: str, term: str) -> bool:
        """Whether a vocabulary of the repository has a term; one that it does not know has none."""

    def held_terms(self, vocabulary: str) -> HeldTerms | None:
        """What a vocabulary of the repository holds; None where it shows none of this name."""

    def find(self, identifier: str, *, doi: str | None = None) -> Sought:
        """Published records and own drafts whose `metadata.identifiers` has this identifier, latest versions only.

        With a `doi`, also published records that have it, as their own or among their identifiers, at no more requests.

        Own is what the depositor owns: neither what others have shared, nor what waits for the depositor's review.

        It uses the repository's search, which lags behind writes (about a second on InvenioRDM 14): an empty answer
        does not prove that nothing was just created.
        """

    def find_published(self, identifier: str, *, doi: str | None = None) -> tuple[Published, ...]:
        """The published ones of `find`, of whatever owner, those with the DOI among them, in one request."""

    def own_records(self) -> Iterator[RemoteRecord]:
        """All that the depositor owns, latest versions only, by the repository's search, which lags behind writes.

        A published record with a draft, of an edit or of a next version, is shown as that draft.

        Raises:
            RepositoryUnavailableError: it does not list all that there is; what was given is not all.
        """

    def create_draft(self, payload: JsonObject) -> Draft:
        """Create a draft. Never repeated by itself: a lost answer may leave a draft behind."""

    def read_draft(self, record_id: str) -> Draft | None:
        """A draft, or None."""

    def read_published(self, record_id: str) -> Published | None:
        """A published record, or None."""

    def update_draft(self, record_id: str, payload: JsonObject) -> Draft:
        """Replace a draft's metadata, access, pids and custom fields by the payload's."""

    def delete_draft(self, draft: Draft) -> None:
        """Delete a draft with its files, or give up the editing of a published record; no error if it is gone."""

    def edit(self, record_id: str) -> Draft:
        """A draft of a published record, to change its metadata under the same id; safe to repeat."""

    def new_version(self, record_id: str) -> Draft:
        """A draft of the next version of a published record, without files; safe to repeat."""

    def files(self, record: RemoteRecord) -> tuple[RemoteFile, ...]:
        """The files of a draft or of a published record by key, those that are not committed too."""

    def import_files(self, draft: Draft) -> tuple[RemoteFile, ...]:
        """Take all files of the version before into the draft of a new one that has none: no byte is sent."""

    def announce(self, draft: Draft, uploads: Sequence[Upload]) -> Mapping[str, str]:
        """Say which files are to come, in one request; none of their keys is in the draft.

        The answer has the keys that were to come in parts, and for which the repository does not offer it, each with
        the reason: they were announced anew, to come in one stream.
        """

    def upload(self, draft: Draft, upload: Upload, *, announced: bool = False) -> RemoteFile:
        """Put one file into a draft and commit it, whatever state an earlier attempt left under that key.

        A file that was just announced takes two requests, one for its bytes and one to commit them. With
        `upload.parts`, as it was announced, parts that are sent, and all that is committed, are not sent again.

        Raises:
            WaitingError: all was sent in parts, and the repository is still computing the MD5.
            SizeMismatchError, ChecksumMismatchError: the repository's copy is not the file sent; it was deleted again.
        """

    def delete_file(self, draft: Draft, key: str) -> None:
        """Take a file out of a draft; no error if it is not there."""

    def download(self, record: RemoteRecord, key: str) -> AbstractContextManager[Iterator[bytes]]:
        """Read a file back, as chunks."""

    def review(self, draft: Draft) -> Review | None:
        """How the review of a draft by a community stands, None if there is none."""

    def request(self, request_id: str) -> Review | None:
        """How a request to a community stands, whatever became of its draft; None if there is none."""

    def submit_review(self, draft: Draft, community: str) -> Review:
        """Ask a community, by its slug or id, to take a draft; where we may decide for it, the draft is published.

        Raises:
            ConfigurationError: there is no such community.
            DepositRefusedError: with the repository's own words on each field.
        """

    def include(self, record: Published, community: str) -> Review:
        """Ask a further community to take a published record; errors are those of `submit_review`."""

    def included(self, record_id: str, community: str) -> Review | None:
        """The latest request to a community to take a record, by the search, which lags; None for none."""

    def cancel(self, request_id: str) -> None:
        """Take back a request of the depositor's to a community; one that is not open is refused."""

    def publish(self, draft: Draft) -> Published:
        """Publish a draft; a refusal has the repository's own words on each field."""

    def withdraw(self, record: Published, *, reason: str, note: str) -> None:
        """Put a tombstone in a published record's place; no error if there is one.

        `reason` is an id of the repository's vocabulary (`retracted`, `take-down-request` ...).

        Raises:
            CredentialsRefusedError: the depositor may not; InvenioRDM leaves it to administrators.
        """


class TelemetrySink(Protocol):
    """Where everything that is done for a recid is noted."""

    def ping(self) -> str:
        """Say where events go."""

    def emit(self, events: Sequence[Event]) -> None:
        """Note events, at least one; they survive the death of this process once the call returns.

        Raises:
            StorageFullError, StorageUnavailableError: some are lost, as the message says; later ones may be noted.
        """
