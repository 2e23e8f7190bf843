"""The journal: what is under way for a recid, append-only, beside the documents of what is done."""

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Sequence

from cern_assets.documents.paths import folder_of
from cern_assets.errors import FileMissingError
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import Happening, JournalEntry
from cern_assets.ports import FileStore

_LOG = logging.getLogger(__name__)


class Journal:
    """Entries at `journal/<collection>/<2 hex>/<recid>/<time in ns>-<random>-<hash of the run>.json`, a line each.

    What is noted at once is one file, which a power cut leaves whole or not at all.

    No store that we know can append to a file for two writers at once, or could be trusted to; files under names of
    their own cannot take each other's place, and each is whole or not there.
    """

    def __init__(self, store: FileStore, *, run_id: str = "") -> None:
        """What is noted belongs to a run, if one is given."""
        self._store = store
        self.run_id = run_id

    def of_run(self, run_id: str) -> "Journal":
        """The same journal, written in a run."""
        return Journal(self._store, run_id=run_id)

    def note(self, collection: str, recid: Recid, *what: Happening) -> JournalEntry:
        """Add entries in one file, all or none of them; they are on stable storage when this returns the last one.

        Raises:
            StorageFullError, StorageUnavailableError, CredentialsRefusedError: it is not noted.
        """
        now = time.time_ns()
        entries = [JournalEntry(at=now / 1e9, run_id=self.run_id, what=each) for each in what]
        name = f"{now:020d}-{uuid.uuid4().hex[:8]}{_mark(self.run_id)}.json"
        path = f"{folder_of('journal', collection, recid)}/{name}"
        with self._store.create(path, size_bytes=None) as writer:
            writer.write("".join(f"{json.dumps(entry.model_dump(mode='json'))}\n" for entry in entries).encode())
            writer.commit()
        return entries[-1]

    def entries(self, collection: str, recid: Recid) -> tuple[JournalEntry, ...]:
        """All entries of a recid, the oldest first; one that cannot be read is named in the log and left out.

        Raises:
            StorageUnavailableError, TransferInterruptedError, CredentialsRefusedError: there may be entries or not.
        """
        paths = sorted(self._store.list(folder_of("journal", collection, recid)))
        return tuple(entry for path in paths for entry in self._read(path))

    def holds(self, collection: str, recid: Recid) -> bool:
        """Whether anything was noted of a recid.

        Raises:
            StorageUnavailableError, CredentialsRefusedError: nobody can say.
        """
        return next(iter(self._store.list(folder_of("journal", collection, recid))), None) is not None

    def recids(self, collection: str) -> frozenset[Recid]:
        """The recids of which something was noted, by the names of the entries alone.

        Raises:
            StorageUnavailableError, CredentialsRefusedError: those known are not all.
        """
        return frozenset(Recid(path.split("/")[-2]) for path in self._store.list(f"journal/{collection}"))

    def recids_of_run(self, collection: str, run_id: str) -> tuple[Recid, ...]:
        """The recids of which a run noted something, by the names of the entries alone.

        Raises:
            StorageUnavailableError, CredentialsRefusedError: those known are not all.
        """
        ending = f"{_mark(run_id)}.json"
        paths = (path for path in self._store.list(f"journal/{collection}") if path.endswith(ending))
        return tuple(sorted({Recid(path.split("/")[-2]) for path in paths}))

    def _read(self, path: str) -> list[JournalEntry]:
        try:
            with self._store.open(path) as chunks:
                return [JournalEntry.model_validate(json.loads(line)) for line in b"".join(chunks).splitlines()]
        except FileMissingError:
            return []
        except ValueError as error:
            _LOG.warning("The journal's entry %s cannot be read: %s", self._store.uri(path), error)
            return []


def latest[What: Happening](entries: Sequence[JournalEntry], *kinds: type[What]) -> JournalEntry | None:
    """The last entry of some kinds, None if there is none."""
    return next((entry for entry in reversed(entries) if isinstance(entry.what, kinds)), None)


def _mark(run_id: str) -> str:
    return f"-{hashlib.sha256(run_id.encode()).hexdigest()[:12]}" if run_id else ""
