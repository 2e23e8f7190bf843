"""Manifests: which bytes of a recid are in our store, and how we know they are the right ones."""

from typing import Literal

from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.files import FileRef, FilesMode
from cern_assets.model.values import Value


class StoredFile(Value):
    """A file whose bytes were read once, verified, and written whole.

    `ref` says where they are. `checksums` were all computed over the bytes as they passed; one of them equals
    the source's, where the source states one (`verified`): that is `against`, which the record or, where that states
    none, its place says. `readings` is how often it was read: a second time where the first bytes were wrong.
    """

    key: str
    ref: FileRef
    size_bytes: int
    checksums: tuple[Checksum, ...]
    verified: bool
    against: Checksum | None = None
    readings: int = 1

    def checksum(self, algorithm: Algorithm) -> Checksum | None:
        """The checksum of that algorithm, None if it was not computed."""
        return next((checksum for checksum in self.checksums if checksum.algorithm == algorithm), None)


Why = Literal["by reference", "index member", "not included", "excluded", "over the limit"]
"""Why a file stays at the source: the collection's mode, its policy of index members, its patterns, or its limit."""


class LeftOut(Value):
    """A file that stays at the source by the collection's choice, as its record states it, and why."""

    key: str
    uri: str
    size_bytes: int | None
    checksum: Checksum | None
    why: Why


class Manifest(Value):
    """All files of one recid, in the record's order.

    `mode` is how they are brought (see `model.collections.FilesMode`). By reference, `files` are those that lie at the
    source as they should, and none of them is sent. `left_out` are all that no deposit has.
    """

    files: tuple[StoredFile, ...]
    mode: FilesMode = "mirror"
    left_out: tuple[LeftOut, ...] = ()

    @property
    def carried(self) -> tuple[StoredFile, ...]:
        """The files whose bytes go to the target."""
        return () if self.mode == "reference" else self.files

    @property
    def size_bytes(self) -> int:
        """Sum over the files."""
        return sum(file.size_bytes for file in self.files)
