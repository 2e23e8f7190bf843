"""Reading the files of a manifest, wherever they are: those in our store as they are, those of the source verified."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from cern_assets.archives.members import Member, MemberBytes
from cern_assets.flows.stages import Context
from cern_assets.model.manifests import StoredFile
from cern_assets.transfers.members import known_members, measured_members
from cern_assets.transfers.transfer import verified_chunks


def opened(context: Context, file: StoredFile) -> AbstractContextManager[Iterator[bytes]]:
    """The bytes of a file; of one that lies with the source, they are verified as they pass.

    Raises:
        FileMissingError, SizeMismatchError, ChecksumMismatchError: the source's bytes are not what its record says.
        TransferInterruptedError, StorageUnavailableError: bytes did not get through.
    """
    chunks = context.shared.cancellation.checked(context.adapters.places.open(file.ref))
    return chunks if file.ref.place == "store" else _verified(context, file, chunks)


def member_bytes(context: Context, files: Sequence[StoredFile], members: Sequence[Member]) -> Iterator[MemberBytes]:
    """The members of an archive with their bytes; the CRC-32 of what nobody has read yet is computed on the way."""
    by_key = {file.key: file for file in files}
    places = context.adapters.places
    known = all(file.checksum("crc32") for file in files)
    in_store = all(file.ref.place == "store" for file in files)
    at_once: Callable[[str, int], bytes] | None = None
    if in_store:
        at_once = lambda name, most_bytes: places.read(by_key[name].ref, most_bytes)  # noqa: E731  or None
    read = known_members if known else measured_members
    return read(members, lambda name: opened(context, by_key[name]), at_once)


@contextmanager
def _verified(
    context: Context, file: StoredFile, chunks: AbstractContextManager[Iterator[bytes]]
) -> Iterator[Iterator[bytes]]:
    expected = file.checksums[0] if file.checksums else None
    with chunks as found:
        yield verified_chunks(found, file.size_bytes, expected, uri=context.adapters.places.uri(file.ref))
