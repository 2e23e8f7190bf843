"""What an XRootD server answers, as the errors of this package.

The error numbers are those of the XRootD protocol (`kXR_...` in XProtocol.hh), the status codes those of the client
(`XrdCl/XrdClStatus.hh`).
"""

from typing import Any

from cern_assets.errors import (
    CernAssetsError,
    CredentialsRefusedError,
    FileMissingError,
    StorageFullError,
    StorageUnavailableError,
    UnsafeNameError,
)
from cern_assets.failures import failure, no_room

_KINDS: dict[int, type[CernAssetsError]] = {
    3002: UnsafeNameError,  # kXR_ArgTooLong
    3009: StorageFullError,  # kXR_NoSpace
    3010: CredentialsRefusedError,  # kXR_NotAuthorized
    3011: FileMissingError,  # kXR_NotFound
    3015: UnsafeNameError,  # kXR_NotFile
    3016: UnsafeNameError,  # kXR_isDirectory: a folder has the name of the file
    3021: StorageFullError,  # kXR_overQuota
    3025: CredentialsRefusedError,  # kXR_fsReadOnly
}
# kXR_FSError stands for many things, which only the end of the server's words tells apart.
_FILE_SYSTEM_ERROR = 3005
_NOT_A_FOLDER = "not a directory"
_WORDS: dict[str, type[CernAssetsError]] = {_NOT_A_FOLDER: UnsafeNameError, "read/only": CredentialsRefusedError}

# When writing, "no such file" is about the export or about a temporary file that a dying server lost: not the record's
# fault, and a later attempt can succeed.
WRITING = _KINDS | {3011: StorageUnavailableError}
EXISTS, IS_FOLDER, LOCKED = 3018, 3016, 3003  # kXR_ItExists, kXR_isDirectory, kXR_FileLocked
NOT_SUPPORTED = (3013, 3006)  # kXR_Unsupported, kXR_InvalidRequest
NO_SUCH_CHECKSUM = "checksum not supported"  # kXR_ServerError stands for much else
_REFUSED_BEFORE_ASKED = (203, 204)  # errLoginFailed, errAuthFailed: statuses of the client, without an error number

_NOT_LOGGED_IN = 3030  # kXR_AuthFailed
_HOW_TO_LOG_IN = (
    "Say in CERN_ASSETS_XROOTD_LOGINS how to log in to this server (docs/how-to/xrootd-logins.md), and check that its "
    "ticket, proxy, key or token is valid and known to the server."
)


def check(status: Any, doing: str, uri: str, kinds: dict[int, type[CernAssetsError]] = _KINDS) -> None:
    """Raise the error of our tree for a status that is none of success."""
    if status.ok:
        return
    kind = kinds.get(status.errno, StorageUnavailableError)
    if status.code in _REFUSED_BEFORE_ASKED or status.errno == _NOT_LOGGED_IN:
        raise CredentialsRefusedError(f"{doing} failed: {said(status).rstrip('. ')}.", uri=uri, remedy=_HOW_TO_LOG_IN)
    if status.errno == _FILE_SYSTEM_ERROR:
        kind = next((known for words, known in _WORDS.items() if said(status).endswith(words)), kind)
    if kind is StorageFullError:
        raise no_room(uri, needed_bytes=None, free_bytes=None)
    raise failure(kind, doing, uri, said(status))


def is_missing(status: Any) -> bool:
    """Whether the server said that there is no such file; a silent server did not."""
    below_a_file = status.errno == _FILE_SYSTEM_ERROR and said(status).endswith(_NOT_A_FOLDER)
    return status.errno == 3011 or below_a_file


def said(status: Any) -> str:
    """The server's words."""
    return " ".join(str(status.message).split()).removeprefix("[ERROR] ").removeprefix("[FATAL] ")
