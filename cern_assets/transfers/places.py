"""The places that a recid's bytes can be in, and the one way to open a file by its address."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from cern_assets.model.files import FileRef
from cern_assets.ports import ByteReader


@dataclass(frozen=True)
class Places:
    """Our store, and where the source keeps its bytes."""

    store: ByteReader
    source: ByteReader

    def reader(self, ref: FileRef) -> ByteReader:
        """The place of a file."""
        assert ref.place != "upload", "what is made while it is sent lies nowhere"
        return self.store if ref.place == "store" else self.source

    def uri(self, ref: FileRef) -> str:
        """The full name of a file, for messages and people."""
        return self.reader(ref).uri(ref.path)

    def size_bytes(self, ref: FileRef) -> int | None:
        """Size of a file, None if there is none; see `ByteReader.size_bytes`."""
        return self.reader(ref).size_bytes(ref.path)

    def open(self, ref: FileRef, *, offset_bytes: int = 0) -> AbstractContextManager[Iterator[bytes]]:
        """Read a file from an offset on; see `ByteReader.open`."""
        return self.reader(ref).open(ref.path, offset_bytes=offset_bytes)

    def read(self, ref: FileRef, most_bytes: int) -> bytes:
        """The beginning of a file, fewer bytes where it ends; see `ByteReader.read_ranges`."""
        return self.reader(ref).read_ranges(ref.path, [(0, most_bytes)])[0]
