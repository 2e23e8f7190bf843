"""Whose copy is wrong: bytes of ours that turn out damaged or lost are no fault of the record."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cern_assets.addresses import shown
from cern_assets.errors import (
    ChecksumMismatchError,
    FileMissingError,
    SizeMismatchError,
    StoredFileDamagedError,
    TargetCopyDamagedError,
)
from cern_assets.flows.stages import Context
from cern_assets.model.manifests import StoredFile
from cern_assets.transfers.hashing import fingerprint


@contextmanager
def reading_ours(context: Context, files: Sequence[StoredFile]) -> Iterator[None]:
    """A block that reads stored files; bytes that are wrong in it are traced to the copy that is.

    A stored file that is damaged is taken out of the store: the stage that made it then finds it gone in the next run,
    and makes it again.

    Raises:
        StoredFileDamagedError: our copy is lost or damaged.
        TargetCopyDamagedError: ours are whole, so the bytes were damaged on their way out.
    """
    try:
        yield
    except (ChecksumMismatchError, SizeMismatchError, FileMissingError) as error:
        if any(
            file.ref.place == "source" and error.uri == shown(context.adapters.places.uri(file.ref)) for file in files
        ):
            raise  # the source's own copy is wrong, and was seen to be
        damaged = [file for file in files if file.ref.place == "store" and not _whole(context, file)]
        for file in damaged:
            context.adapters.store.remove(file.ref.path)
        if damaged:
            raise StoredFileDamagedError(
                f"{len(damaged)} of our stored files are lost or damaged: {error.message}",
                uri=context.adapters.places.uri(damaged[0].ref),
                remedy="What is damaged was removed; run this recid again to fetch it anew, and look at the disk.",
            ) from error
        raise TargetCopyDamagedError(
            f"Our files are whole, their copy is not: {error.message}",
            uri=error.uri,
            field=error.field,
            value=error.value,
            remedy="Run this recid again; if it stays so, look at the network and at the target's disk.",
        ) from error


def _whole(context: Context, file: StoredFile) -> bool:
    """Whether the store still holds the bytes that were stored."""
    if context.adapters.places.size_bytes(file.ref) != file.size_bytes:
        return False
    stated = [checksum.algorithm for checksum in file.checksums]
    with context.shared.cancellation.checked(context.adapters.places.open(file.ref)) as chunks:
        size_bytes, found = fingerprint(chunks, tuple(stated))
    return size_bytes == file.size_bytes and set(found) == set(file.checksums)
