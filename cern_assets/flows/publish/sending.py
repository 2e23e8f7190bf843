"""A file on its way into a draft: in one stream, in parts that the journal remembers, or fetched by the repository."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from cern_assets.errors import ChecksumMismatchError, NotFetchedError, SizeMismatchError
from cern_assets.flows.damage import reading_ours
from cern_assets.flows.publish.wanted import Wanted
from cern_assets.flows.publish.ways import Way, bounded, can_go_on, earlier_parts, way_of
from cern_assets.model.journal import FetchBegun, Happening, JournalEntry, PartsBegun, PartSent, StreamChosen
from cern_assets.model.manifests import StoredFile
from cern_assets.model.publications import Draft, RemoteFile
from cern_assets.model.uploads import InParts, Upload
from cern_assets.ports import Repository


@dataclass(frozen=True)
class Sending:
    """A file to send, the way it goes and what the repository is given; `begun` is noted before it is announced."""

    file: StoredFile
    way: Way
    upload: Upload
    wanted: Wanted
    begun: PartsBegun | FetchBegun | None = None
    gone_on: bool = False

    def in_one_stream(self, draft: Draft, reason: str) -> "Sending":
        """The same, as the repository does not take it in parts, or could not fetch it; that is noted before."""
        url = self.wanted.context.adapters.repository.url
        what = StreamChosen(repository=url, record_id=draft.record_id, key=self.file.key, reason=reason)
        _note(self.wanted, what)
        return replace(self, way=Way("L", reason), upload=replace(self.upload, parts=None, address=""))

    def sent(self, draft: Draft) -> "Sending":
        """Have it in the draft, as it was announced; what could not be fetched is sent. How it went in the end.

        Raises:
            StoredFileDamagedError, TargetCopyDamagedError: our copy of a file is damaged, or the repository's.
            WaitingError: the repository is not done with it.
        """
        repository = self.wanted.context.adapters.repository
        if self.way.transfer != "F":
            self._streamed(repository, draft, self.upload, announced=True)
            return self
        try:
            repository.upload(draft, self.upload, announced=True)
        except (NotFetchedError, ChecksumMismatchError, SizeMismatchError) as error:
            streamed = self.in_one_stream(draft, f"The repository could not fetch it: {error.message}")
            self._streamed(repository, draft, streamed.upload, announced=False)
            return streamed
        return self

    def _streamed(self, repository: Repository, draft: Draft, upload: Upload, *, announced: bool) -> None:
        context, file = self.wanted.context, self.file
        with context.shared.slots.taken(file.size_bytes), reading_ours(context, self.wanted.sources(file)):
            repository.upload(draft, upload, announced=announced)


def sending_of(
    wanted: Wanted,
    draft: Draft,
    file: StoredFile,
    remote: RemoteFile | None,
    entries: Sequence[JournalEntry],
) -> Sending:
    """How a file goes into a draft that may hold something of it."""
    context, upload = wanted.context, wanted.upload(file)
    address = "" if file.ref.place == "upload" else context.adapters.places.uri(file.ref)
    way, repository = way_of(file, context.collection.transfer, address), context.adapters.repository.url
    if way.transfer == "L":
        return Sending(file, way, upload, wanted)
    if way.transfer == "F":
        under_way = remote is not None and remote.fetching
        fetch = FetchBegun(repository=repository, record_id=draft.record_id, key=file.key)
        return Sending(file, way, replace(upload, address=address), wanted, fetch, gone_on=under_way)
    begun, sent = earlier_parts(entries, repository, draft.record_id, file.key)
    md5 = wanted.md5(file)
    part_bytes = can_go_on(begun, remote, file, md5)
    if part_bytes:
        way = replace(way, reason=f"{way.reason}; gone on with after {len(sent)} parts", part_bytes=part_bytes)
    now_begun = PartsBegun(
        repository=repository,
        record_id=draft.record_id,
        key=file.key,
        size_bytes=file.size_bytes,
        md5=str(md5),
        part_bytes=way.part_bytes,
    )

    def opened(offset: int, size: int) -> AbstractContextManager[Iterator[bytes]]:
        chunks = context.adapters.places.open(file.ref, offset_bytes=offset)
        return bounded(context.shared.cancellation.checked(chunks), size)

    def arrived(number: int) -> None:
        _note(wanted, PartSent(repository=repository, record_id=draft.record_id, key=file.key, number=number))

    parts = InParts(
        part_bytes=way.part_bytes,
        at_once=context.collection.transfer.at_once,
        open=opened,
        arrived=arrived,
        sent=sent if part_bytes else frozenset(),
    )
    return Sending(file, way, replace(upload, parts=parts), wanted, now_begun, gone_on=bool(part_bytes))


def announced(repository: Repository, draft: Draft, sendings: Sequence[Sending]) -> list[Sending]:
    """Announce those that are not gone on with; what the repository does not take in parts goes in one stream.

    That parts are to come, or a fetch, is noted before any can.
    """
    new = [sending for sending in sendings if not sending.gone_on]
    if new and (begun := [sending.begun for sending in new if sending.begun is not None]):
        _note(new[0].wanted, *begun)
    refused = repository.announce(draft, [sending.upload for sending in new]) if new else {}
    return [
        sending.in_one_stream(draft, refused[sending.file.key]) if sending.file.key in refused else sending
        for sending in sendings
    ]


def _note(wanted: Wanted, *what: Happening) -> None:
    wanted.context.adapters.journal.note(wanted.context.collection.name, wanted.recid, *what)
