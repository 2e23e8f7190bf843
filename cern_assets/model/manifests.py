"""Manifests: which bytes of a recid are in our store, and how we know they are the right ones."""

from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.files import FileRef
from cern_assets.model.values import Value


class StoredFile(Value):
    """A file whose bytes were read once, verified, and written whole.

    `ref` says where they are. `checksums` were all computed over the bytes as they passed; one of them equals
    the source's, where the source states one (`verified`).
    """

    key: str
    ref: FileRef
    size_bytes: int
    checksums: tuple[Checksum, ...]
    verified: bool

    def checksum(self, algorithm: Algorithm) -> Checksum | None:
        """The checksum of that algorithm, None if it was not computed."""
        return next((checksum for checksum in self.checksums if checksum.algorithm == algorithm), None)


class Manifest(Value):
    """All files of one recid, in the record's order."""

    files: tuple[StoredFile, ...]

    @property
    def size_bytes(self) -> int:
        """Sum over the files."""
        return sum(file.size_bytes for file in self.files)
