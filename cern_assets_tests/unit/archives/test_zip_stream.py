"""The ZIP stream: readable by others, the same each time, as long as announced, and never of wrong bytes."""

import hashlib
import io
import random
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.archives.layout import LAYOUT, zip_size_bytes
from cern_assets.archives.members import Member
from cern_assets.archives.zip_stream import deflated, zip_chunks
from cern_assets.errors import ChecksumMismatchError, SizeMismatchError

GIB = 1024**3


def _member(name: str, data: bytes) -> Member:
    return Member(name, len(data), zlib.crc32(data))


def _in_threes(data: bytes) -> Iterator[bytes]:
    return (data[start : start + 3] for start in range(0, len(data), 3))


def _archive(contents: dict[str, bytes], announced: dict[str, Member] | None = None) -> bytes:
    members = announced or {name: _member(name, data) for name, data in contents.items()}
    return b"".join(zip_chunks((members[name], _in_threes(data)) for name, data in contents.items()))


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0/\\"), min_size=1, max_size=20),
        st.binary(max_size=200),
        max_size=8,
    )
)
def test_any_files_come_back_from_pythons_own_reader(contents: dict[str, bytes]) -> None:
    archive = _archive(contents)
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert {name: read.read(name) for name in read.namelist()} == contents
    assert len(archive) == zip_size_bytes([Member(name, len(data)) for name, data in contents.items()])


def test_the_same_files_give_the_same_bytes_and_no_time_stands_in_them() -> None:
    contents = {"b.root": b"two", "a.root": b"one", "é/ü.txt": b""}
    assert _archive(contents) == _archive(contents)
    with zipfile.ZipFile(io.BytesIO(_archive(contents))) as read:
        assert read.namelist() == list(contents)
        assert {info.date_time for info in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any(info.flag_bits & 0x08 for info in read.infolist()), "sizes stand in the local headers"


def test_a_member_whose_bytes_changed_since_the_manifest_stops_the_archive() -> None:
    announced = {"a.root": _member("a.root", b"right")}
    with pytest.raises(ChecksumMismatchError, match="CRC-32"):
        _archive({"a.root": b"wrong"}, announced)
    with pytest.raises(SizeMismatchError, match="4 bytes where the manifest says 5"):
        _archive({"a.root": b"shor"}, announced)


def test_files_and_offsets_over_four_gibibytes_get_zip64_fields() -> None:
    # The directory alone is looked at: five GiB of member bytes are written and read among the integration tests.
    plain = zip_size_bytes([Member("large.root", 5), Member("behind.root", 1)]) - 5
    extra_local, extra_central, extra_far, end64 = 20, 20, 12, 56 + 20
    large = [Member("large.root", 5 * GIB), Member("behind.root", 1)]
    assert zip_size_bytes(large) == plain + 5 * GIB + extra_local + extra_central + extra_far + end64


def test_the_bytes_of_an_archive_are_those_of_its_layout_version() -> None:
    """Whoever changes the bytes counts `LAYOUT` up, so that archives are written again, and notes the digest here."""
    archive = _archive({"a.txt": b"first", "b/ü.txt": b"second", "empty": b""})
    assert (LAYOUT, hashlib.sha256(archive).hexdigest()) == (
        "1",
        "c45e94bea24f85699228cfa9c9014d918f63e27fb1593597963ab060f12b4363",
    )


def test_members_that_are_compressed_are_read_by_others_and_have_the_size_that_was_announced() -> None:
    contents = {"a.txt": b"again and " * 1_000, "b.root": random.Random(1).randbytes(5_000), "empty.txt": b""}
    members = {}
    for name, data in contents.items():
        size = len(b"".join(deflated([data]))) if name == "a.txt" else None
        members[name] = Member(name, len(data), zlib.crc32(data), size)
    archive = _archive(contents, members)
    assert len(archive) == zip_size_bytes(list(members.values())) < sum(map(len, contents.values()))
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == contents
        kinds = [info.compress_type for info in read.infolist()]
    assert kinds == [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_STORED]


def test_bytes_that_compress_to_another_size_than_announced_are_refused() -> None:
    data = b"again and " * 1_000
    member = Member("a.txt", len(data), zlib.crc32(data), 7)
    with pytest.raises(SizeMismatchError, match="when compressed, where 7 were planned"):
        _archive({"a.txt": data}, {"a.txt": member})
