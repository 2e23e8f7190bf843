"""Paths inside a store, and the names of files that are still being written."""

import uuid

from cern_assets.errors import UnsafeNameError
from cern_assets.model.files import Leftover
from cern_assets.model.names import safe_key

_TEMPORARY_PREFIX = ".partial-"


def safe_path(path: str) -> str:
    """Give back a relative path that stays inside its store and is no temporary name, unchanged.

    Raises:
        UnsafeNameError: it could leave the store (see `model.names.safe_key`) or hide among temporary files.
    """
    if is_temporary(safe_key(path)):
        raise UnsafeNameError(
            f"The file name {path!r} starts like the temporary files of the store ({_TEMPORARY_PREFIX}).",
            field="files[].key",
            remedy="Ask the source's curators to rename the file.",
        )
    return path


def temporary_name(resume: str | None = None) -> str:
    """Make a file name that no other writer uses, hidden by its leading dot; or that of a resumable file.

    A writer that was killed leaves such a file behind. It is never listed nor in anybody's way, so that it may be
    deleted at any time when no writer runs.

    Raises:
        ValueError: `resume` is more than letters and digits.
    """
    if resume is not None and not (resume.isascii() and resume.isalnum()):
        raise ValueError(f"{resume!r} is no word of letters and digits.")
    return f"{_TEMPORARY_PREFIX}{resume or uuid.uuid4().hex}"


def is_temporary(path: str) -> bool:
    """Whether the last segment of a path is a temporary name."""
    return path.rpartition("/")[2].startswith(_TEMPORARY_PREFIX)


def leftover_path(leftover: Leftover) -> str:
    """The path of a leftover, if it is a temporary file inside its store.

    Raises:
        UnsafeNameError: it is not.
    """
    if not is_temporary(safe_key(leftover.path)):
        raise UnsafeNameError(f"{leftover.path!r} is no temporary file of a store.", remedy="List the leftovers again.")
    return leftover.path
