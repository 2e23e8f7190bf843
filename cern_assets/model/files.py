"""Where bytes are: an address that says which place, and the path in it."""

from typing import Literal

from cern_assets.model.values import Value


class FileRef(Value):
    """A file in one of the two places that a recid's bytes can be in: our `store`, or with the `source`.

    `path` is relative to that place. What lies in neither, as it is made while it is sent, is in the place `upload`.
    """

    place: Literal["store", "source", "upload"]
    path: str


class Leftover(Value):
    """A temporary file that a writer left behind, with its size in bytes and when it last changed (seconds since 1970).

    `path` is relative to the store. A leftover of a resumable file is no rubbish as long as somebody may go on with it.
    """

    path: str
    size_bytes: int
    modified: float
