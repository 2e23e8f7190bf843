"""Guards what every `ports.ByteReader` promises: the bytes from the offset on, in small chunks, or one clear error."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cern_assets.errors import FileMissingError, UnsafeNameError
from cern_assets.ports import ByteReader
from cern_assets.storage.http import HttpReader
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets_tests.contract.stores import get
from cern_assets_tests.contract.web import web_folder
from cern_assets_tests.services.xrootd import XRootDDaemon

MIB = 1024**2


@dataclass(frozen=True)
class Place:
    """A reader and the folder whose files it reads."""

    reader: ByteReader
    folder: Path

    def put(self, path: str, content: bytes) -> None:
        """Lay a file there by other means."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


@pytest.fixture(params=["local", "http", "http without ranges", pytest.param("xrootd", marks=pytest.mark.service)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "local":
        yield Place(LocalStore(tmp_path), tmp_path)
    elif request.param == "xrootd":
        daemon: XRootDDaemon = request.getfixturevalue("xrootd")
        folder = daemon.root / tmp_path.name
        folder.mkdir()
        yield Place(XRootDStore(f"{daemon.url}/{folder.name}", timeout_seconds=30), folder)
    else:
        with web_folder(tmp_path, takes_ranges=request.param == "http") as server:
            reader = HttpReader(server.url, timeout_seconds=30)
            yield Place(reader, tmp_path)
            reader.close()


@pytest.mark.parametrize("offset_bytes", [0, 1, 5 * MIB, 6 * MIB - 1, 6 * MIB, 7 * MIB])
def test_reading_begins_at_the_offset(place: Place, offset_bytes: int) -> None:
    content = random.Random(2).randbytes(6 * MIB)
    place.put("large", content)
    assert get(place.reader, "large", offset_bytes=offset_bytes) == content[offset_bytes:]


def test_a_large_file_comes_in_chunks(place: Place) -> None:
    content = random.Random(1).randbytes(9 * MIB + 1)
    place.put("a/large", content)
    with place.reader.open("a/large") as chunks:
        pieces = list(chunks)
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 8 * MIB


def test_a_file_may_be_left_half_read(place: Place) -> None:
    place.put("large", bytes(9 * MIB))
    with place.reader.open("large") as chunks:
        next(chunks)
    assert place.reader.size_bytes("large") == 9 * MIB


def test_an_empty_file_has_no_bytes(place: Place) -> None:
    place.put("empty", b"")
    assert place.reader.size_bytes("empty") == 0
    assert get(place.reader, "empty") == b""


def test_an_error_of_the_caller_comes_through(place: Place) -> None:
    place.put("a", b"abc")
    broken = OSError("of the caller")
    with pytest.raises(OSError, match="of the caller") as caught, place.reader.open("a"):
        raise broken
    assert caught.value is broken


def test_a_missing_file_has_no_size_and_cannot_be_opened(place: Place) -> None:
    place.put("a", b"x")
    for path in ("b", "b/c"):
        assert place.reader.size_bytes(path) is None
        with pytest.raises(FileMissingError) as caught, place.reader.open(path):
            pass
        assert caught.value.uri == place.reader.uri(path)


@pytest.mark.parametrize("name", ["a b", "a#b", "a%b", "a%20b", "a&b=c", "a+b", "~a", "a;b:c@d", "Ünïcode 漢", "'\"<>"])
def test_awkward_but_legal_names_of_others_are_found(place: Place, name: str) -> None:
    place.put(f"{name}/{name}", b"content")
    assert place.reader.size_bytes(f"{name}/{name}") == 7
    assert get(place.reader, f"{name}/{name}") == b"content"


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "a//b", "", ".", "a/.", "a\\b", "a\nb"])
def test_a_path_that_could_escape_is_refused(place: Place, path: str) -> None:
    with pytest.raises(UnsafeNameError):
        get(place.reader, path)
    with pytest.raises(UnsafeNameError):
        place.reader.size_bytes(path)
    with pytest.raises(UnsafeNameError):
        place.reader.uri(path)


def test_a_uri_ends_with_the_path(place: Place) -> None:
    assert place.reader.uri("a/b.root").endswith("/a/b.root")


def test_ping_names_the_place(place: Place) -> None:
    root = place.reader.uri("x").removesuffix("/x")
    assert root in place.reader.ping()
