"""What went wrong with a store, in the same words for every kind of store."""

import errno
import os
from pathlib import Path

from cern_assets.errors import (
    CernAssetsError,
    CredentialsRefusedError,
    FileMissingError,
    RecordRestrictedError,
    StorageFullError,
    StorageUnavailableError,
    TransferInterruptedError,
    UnsafeNameError,
)

_REMEDIES: dict[type[CernAssetsError], str] = {
    CredentialsRefusedError: "Check the permissions of the place and the credentials of this process.",
    FileMissingError: "Compare the record's file list with what the place holds.",
    RecordRestrictedError: "Ask the source's curators whether this file is meant to be public.",
    StorageFullError: "Make room or point the store elsewhere, then run the same recids again.",
    StorageUnavailableError: "Check that the place is up and reachable from here, then run the same recids again.",
    TransferInterruptedError: "Run the same recid again.",
    UnsafeNameError: "Ask the source's curators to rename the file.",
}


FULL = (errno.ENOSPC, errno.EDQUOT)
"""How an operating system says that a disk, or somebody's part of it, is full."""


_LEAST_BYTES = 256 * 1024


def is_full(place: Path) -> bool:
    """Whether the disk of a place has less room than our own small files and databases need to be used at all."""
    disk = os.statvfs(next(folder for folder in (place, *place.parents) if folder.exists()))
    return bool(disk.f_blocks) and disk.f_bavail * disk.f_frsize < _LEAST_BYTES


def failure(kind: type[CernAssetsError], doing: str, uri: str, detail: str) -> CernAssetsError:
    """Make the error to raise: what was done (`Reading`), where, what came back, and what to do about it."""
    return kind(f"{doing} failed: {detail.rstrip('. ')}.", uri=uri, remedy=_REMEDIES[kind])


def of_the_system(error: OSError, doing: str, uri: str) -> CernAssetsError:
    """Make the error for what the operating system says of a place that only this program uses."""
    kind = StorageFullError if error.errno in FULL else StorageUnavailableError
    return failure(kind, doing, uri, error.strerror or str(error))


def no_room(uri: str, *, needed_bytes: int | None, free_bytes: int | None) -> CernAssetsError:
    """Make the error for bytes that do not fit; None for what is not known."""
    needed = "the bytes" if needed_bytes is None else f"{needed_bytes} bytes"
    free = "" if free_bytes is None else f", {free_bytes} bytes are free"
    return failure(StorageFullError, "Writing", uri, f"no room for {needed}{free}")
