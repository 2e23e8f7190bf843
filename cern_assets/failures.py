"""What went wrong with a store, in the same words for every kind of store."""

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


def failure(kind: type[CernAssetsError], doing: str, uri: str, detail: str) -> CernAssetsError:
    """Make the error to raise: what was done (`Reading`), where, what came back, and what to do about it."""
    return kind(f"{doing} failed: {detail.rstrip('. ')}.", uri=uri, remedy=_REMEDIES[kind])


def no_room(uri: str, *, needed_bytes: int | None, free_bytes: int | None) -> CernAssetsError:
    """Make the error for bytes that do not fit; None for what is not known."""
    needed = "the bytes" if needed_bytes is None else f"{needed_bytes} bytes"
    free = "" if free_bytes is None else f", {free_bytes} bytes are free"
    return failure(StorageFullError, "Writing", uri, f"no room for {needed}{free}")
