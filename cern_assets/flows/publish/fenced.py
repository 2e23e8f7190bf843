"""Writing under a lease: each write to the repository, or to the journal, is begun only while the lease is held."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from cern_assets.documents.journal import Journal
from cern_assets.documents.leases import Lease, leased
from cern_assets.errors import CernAssetsError, RecordHeldError
from cern_assets.flows.cancellation import pause
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import Happening, JournalEntry
from cern_assets.model.publications import Draft, HeldTerms, Published, RemoteFile, RemoteRecord, Review, Sought, Spent
from cern_assets.model.uploads import Upload
from cern_assets.model.values import JsonObject
from cern_assets.ports import FileStore, Repository


@contextmanager
def holding(context: Context, recid: Recid) -> Iterator[Context]:
    """The same context while this process holds the recid's lease; what it writes with is fenced.

    Raises:
        RecordHeldError: another process holds it, or, inside the block, took it.
    """
    adapters = context.adapters
    with leased(
        adapters.store,
        source=context.collection.source,
        repository=adapters.repository.url,
        recid=recid,
        terms=context.shared.lease_terms,
        wait=pause,
    ) as lease:
        fenced = replace(
            adapters,
            repository=FencedRepository(adapters.repository, lease),
            journal=FencedJournal(adapters.store, lease, run_id=adapters.journal.run_id),
        )
        try:
            yield replace(context, adapters=fenced)
        except CernAssetsError as error:
            # What goes wrong after another took over says nothing about the record: it was done under our hands.
            _checked_after(lease, error)
            raise
        lease.check()


def _checked_after(lease: Lease, error: CernAssetsError) -> None:
    if not isinstance(error, RecordHeldError):
        try:
            lease.check()
        except RecordHeldError as lost:
            raise lost from error


class FencedJournal(Journal):
    """The journal, written under a lease."""

    def __init__(self, store: FileStore, lease: Lease, *, run_id: str) -> None:
        super().__init__(store, run_id=run_id)
        self._lease = lease

    def note(self, collection: str, recid: Recid, *what: Happening) -> JournalEntry:
        """Add entries: those of a process that lost its lease would lead its successors astray."""
        self._lease.check()
        return super().note(collection, recid, *what)


class FencedRepository:
    """A `ports.Repository` whose writes each begin with a look at the lease; reading needs none."""

    def __init__(self, repository: Repository, lease: Lease) -> None:
        self._repository = repository
        self._lease = lease
        self.url = repository.url

    def close(self) -> None:
        """Nothing: the repository is closed by who opened it."""

    def ping(self) -> str:
        """Say what answers."""
        return self._repository.ping()

    @property
    def spent(self) -> Spent:
        """What was asked so far."""
        return self._repository.spent

    def has_term(self, vocabulary: str, term: str) -> bool:
        """Read."""
        return self._repository.has_term(vocabulary, term)

    def held_terms(self, vocabulary: str) -> HeldTerms | None:
        """Read."""
        return self._repository.held_terms(vocabulary)

    def find(self, identifier: str, *, doi: str | None = None) -> Sought:
        """Read."""
        return self._repository.find(identifier, doi=doi)

    def find_published(self, identifier: str, *, doi: str | None = None) -> tuple[Published, ...]:
        """Read."""
        return self._repository.find_published(identifier, doi=doi)

    def own_records(self) -> Iterator[RemoteRecord]:
        """Read."""
        return self._repository.own_records()

    def read_draft(self, record_id: str) -> Draft | None:
        """Read."""
        return self._repository.read_draft(record_id)

    def read_published(self, record_id: str) -> Published | None:
        """Read."""
        return self._repository.read_published(record_id)

    def files(self, record: RemoteRecord) -> tuple[RemoteFile, ...]:
        """Read."""
        return self._repository.files(record)

    def download(self, record: RemoteRecord, key: str) -> AbstractContextManager[Iterator[bytes]]:
        """Read."""
        return self._repository.download(record, key)

    def review(self, draft: Draft) -> Review | None:
        """Read."""
        return self._repository.review(draft)

    def request(self, request_id: str) -> Review | None:
        """Read."""
        return self._repository.request(request_id)

    def create_draft(self, payload: JsonObject) -> Draft:
        """Write."""
        return self._held.create_draft(payload)

    def update_draft(self, record_id: str, payload: JsonObject) -> Draft:
        """Write."""
        return self._held.update_draft(record_id, payload)

    def delete_draft(self, draft: Draft) -> None:
        """Write."""
        self._held.delete_draft(draft)

    def edit(self, record_id: str) -> Draft:
        """Write."""
        return self._held.edit(record_id)

    def new_version(self, record_id: str) -> Draft:
        """Write."""
        return self._held.new_version(record_id)

    def import_files(self, draft: Draft) -> tuple[RemoteFile, ...]:
        """Write."""
        return self._held.import_files(draft)

    def announce(self, draft: Draft, uploads: Sequence[Upload]) -> Mapping[str, str]:
        """Write."""
        return self._held.announce(draft, uploads)

    def upload(self, draft: Draft, upload: Upload, *, announced: bool = False) -> RemoteFile:
        """Write; a long one looks at the lease again when its last byte is handed out, before it is committed.

        In parts, that is so for each of them.
        """
        parts = upload.parts
        if parts is not None:
            of_part = parts.open
            parts = replace(parts, open=lambda offset, size: self._checked_at_the_end(lambda: of_part(offset, size)))
        checked = replace(upload, open=lambda: self._checked_at_the_end(upload.open), parts=parts)
        return self._held.upload(draft, checked, announced=announced)

    def delete_file(self, draft: Draft, key: str) -> None:
        """Write."""
        self._held.delete_file(draft, key)

    def submit_review(self, draft: Draft, community: str) -> Review:
        """Write."""
        return self._held.submit_review(draft, community)

    def include(self, record: Published, community: str) -> Review:
        """Write."""
        return self._held.include(record, community)

    def included(self, record_id: str, community: str) -> Review | None:
        """Read."""
        return self._repository.included(record_id, community)

    def cancel(self, request_id: str) -> None:
        """Write."""
        self._held.cancel(request_id)

    def publish(self, draft: Draft) -> Published:
        """Write."""
        return self._held.publish(draft)

    def withdraw(self, record: Published, *, reason: str, note: str) -> None:
        """Write."""
        self._held.withdraw(record, reason=reason, note=note)

    @property
    def _held(self) -> Repository:
        self._lease.check()
        return self._repository

    @contextmanager
    def _checked_at_the_end(
        self, opened: Callable[[], AbstractContextManager[Iterator[bytes]]]
    ) -> Iterator[Iterator[bytes]]:
        with opened() as chunks:

            def checked() -> Iterator[bytes]:
                yield from chunks
                self._lease.check()

            yield checked()
