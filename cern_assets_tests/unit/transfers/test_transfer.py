"""Guards that a copy is either the declared file or an error, and that a broken stream is continued, not begun anew."""

import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from cern_assets.errors import (
    ChecksumMismatchError,
    FileMissingError,
    SizeMismatchError,
    StorageUnavailableError,
    TransferInterruptedError,
)
from cern_assets.model.checksums import Checksum, parse_checksum
from cern_assets.storage.http import HttpReader
from cern_assets.storage.local import LocalStore
from cern_assets.transfers.least_rate import LeastRate, Watch
from cern_assets.transfers.transfer import Transferred, transfer
from cern_assets_tests.contract.stores import get
from cern_assets_tests.contract.web import web_folder
from cern_assets_tests.services.dripping import dripping
from cern_assets_tests.unit.transfers.breaking import Break, BreakingReader

CONTENT = b"the bytes of a real experiment"
ADLER32 = Checksum(algorithm="adler32", value=f"{zlib.adler32(CONTENT):08x}")
MD5 = Checksum(algorithm="md5", value=hashlib.md5(CONTENT).hexdigest())


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture
def copy(store: LocalStore) -> Callable[..., Transferred]:
    """`transfer` of the reader's file to `copy`, with what the record declares."""

    def run(
        reader: BreakingReader | HttpReader,
        *,
        size_bytes: int | None = len(CONTENT),
        expected: Checksum | None = ADLER32,
        attempts: int = 4,
        at_once_bytes: int = 0,
    ) -> Transferred:
        return transfer(
            reader,
            "file",
            store,
            "copy",
            size_bytes=size_bytes,
            expected=expected,
            algorithms=("md5",),
            attempts=attempts,
            at_once_bytes=at_once_bytes,
        )

    return run


def test_a_copy_has_the_bytes_and_all_checksums(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    assert copy(BreakingReader(CONTENT)) == Transferred(size_bytes=len(CONTENT), checksums=(MD5, ADLER32))
    assert get(store, "copy") == CONTENT


def test_what_is_not_declared_is_not_checked(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    done = copy(BreakingReader(CONTENT), size_bytes=None, expected=None)
    assert done == Transferred(size_bytes=len(CONTENT), checksums=(MD5,))
    assert get(store, "copy") == CONTENT


def test_an_empty_file_is_copied(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    done = copy(BreakingReader(b""), size_bytes=0, expected=parse_checksum("adler32:1"))
    assert done.size_bytes == 0
    assert get(store, "copy") == b""


@pytest.mark.parametrize(
    "breaks",
    [
        [(10, "cut")],
        [(10, "ended")],
        [(3, "cut"), (11, "ended"), (12, "cut"), (20, "cut"), (21, "cut"), (29, "ended")],
        [(len(CONTENT), "cut")],
    ],
)
def test_a_broken_stream_is_continued_where_it_broke(
    store: LocalStore, copy: Callable[..., Transferred], breaks: list[Break]
) -> None:
    reader = BreakingReader(CONTENT, breaks=breaks)
    assert copy(reader).checksums == (MD5, ADLER32)
    assert reader.offsets == [0, *(offset for offset, _ in breaks)]
    assert get(store, "copy") == CONTENT


def test_a_reader_that_was_away_is_asked_again(copy: Callable[..., Transferred]) -> None:
    assert copy(BreakingReader(CONTENT, refusals=1)).size_bytes == len(CONTENT)


def test_a_stream_that_never_goes_on_is_given_up(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    reader = BreakingReader(CONTENT, breaks=[(8, "ended")] * 10)
    with pytest.raises(TransferInterruptedError, match="8 of 30 bytes"):
        copy(reader, attempts=2)
    assert reader.offsets == [0, 8]
    assert list(store.list()) == []


def test_a_reader_that_stays_away_is_given_up(copy: Callable[..., Transferred]) -> None:
    reader = BreakingReader(CONTENT, refusals=10)
    with pytest.raises(StorageUnavailableError):
        copy(reader, attempts=2)
    assert reader.refusals == 8


def test_a_declared_size_that_differs_is_refused_before_reading(
    store: LocalStore, copy: Callable[..., Transferred]
) -> None:
    reader = BreakingReader(CONTENT)
    with pytest.raises(SizeMismatchError, match=r"30 bytes.*31") as caught:
        copy(reader, size_bytes=31)
    assert (caught.value.uri, caught.value.value) == ("breaking:file", "31")
    assert reader.offsets == []
    assert list(store.list()) == []


def test_a_stream_that_goes_on_too_long_is_refused(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    reader = BreakingReader(CONTENT)
    reader.stated_size_bytes = 29
    with pytest.raises(SizeMismatchError, match="goes on after the 29 bytes"):
        copy(reader, size_bytes=29)
    assert list(store.list()) == []


def test_wrong_bytes_are_not_committed(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    wrong = CONTENT.replace(b"real", b"fake")
    with pytest.raises(ChecksumMismatchError) as caught:
        copy(BreakingReader(wrong))
    assert str(ADLER32) in caught.value.message
    assert f"{zlib.adler32(wrong):08x}" in caught.value.message
    assert caught.value.uri == "breaking:file"
    assert list(store.list()) == []


def test_wrong_bytes_leave_the_earlier_copy(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    copy(BreakingReader(CONTENT))
    with pytest.raises(ChecksumMismatchError):
        copy(BreakingReader(CONTENT[::-1]))
    assert get(store, "copy") == CONTENT


def test_a_missing_file_is_told_from_an_empty_one(store: LocalStore) -> None:
    with pytest.raises(FileMissingError) as caught:
        transfer(BreakingReader(b""), "other", store, "copy", size_bytes=None, expected=None, algorithms=(), attempts=1)
    assert caught.value.uri == "breaking:other"


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_a_server_that_fails_once_and_cuts_twice_gets_through(
    tmp_path: Path, store: LocalStore, copy: Callable[..., Transferred], *, takes_ranges: bool
) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "file").write_bytes(CONTENT)
    with web_folder(tmp_path / "web", takes_ranges=takes_ranges) as server:
        server.statuses.append(503)
        server.cuts.extend([10, 15])
        reader = HttpReader(server.url, timeout_seconds=30)
        assert copy(reader).checksums == (MD5, ADLER32)
        reader.close()
    assert [(method, asked) for method, _, asked in server.requests] == [
        ("HEAD", ""),
        ("HEAD", ""),
        ("GET", ""),
        ("GET", "bytes=10-"),
        ("GET", "bytes=25-" if takes_ranges else "bytes=15-"),
    ]
    assert get(store, "copy") == CONTENT


def test_a_server_that_drips_bytes_is_asked_again_where_it_stood_and_given_up(
    tmp_path: Path, store: LocalStore
) -> None:
    content = bytes(range(256)) * 4096
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "file").write_bytes(content)
    with web_folder(tmp_path / "web") as server, dripping(server.server_port, full_bytes=200_000) as between:
        reader = HttpReader(f"http://127.0.0.1:{between.port}", timeout_seconds=30)
        with pytest.raises(TransferInterruptedError, match=r"it gave \d+ bytes in .* 100000 a second are"):
            transfer(
                reader,
                "file",
                store,
                "copy",
                size_bytes=len(content),
                expected=None,
                algorithms=(),
                attempts=2,
                at_once_bytes=0,
                least_rate=LeastRate(bytes_per_second=100_000, window_seconds=0.3),
            )
        reader.close()
    first, again = [asked for method, _, asked in server.requests if method == "GET"]
    assert first == ""
    assert 190_000 < int(again.removeprefix("bytes=").rstrip("-")) <= 200_000, "it goes on where the drops began"
    assert list(store.list()) == []


def test_a_rate_is_reckoned_over_windows_of_waiting() -> None:
    watch = Watch(LeastRate(bytes_per_second=100, window_seconds=1), "file")
    for _ in range(50):
        watch.waited(0.5, 51)
    watch.waited(0.5, 40)
    with pytest.raises(TransferInterruptedError, match=r"80 bytes in 1\.0 s"):
        watch.waited(0.5, 40)


AT_ONCE = 1024


def test_a_small_file_is_read_by_one_call(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    reader = BreakingReader(CONTENT)
    assert copy(reader, at_once_bytes=AT_ONCE) == Transferred(size_bytes=len(CONTENT), checksums=(MD5, ADLER32))
    assert get(store, "copy") == CONTENT
    assert reader.calls == ["read_ranges"]


def test_a_small_file_is_asked_for_again_when_nobody_answered(copy: Callable[..., Transferred]) -> None:
    assert copy(BreakingReader(CONTENT, refusals=2), at_once_bytes=AT_ONCE).size_bytes == len(CONTENT)
    with pytest.raises(StorageUnavailableError):
        copy(BreakingReader(CONTENT, refusals=10), at_once_bytes=AT_ONCE, attempts=2)


@pytest.mark.parametrize("declared", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_small_file_of_another_size_is_refused(
    store: LocalStore, copy: Callable[..., Transferred], declared: int
) -> None:
    with pytest.raises(SizeMismatchError, match=f"{len(CONTENT)} bytes, its record declares {declared}"):
        copy(BreakingReader(CONTENT), size_bytes=declared, at_once_bytes=AT_ONCE)
    assert list(store.list()) == []


def test_a_small_file_with_other_bytes_is_refused(store: LocalStore, copy: Callable[..., Transferred]) -> None:
    with pytest.raises(ChecksumMismatchError):
        copy(BreakingReader(CONTENT[::-1]), at_once_bytes=AT_ONCE)
    assert list(store.list()) == []


def test_a_small_file_that_is_cut_short_by_its_place_is_no_file(
    store: LocalStore, copy: Callable[..., Transferred]
) -> None:
    reader = BreakingReader(CONTENT[:-3])
    reader.stated_size_bytes = len(CONTENT)
    with pytest.raises(TransferInterruptedError, match="27 of 30 bytes"):
        copy(reader, at_once_bytes=AT_ONCE)
    assert list(store.list()) == []


def test_a_server_that_gives_a_byte_a_connection_is_not_asked_for_ever(store: LocalStore) -> None:
    content = bytes(20_000)
    reader = BreakingReader(content, breaks=[(offset, "cut") for offset in range(1, 20_000)], chunk_bytes=1)
    with pytest.raises(TransferInterruptedError):
        transfer(
            reader, "file", store, "copy", size_bytes=20_000, expected=None, algorithms=(), attempts=2, at_once_bytes=0
        )
    assert len(reader.offsets) == 2
    assert list(store.list()) == []
