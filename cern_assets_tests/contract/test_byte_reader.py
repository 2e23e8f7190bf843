"""Guards what every `ports.ByteReader` promises: the bytes from the offset on, in small chunks, or one clear error."""

import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cern_assets.errors import FileMissingError, UnsafeNameError
from cern_assets.model.checksums import parse_checksum
from cern_assets_tests.contract.places import PLACES, Place, opened_place
from cern_assets_tests.contract.stores import get

MIB = 1024**2


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with opened_place(request, tmp_path) as opened:
        yield opened


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


def test_ranges_come_in_the_order_asked_for_and_end_where_the_file_ends(place: Place) -> None:
    content = random.Random(4).randbytes(6 * MIB)
    place.put("large", content)
    ranges = [(5 * MIB, 10), (0, 3), (1, 5 * MIB), (6 * MIB - 2, 100), (7 * MIB, 5), (10, 0)]
    assert place.reader.read_ranges("large", ranges) == [content[start : start + size] for start, size in ranges]


def test_two_thousand_small_ranges_are_read_at_once(place: Place) -> None:
    content = random.Random(5).randbytes(2_100)
    place.put("small", content)
    ranges = [(start, 1) for start in range(0, 2_100, 40 if "http" in place.reader.uri("x") else 1)]
    assert place.reader.read_ranges("small", ranges) == [content[start : start + 1] for start, _ in ranges]


def test_ranges_of_a_missing_file_are_an_error(place: Place) -> None:
    place.put("a", b"x")
    with pytest.raises(FileMissingError):
        place.reader.read_ranges("b", [(0, 1)])


def test_a_checksum_that_the_place_tells_is_that_of_the_bytes(place: Place) -> None:
    place.put("file #", b"some bytes")
    told = place.reader.checksum("file #", "adler32")
    assert told == (parse_checksum(f"adler32:{zlib.adler32(b'some bytes'):08x}") if place.tells_checksums else None)
    assert place.reader.checksum("file #", "sha256") is None
    with pytest.raises(FileMissingError):
        place.reader.checksum("missing", "adler32")


def test_files_that_are_there_are_online_as_far_as_the_place_can_tell(place: Place) -> None:
    place.put("a", b"x")
    assert place.reader.is_online("a") in (True, None)
    assert not place.reader.is_online("missing")


def test_asking_for_files_from_tape_gives_a_ticket_where_there_could_be_tape(place: Place) -> None:
    place.put("a", b"x")
    ticket = place.reader.prepare(["a"])
    assert (ticket is not None) == place.reader.uri("a").startswith("root://")
