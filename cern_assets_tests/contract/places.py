"""The places that bytes can be read from, as the contract suites go over them, each with the folder behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cern_assets.ports import ByteReader
from cern_assets.storage.http import HttpReader
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets_tests.contract.web import web_folder
from cern_assets_tests.services.xrootd import XRootDDaemon

PLACES = ["local", "http", "http without ranges", pytest.param("xrootd", marks=pytest.mark.service)]
"""Parameters of a fixture, which gives them to `opened_place`."""


@dataclass(frozen=True)
class Place:
    """A reader and the folder whose files it reads."""

    reader: ByteReader
    folder: Path

    @property
    def tells_checksums(self) -> bool:
        """Whether somebody else computes the checksums of its files."""
        return self.reader.uri("x").startswith("root://")

    def put(self, path: str, content: bytes) -> None:
        """Lay a file there by other means."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


@contextmanager
def opened_place(request: pytest.FixtureRequest, folder: Path) -> Iterator[Place]:
    """One of `PLACES`, empty."""
    if request.param == "local":
        yield Place(LocalStore(folder), folder)
    elif request.param == "xrootd":
        daemon: XRootDDaemon = request.getfixturevalue("xrootd")
        served = daemon.root / folder.name
        served.mkdir()
        yield Place(XRootDStore(f"{daemon.url}/{served.name}", timeout_seconds=30), served)
    else:
        with web_folder(folder, takes_ranges=request.param == "http") as server:
            reader = HttpReader(server.url, timeout_seconds=30)
            yield Place(reader, folder)
            reader.close()
