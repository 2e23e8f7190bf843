"""The files that a record is to have in the repository, wherever their bytes come from."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from cern_assets.archives.members import Member
from cern_assets.archives.zip_stream import zip_chunks
from cern_assets.errors import MissingInputError
from cern_assets.flows.archive import packed_files
from cern_assets.flows.reading import member_bytes, opened
from cern_assets.flows.stages import Context, Task
from cern_assets.model.archives import Archive, PlannedArchive
from cern_assets.model.checksums import Checksum
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.publications import Receipt
from cern_assets.model.uploads import Upload
from cern_assets.transfers.hashing import Hasher
from cern_assets.transfers.progress import Progress


@dataclass(frozen=True)
class Wanted:
    """Files to upload; an MD5 that nobody knows yet is found when a file is sent, or by reading what would be sent."""

    context: Context
    recid: Recid
    archive: Archive
    stored: Sequence[StoredFile]
    members: Sequence[Member]
    known: dict[str, Checksum] = field(default_factory=dict)

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """The files, some of which may lie nowhere."""
        return self.archive.files

    def md5(self, file: StoredFile) -> Checksum:
        """The MD5 of a file; of one that lies nowhere and was never sent, all its bytes are made for it."""
        if file.key not in self.known:
            stated = file.checksum("md5")
            if stated is None:
                with self._streamed(file) as chunks:
                    for _ in chunks:
                        pass
            else:
                self.known[file.key] = stated
        return self.known[file.key]

    def sources(self, file: StoredFile) -> Sequence[StoredFile]:
        """The stored files whose bytes it has."""
        if file.ref.place != "upload":
            return [file]
        plan = self._plan(file)
        return self.stored[plan.first : plan.first + plan.count]

    def upload(self, file: StoredFile) -> Upload:
        """What the repository is given of a file.

        Raises:
            MissingInputError: our store has lost it since it was archived.
        """
        context, places = self.context, self.context.adapters.places
        for source in self.sources(file):
            if source.ref.place == "store" and places.size_bytes(source.ref) is None:
                # Our loss, not the record's fault: it stays pending.
                raise MissingInputError(
                    "The store has lost a file that is to be uploaded.",
                    uri=places.uri(source.ref),
                    remedy="Materialize raw_files and archive of this recid again.",
                )
        if file.checksum("md5") is None:
            return Upload(file.key, file.size_bytes, lambda: self.known[file.key], lambda: self._streamed(file))
        return Upload(file.key, file.size_bytes, lambda: self.md5(file), lambda: opened(context, file))

    def _plan(self, file: StoredFile) -> PlannedArchive:
        return next(planned for planned in self.archive.plan.archives if planned.key == file.key)

    @contextmanager
    def _streamed(self, file: StoredFile) -> Iterator[Iterator[bytes]]:
        """Bytes whose MD5 is not known before their end: of an archive as it is made, or of a file of the source."""
        told = Progress(f"{file.key}, straight into the upload", file.size_bytes)
        hasher = Hasher(("md5",))
        with self._made(file) as made:

            def chunks() -> Iterator[bytes]:
                for chunk in made:
                    hasher.update(chunk)
                    told.moved(len(chunk))
                    yield chunk
                (self.known[file.key],) = hasher.checksums()

            yield chunks()

    @contextmanager
    def _made(self, file: StoredFile) -> Iterator[Iterator[bytes]]:
        if file.ref.place != "upload":
            with opened(self.context, file) as chunks:
                yield chunks
            return
        plan = self._plan(file)
        members = self.members[plan.first : plan.first + plan.count]
        yield zip_chunks(member_bytes(self.context, self.sources(file), members))


def wanted_files(context: Context, task: Task) -> Wanted:
    """The files of a recid's archive document; checksums that a receipt of the same content has are known."""
    archive, receipt = task.body("archive", Archive), task.previous_body(Receipt)
    if all(file.ref.place == "store" for file in archive.files):
        return Wanted(context, task.recid, archive, (), ())
    stored, members = packed_files(context, task.body("raw_files", Manifest), archive.packed)
    same = receipt is not None and receipt.content == archive.content
    known: Mapping[str, Checksum] = (
        {file.key: file.checksum for file in receipt.files if file.checksum} if receipt is not None and same else {}
    )
    return Wanted(context, task.recid, archive, stored, members, dict(known))
