"""The ZIP stream: readable by others, the same each time, as long as announced, and never of wrong bytes."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.archives.zip_stream import zip_chunks, zip_size_bytes
from cern_assets.errors import ChecksumMismatchError, SizeMismatchError
from cern_assets.model.checksums import Checksum
from cern_assets.model.manifests import StoredFile


def _stored(key: str, data: bytes, size_bytes: int | None = None) -> StoredFile:
    crc = Checksum(algorithm="crc32", value=f"{zlib.crc32(data):08x}")
    size = len(data) if size_bytes is None else size_bytes
    return StoredFile(key=key, path=f"files/{key}", size_bytes=size, checksums=(crc,), verified=True)


def _archive(contents: dict[str, bytes], files: list[StoredFile] | None = None) -> bytes:
    @contextmanager
    def opened(file: StoredFile) -> Iterator[Iterator[bytes]]:
        data = contents[file.key]
        yield (data[start : start + 3] for start in range(0, len(data), 3))

    stored = files or [_stored(key, data) for key, data in contents.items()]
    return b"".join(zip_chunks(stored, opened))


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
    assert len(archive) == zip_size_bytes([_stored(key, data) for key, data in contents.items()])


def test_the_same_files_give_the_same_bytes_and_no_time_stands_in_them() -> None:
    contents = {"b.root": b"two", "a.root": b"one", "é/ü.txt": b""}
    assert _archive(contents) == _archive(contents)
    with zipfile.ZipFile(io.BytesIO(_archive(contents))) as read:
        assert read.namelist() == list(contents)
        assert {info.date_time for info in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any(info.flag_bits & 0x08 for info in read.infolist()), "sizes stand in the local headers"


def test_a_member_whose_bytes_changed_since_the_manifest_stops_the_archive() -> None:
    file = _stored("a.root", b"right")
    with pytest.raises(ChecksumMismatchError, match="CRC-32"):
        _archive({"a.root": b"wrong"}, [file])
    with pytest.raises(SizeMismatchError, match="4 bytes where the manifest says 5"):
        _archive({"a.root": b"shor"}, [file])


def test_files_and_offsets_over_four_gibibytes_get_zip64_fields() -> None:
    large = 5 * 1024**3
    files = [_stored("large.root", b"", large), _stored("behind.root", b"x")]
    # The directory alone is looked at, as five GiB of member bytes would prove nothing more.
    plain = zip_size_bytes([_stored("large.root", b"", 5), _stored("behind.root", b"x")]) - 5
    extra_local, extra_central, extra_far, end64 = 20, 20, 12, 56 + 20
    assert zip_size_bytes(files) == plain + large + extra_local + extra_central + extra_far + end64
