"""A folder of exported records as a `RecordSource`: a source that is read, and not asked."""

import hashlib
import tempfile
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

from cern_assets.addresses import shown
from cern_assets.errors import (
    CernAssetsError,
    ConfigurationError,
    RecordInvalidError,
    RecordNotFoundError,
    RecordWithdrawnError,
    SourceUnavailableError,
)
from cern_assets.model.checksums import Algorithm
from cern_assets.model.findings import Finding, grouped
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan, Slice
from cern_assets.model.records import Answer, AnswerBody, FetchedRecord, RecordSummary, SourceRecord
from cern_assets.model.values import content_hash
from cern_assets.ports import EVERYTHING, ByteReader
from cern_assets.sources.dumps.form import DumpForm
from cern_assets.sources.dumps.notes import DumpNotes, Noted, Unread, text_of
from cern_assets.sources.record_files import each_record

_SEALED_BY: Algorithm = "adler32"


@runtime_checkable
class _Listing(Protocol):
    """A place whose files can be listed: a folder or an XRootD server, and not what is behind a web server."""

    def list(self, prefix: str = "") -> Iterator[str]: ...


class DumpSource:
    """Records in the files below `place`, or in the one `file` of it. All methods may be called from threads.

    A record is what stands last in the dump under its recid: the one that was updated last, of equals the last one by
    name of file and line. One that stands twice has a finding that says so. What is no record is among the listing's
    `others` by its place, so that nothing in a dump is passed over in silence.
    """

    def __init__(self, form: DumpForm, url: str, place: ByteReader, notes: Path, *, file: str | None = None) -> None:
        """Read records of a form at `url`, which is `place`, or `file` in it; what is found is noted in `notes`."""
        self._form = form
        self._url = shown(url)
        self._place = place
        self._file = file
        self._notes = DumpNotes(notes)
        self._lock = threading.Lock()
        self._read = False

    @property
    def name(self) -> str:
        """The system's name."""
        return self._form.name

    def close(self) -> None:
        """Close the place and the notes."""
        self._notes.close()
        self._place.close()

    def ping(self) -> str:
        """Look at the dump."""
        files = self._files()
        return f"{self._form.title}: {len(files)} file{'' if len(files) == 1 else 's'} of records at {self._url}"

    def page(self, recid: Recid) -> str:
        """The page that the system showed."""
        return self._form.page(recid)

    def fetch(self, recid: Recid, *, etag: str | None = None) -> FetchedRecord:
        """Find one record; see `RecordSource.fetch`. The ETag is the hash of its text."""
        wanted = self._form.parse_recid(recid)
        self._know()
        noted = self._notes.find(wanted)
        if noted is None:
            raise RecordNotFoundError(
                f"The dump of {self._form.title} has no such record.",
                recid=recid,
                uri=self._url,
                remedy=f"Check the recid, and that {self._form.setting} names the whole dump.",
            )
        if noted.gone is not None:
            raise RecordWithdrawnError(
                f"{self._form.title} withdrew the record: {noted.gone}.", recid=recid, uri=noted.place
            )
        tag = f'"{content_hash([noted.text, noted.times])}"'
        if tag == etag:
            return FetchedRecord(record=None, etag=etag)
        part = f"times:{noted.times}" if noted.times > 1 else ""
        answer = Answer(bodies=(AnswerBody(uri=shown(noted.place), text=noted.text, part=part),))
        return FetchedRecord(record=self.read(answer), etag=tag, answer=answer)

    @property
    def rules(self) -> str:
        """The version of what reads a record."""
        return self._form.rules()

    def read(self, answer: Answer) -> SourceRecord:
        """Read an answer that was kept."""
        record = self._form.read(answer)
        times = answer.bodies[0].part.removeprefix("times:")
        if not times:
            return record
        twice = Finding(
            code="recid-twice",
            severity="warning",
            field="recid",
            value=record.recid,
            message=f"It stands {times} times in the dump; the one that was updated last is taken.",
        )
        return record.model_copy(update={"findings": grouped((*record.findings, twice))})

    def plan(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> SearchPlan:
        """One slice: a dump can be shown whole."""
        total = len(self.search(query, facets).records)
        return SearchPlan(total=total, slices=(Slice(facets={}, total=total),) if total else ())

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Hits:
        """Records whose title has all words of the query, or `recid:<recid>`; a dump has no facets.

        Raises:
            SourceUnavailableError: a file of the dump cannot be read, so that nobody knows what is in it.
            ConfigurationError: facets are asked for.
        """
        if facets:
            raise ConfigurationError(
                "A dump has no facets.",
                field=f"facets.{next(iter(facets))}",
                remedy="Choose records by recid, or by words of their titles.",
            )
        self._know(again=True)
        there = (summary for summary, gone in self._notes.summaries() if not gone)
        found = tuple(summary for summary in there if _matches(summary, query))
        unread = () if query else self._notes.unread()
        return Hits(records=found, others=tuple(each.place for each in unread))

    def stage(self, recid: Recid) -> str | None:  # noqa: ARG002  the port's signature
        """None: it takes no such request."""
        return None

    def touched(self, since: datetime | None = None) -> Iterator[RecordSummary]:
        """Records that were updated since a time, those that are gone too, and those that do not say when."""
        self._know(again=True)
        for summary, _ in self._notes.summaries():
            when = _moment(summary.updated)
            if since is None or when is None or when >= since:
                yield summary.model_copy(update={"digest": None})

    def _know(self, *, again: bool = False) -> None:
        """Have all files of the dump in the notes: when the source is first used, and before each listing."""
        with self._lock:
            if self._read and not again:
                return
            with self._notes.alone():
                seals, files = self._notes.seals(), self._files()
                for path in seals.keys() - set(files):
                    self._notes.forget(path)
                for path in files:
                    self._renew(path, seals.get(path))
            self._read = True

    def _files(self) -> list[str]:
        if self._file is not None:
            if self._place.size_bytes(self._file) is None:
                raise self._absent()
            return [self._file]
        place: object = self._place
        if not isinstance(place, _Listing):
            raise ConfigurationError(
                "A folder behind a web server cannot be listed.",
                field=self._form.setting,
                value=self._url,
                remedy=f"Name one file there ({', '.join(self._form.suffixes)}), or copy the dump to a folder.",
            )
        found = sorted(path for path in place.list() if path.endswith(self._form.suffixes))
        if not found:
            raise self._absent()
        return found

    def _absent(self) -> CernAssetsError:
        """An empty folder is a mount that is missing, far more often than a source that has lost all records."""
        return SourceUnavailableError(
            f"There is no file of records ({', '.join(self._form.suffixes)}).",
            uri=self._url,
            remedy=f"Correct {self._form.setting}, or mount the folder.",
        )

    def _renew(self, path: str, known: str | None) -> None:
        """Read a file that is new or was changed."""
        stated = self._place.checksum(path, _SEALED_BY)
        size = self._place.size_bytes(path)
        if stated is not None and f"{size} {stated}" == known:
            return
        with tempfile.TemporaryDirectory(prefix="cern-assets-dump-") as folder:
            copy = Path(folder) / PurePosixPath(path).name
            digest = hashlib.sha256()
            with self._place.open(path) as chunks, copy.open("wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
            seal = f"{size} {stated}" if stated is not None else f"sha256:{digest.hexdigest()}"
            if seal != known:
                self._notes.take(path, seal, self._records(copy, path))

    def _records(self, copy: Path, path: str) -> Iterator[Noted | Unread]:
        for record in each_record(copy, self._form.texts):
            place = shown(self._place.uri(path)) + record.place.removeprefix(str(copy))
            if record.error is not None:
                yield Unread(place, record.error.message)
                continue
            try:
                summary = self._form.summary(record.body)
                yield Noted(summary, place, text_of(record.body), self._form.gone(record.body))
            except RecordInvalidError as error:
                yield Unread(place, error.message)


def _matches(summary: RecordSummary, query: str) -> bool:
    if query.startswith("recid:"):
        return summary.recid == query.removeprefix("recid:").strip()
    title = summary.title.casefold()
    return all(word in title for word in query.casefold().split())


def _moment(text: str | None) -> datetime | None:
    """When a record says that it was updated; what states no zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
