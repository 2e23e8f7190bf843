"""Where bytes are, and which of them are brought: an address that says which place, and the path in it."""

from typing import Annotated, Literal

from pydantic import Field

from cern_assets.model.values import Value


class FileRef(Value):
    """A file in one of the two places that a recid's bytes can be in: our `store`, or with the `source`.

    `path` is relative to that place. What lies in neither, as it is made while it is sent, is in the place `upload`.
    """

    place: Literal["store", "source", "upload"]
    path: str


class DatedFile(Value):
    """A file of a store, with its size in bytes and when it last changed (seconds since 1970).

    `path` is relative to the store.
    """

    path: str
    size_bytes: int
    modified: float


class Leftover(DatedFile):
    """A temporary file that a writer left behind.

    A leftover of a resumable file is no rubbish as long as somebody may go on with it.
    """


Copied = Literal["verified", "unverified"]
"""Who vouches for what a store copied by itself: its own checksum, or nobody yet."""

FilesMode = Literal["mirror", "stream", "reference"]
"""Bytes kept in our store, verified; or read from the source, and verified, when they are packed and sent; or none.

By `reference`, what the record states is compared with what the server of its files says, and a list of them is sent.
"""


class FilesChoice(Value):
    """Which files of a record are brought; what is not is named in the manifest, the deposit and the ledger.

    `include` and `exclude` are patterns of the shell (`*`, `?`, `[ab]`; `*` matches `/`, too) for a file's key or its
    path at the source; without `include`, all are. Files are taken in the record's order as long as they fit
    `max_record_bytes`. Members of file indexes are brought as other files (`copy`), or named only (`list`).
    """

    include: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    exclude: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    max_record_bytes: Annotated[int | None, Field(ge=0)] = None
    index_members: Literal["copy", "list"] = "copy"
