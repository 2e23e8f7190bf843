"""Guards that a file of any place is a Python file that libraries can read: right bytes, few calls, bounded memory."""

import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import uproot

from cern_assets.errors import ConfigurationError, FileMissingError, TransferInterruptedError
from cern_assets.places import file_at
from cern_assets.ports import Range
from cern_assets.settings import Settings
from cern_assets.storage.local import LocalStore
from cern_assets.transfers.remote_file import BLOCK_BYTES, RemoteFile
from cern_assets_tests.contract.places import PLACES, Place, opened_place

SIZE_BYTES = 3 * 1024**2 + 17
CONTENT = random.Random(7).randbytes(SIZE_BYTES)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with opened_place(request, tmp_path) as opened:
        yield opened


class Counting(LocalStore):
    """A folder that notes which ranges are asked for together."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[list[Range]] = []

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        self.asked.append(list(ranges))
        return super().read_ranges(path, ranges)


@pytest.fixture
def counting(tmp_path: Path) -> Counting:
    (tmp_path / "file").write_bytes(CONTENT)
    return Counting(tmp_path)


@pytest.mark.parametrize("ahead_bytes", [0, BLOCK_BYTES, 4 * BLOCK_BYTES])
def test_it_reads_as_a_file_in_memory_does_wherever_it_goes(place: Place, ahead_bytes: int) -> None:
    place.put("a/file", CONTENT)
    chance, theirs = random.Random(3), io.BytesIO(CONTENT)
    with RemoteFile(place.reader, "a/file", ahead_bytes=ahead_bytes) as ours:
        for _ in range(10):
            offset, size = chance.randrange(SIZE_BYTES + 9), chance.choice([0, 1, 100, BLOCK_BYTES, BLOCK_BYTES + 1])
            assert ours.seek(offset) == theirs.seek(offset)
            assert ours.read(size) == theirs.read(size)
            assert ours.read(size) == theirs.read(size)
            assert ours.tell() == theirs.tell()
        assert ours.seek(-5, io.SEEK_END) == SIZE_BYTES - 5
        assert ours.read() == CONTENT[-5:]
        assert ours.read() == ours.read(1) == b""


def test_parts_are_read_together_in_the_order_asked_for(place: Place) -> None:
    place.put("file", CONTENT)
    ranges = [(SIZE_BYTES - 3, 100), (0, 5), (BLOCK_BYTES - 2, 4), (SIZE_BYTES + 5, 5)]
    with RemoteFile(place.reader, "file") as file:
        assert file.read_ranges(ranges) == [CONTENT[start : start + size] for start, size in ranges]


def test_one_member_of_a_zip_is_read_where_it_lies(place: Place) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(50):
            archive.writestr(f"run/{number}.txt", f"content {number}" * 1000)
    place.put("archive.zip", written.getvalue())
    with RemoteFile(place.reader, "archive.zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("run/31.txt") == b"content 31" * 1000
        assert archive.testzip() is None


@pytest.mark.parametrize("ahead_bytes", [0, 16 * BLOCK_BYTES])
def test_uproot_reads_a_tree_where_it_lies(
    place: Place, tmp_path_factory: pytest.TempPathFactory, ahead_bytes: int
) -> None:
    written = tmp_path_factory.mktemp("root") / "events.root"
    with uproot.recreate(written) as made:
        made["Events"] = {"nMuon": np.arange(5_000, dtype=np.int32), "pt": np.linspace(0, 90, 5_000)}
    place.put("events.root", written.read_bytes())
    with RemoteFile(place.reader, "events.root", ahead_bytes=ahead_bytes) as file, uproot.open(file) as opened:
        tree = opened["Events"]
        assert tree.num_entries == 5_000
        assert tree["nMuon"].array(library="np").sum() == 5_000 * 4_999 // 2
        assert tree["pt"].array(library="np", entry_start=4_999).tolist() == [90.0]


def test_a_missing_file_is_an_error_at_once(place: Place) -> None:
    with pytest.raises(FileMissingError) as caught:
        RemoteFile(place.reader, "missing")
    assert caught.value.uri == place.reader.uri("missing")


def test_a_file_that_became_shorter_is_no_end_of_file(place: Place) -> None:
    place.put("file", CONTENT)
    with RemoteFile(place.reader, "file") as file:
        place.put("file", CONTENT[:1000])
        file.seek(990)
        with pytest.raises(TransferInterruptedError, match="of a file of 3145745"):
            file.read(20)
        with pytest.raises(TransferInterruptedError):
            file.read()


def test_going_on_reads_ahead_more_and_more(counting: Counting) -> None:
    with RemoteFile(counting, "file", ahead_bytes=8 * BLOCK_BYTES) as file:
        read = b"".join(iter(lambda: file.read(1000), b""))
    assert read == CONTENT
    assert len(counting.asked) <= 4
    assert max(size for ranges in counting.asked for _, size in ranges) <= 5 * BLOCK_BYTES


def test_without_reading_ahead_just_what_is_asked_for_is_read(counting: Counting) -> None:
    with RemoteFile(counting, "file", ahead_bytes=0) as file:
        for offset in (5, 100, 5):
            file.seek(offset)
            assert file.read(7) == CONTENT[offset : offset + 7]
    assert counting.asked == [[(5, 7)], [(100, 7)], [(5, 7)]]


def test_what_was_read_is_kept_and_gaps_are_fetched_together(counting: Counting) -> None:
    with RemoteFile(counting, "file", ahead_bytes=16 * BLOCK_BYTES) as file:
        for number in (1, 3, 1):
            file.read_at(number * BLOCK_BYTES + 9, 100)
        assert file.read_at(5, 4 * BLOCK_BYTES) == CONTENT[5 : 5 + 4 * BLOCK_BYTES]
    assert counting.asked == [
        [(BLOCK_BYTES, BLOCK_BYTES)],
        [(3 * BLOCK_BYTES, BLOCK_BYTES)],
        [(0, BLOCK_BYTES), (2 * BLOCK_BYTES, BLOCK_BYTES), (4 * BLOCK_BYTES, BLOCK_BYTES)],
    ]


def test_no_more_is_kept_than_was_allowed(counting: Counting) -> None:
    with RemoteFile(counting, "file", ahead_bytes=2 * BLOCK_BYTES) as file:
        for number in range(8):
            file.read_at(number * BLOCK_BYTES, 10)
            assert sum(map(len, file._blocks.values())) <= 2 * BLOCK_BYTES


def test_a_large_read_does_not_go_through_what_is_kept(counting: Counting) -> None:
    with RemoteFile(counting, "file", ahead_bytes=4 * BLOCK_BYTES) as file:
        assert file.read(SIZE_BYTES) == CONTENT
        assert not file._blocks


def test_places_that_are_none_are_refused(counting: Counting) -> None:
    file = RemoteFile(counting, "file")
    for offset, whence in ((-1, io.SEEK_SET), (-SIZE_BYTES - 1, io.SEEK_END), (0, 9)):
        with pytest.raises(OSError, match="Invalid argument"):
            file.seek(offset, whence)
    with pytest.raises(ValueError, match="range of 5 bytes from -1"):
        file.read_ranges([(-1, 5)])
    file.close()
    for use in (file.tell, file.read, lambda: file.read(1), lambda: file.read_ranges([(0, 1)])):
        with pytest.raises(ValueError, match="closed file"):
            use()


@pytest.mark.parametrize("name", ["file", "a b%20d.root"])
def test_a_file_is_opened_by_its_address(place: Place, name: str) -> None:
    place.put(f"folder/{name}", CONTENT)
    with file_at(place.reader.uri(f"folder/{name}"), Settings()) as file:
        file.seek(100)
        assert file.read(9) == CONTENT[100:109]


@pytest.mark.parametrize("uri", ["ftp://host/file", "https://host/file?token=abc", "root://me:hidden@host//file"])
def test_an_address_that_cannot_be_read_is_refused_without_its_secrets(uri: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        file_at(uri, Settings())
    assert "abc" not in str(caught.value)
    assert "hidden" not in str(caught.value)
