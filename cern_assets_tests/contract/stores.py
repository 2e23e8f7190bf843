"""The stores that the contract suite runs over, each with a way to see what really lies on its disk."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from cern_assets.ports import ByteReader, FileStore
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets_tests.services.xrootd import XRootDDaemon


@dataclass(frozen=True)
class Lab:
    """An empty store and its folder on disk, which does not exist before the first write."""

    store: FileStore
    folder: Path

    def on_disk(self) -> list[str]:
        """All files below the folder, hidden ones too."""
        return sorted(str(place.relative_to(self.folder)) for place in self.folder.rglob("*") if place.is_file())


def local_lab(tmp_path: Path) -> Lab:
    """A local folder."""
    folder = tmp_path / "new" / "store"
    return Lab(LocalStore(folder), folder)


def xrootd_lab(daemon: XRootDDaemon) -> Lab:
    """A folder of a real XRootD server."""
    name = uuid.uuid4().hex
    return Lab(XRootDStore(f"{daemon.url}/{name}", timeout_seconds=30), daemon.root / name)


def put(store: FileStore, path: str, content: bytes) -> None:
    """Write a whole file."""
    with store.create(path, size_bytes=len(content)) as writer:
        writer.write(content)
        writer.commit()


def get(reader: ByteReader, path: str, *, offset_bytes: int = 0) -> bytes:
    """Read a whole file, or its end."""
    with reader.open(path, offset_bytes=offset_bytes) as chunks:
        return b"".join(chunks)
