"""Bytes that are not the declared ones: put aside, and read once more to tell whose fault it is."""

from cern_assets.documents.paths import folder_of
from cern_assets.errors import ChecksumMismatchError, TransferSpoiledError
from cern_assets.flows.stages import Context, Task
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.journal import Quarantined, Verdict
from cern_assets.model.records import SourceFile
from cern_assets.ports import FileStore
from cern_assets.transfers.transfer import Transferred, transfer

KIND = "quarantine"


def read_again(  # noqa: PLR0917  what a file is, and where it goes
    context: Context,
    task: Task,
    file: SourceFile,
    expected: Checksum,
    first: ChecksumMismatchError,
    path: str,
    store: FileStore,
    algorithms: tuple[Algorithm, ...],
) -> Transferred:
    """Read a file a second time, into quarantine; if it is right now, it goes to `path` of `store`, and all is well.

    What the two readings had is noted in the journal. Wrong bytes stay in quarantine, for people to look at, until
    `cern-assets collect` removes them.

    Raises:
        ChecksumMismatchError: both readings gave the same bytes, so that the record is wrong, or the source's copy.
        TransferSpoiledError: they gave different bytes, so that the way here or the source's disk is at fault.
    """
    ours, reader = context.adapters.store, context.adapters.places.reader(file.ref)
    aside = f"{folder_of(KIND, context.collection.name, task.recid)}/{file.key}"

    def copied(
        source: FileStore | None, there: str, into: FileStore, here: str, wanted: Checksum | None
    ) -> Transferred:
        return transfer(
            source or reader,
            there,
            into,
            here,
            size_bytes=file.size_bytes,
            expected=wanted,
            algorithms=algorithms,
            attempts=context.shared.attempts,
            check=context.shared.cancellation.check,
            least_rate=context.shared.least_rate,
        )

    second = copied(None, file.path, ours, aside, None)
    found = next(checksum for checksum in second.checksums if checksum.algorithm == expected.algorithm)
    verdict = _verdict(expected, first.found, found)
    readings = (first.found, str(found))
    noted = Quarantined(path=aside, uri=file.uri, declared=str(expected), readings=readings, verdict=verdict)
    context.adapters.journal.note(context.collection.name, task.recid, noted)
    if verdict != "bad transfer":
        raise _refusal(noted, kept_at=ours.uri(aside), read_from=reader.uri(file.path))
    moved = copied(ours, aside, store, path, expected)
    ours.remove(aside)
    return moved


def _verdict(expected: Checksum, first: str, second: Checksum) -> Verdict:
    """Whose fault it is that a first reading had not the expected checksum, by what a second one has."""
    if second == expected:
        return "bad transfer"
    return "bad entry" if str(second) == first else "unsteady bytes"


def _refusal(noted: Quarantined, *, kept_at: str, read_from: str) -> ChecksumMismatchError | TransferSpoiledError:
    """What is told of bytes that stay in quarantine."""
    first, second = noted.readings
    if noted.verdict == "bad entry":
        return ChecksumMismatchError(
            f"The bytes have {second} in both of two readings, their record declares {noted.declared}: the record's "
            f"entry is wrong, or the source's copy. They are kept at {kept_at}.",
            found=second,
            uri=read_from,
            field="checksum",
            value=noted.declared,
            remedy="Ask the source's curators which of the two is right.",
        )
    return TransferSpoiledError(
        f"Two readings gave different bytes, {first} and {second}, and their record declares {noted.declared}: "
        f"the way here spoils them, or the source's disk. The last ones are kept at {kept_at}.",
        uri=read_from,
        field="checksum",
        value=noted.declared,
        remedy="Run this recid again; if it stays so, look at the network, and tell the source's operators.",
    )
