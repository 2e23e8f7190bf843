"""Archives on a store: written once with right digests, and repaired byte for byte with as little fetched as can be."""

import hashlib
import io
import logging
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cern_assets.archives.layout import placed
from cern_assets.archives.members import Member
from cern_assets.archives.plan import plan_order
from cern_assets.errors import FileMissingError, SizeMismatchError
from cern_assets.ports import Range
from cern_assets.storage.local import LocalStore
from cern_assets.transfers.deflating import by_suffix, measured
from cern_assets.transfers.members import measured_members
from cern_assets.transfers.progress import Progress
from cern_assets.transfers.zip_files import (
    folder_members,
    repair_archive,
    verify_archive,
    with_checksums,
    write_folder,
)

MIB = 1024**2
CONTENTS = {f"run{number}/{name}.root": bytes([number]) * (number * 1000) for number in range(1, 6) for name in "ab"}
CONTENTS["large.root"] = bytes(range(256)) * (5 * MIB // 256)
CONTENTS["empty.txt"] = b""


class Folder(LocalStore):
    """A folder that notes which files are opened."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.opened: list[str] = []

    def read_ranges(self, path: str, ranges: Sequence[Range]) -> list[bytes]:
        self.opened.append(path)
        return super().read_ranges(path, ranges)

    @contextmanager
    def open(self, path: str, *, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        self.opened.append(path)
        with super().open(path, offset_bytes=offset_bytes) as chunks:
            yield chunks


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for name, data in CONTENTS.items():
        place = tmp_path / "folder" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return Folder(tmp_path / "folder")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def _written(store: LocalStore, folder: Folder) -> bytes:
    write_folder(store, "all.zip", folder, folder_members(folder, CONTENTS))
    return Path(store.uri("all.zip")).read_bytes()


def test_an_archive_holds_the_folder_and_its_digests_are_those_of_its_bytes(store: LocalStore, folder: Folder) -> None:
    written = write_folder(store, "all.zip", folder, folder_members(folder, CONTENTS))
    data = Path(store.uri("all.zip")).read_bytes()
    assert [checksum.value for checksum in written.checksums] == [
        hashlib.md5(data).hexdigest(),
        hashlib.sha256(data).hexdigest(),
    ]
    assert written.size_bytes == len(data)
    with zipfile.ZipFile(store.uri("all.zip")) as read:
        assert {name: read.read(name) for name in read.namelist()} == CONTENTS
    assert verify_archive(store, "all.zip", written.members).whole


def test_every_file_is_read_once_and_all_of_them_in_order(store: LocalStore, folder: Folder) -> None:
    assert _written(store, folder)
    assert sorted(folder.opened) == sorted(CONTENTS)
    with zipfile.ZipFile(store.uri("all.zip")) as read:
        assert read.namelist() == list(CONTENTS)


def test_a_file_too_large_to_hold_is_read_twice_and_comes_out_right(folder: Folder) -> None:
    members = folder_members(folder, CONTENTS)
    read = {member: b"".join(chunks) for member, chunks in measured_members(members, folder.open, whole_bytes=MIB)}
    assert {member.name: data for member, data in read.items()} == CONTENTS
    assert all(member.crc32 == zlib.crc32(data) for member, data in read.items())
    assert folder.opened.count("large.root") == 2


@pytest.mark.parametrize("changed", [b"longer than it was planned" * 100, b"short"])
def test_a_file_that_changes_under_the_hand_leaves_no_archive(
    store: LocalStore, folder: Folder, changed: bytes
) -> None:
    planned = folder_members(folder, CONTENTS)
    Path(folder.uri("run1/a.root")).write_bytes(changed)
    with pytest.raises(SizeMismatchError, match=r"run1/a\.root"):
        write_folder(store, "all.zip", folder, planned)
    assert list(store.list()) == []


def test_an_interrupted_writing_ends_all_its_threads_and_leaves_nothing(store: LocalStore, folder: Folder) -> None:
    planned = folder_members(folder, CONTENTS)
    Path(folder.uri("large.root")).unlink()
    with pytest.raises(FileMissingError, match=r"large\.root"):
        write_folder(store, "all.zip", folder, planned)
    assert list(store.list()) == []


def _damage(store: LocalStore, offset: int) -> None:
    with Path(store.uri("all.zip")).open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 4]))


def test_a_flipped_bit_is_repaired_with_one_member_fetched(store: LocalStore, folder: Folder) -> None:
    whole = _written(store, folder)
    members = folder_members(folder, CONTENTS)
    place = next(place for place in placed(members) if place.member.name == "run3/b.root")
    _damage(store, place.data_offset + 11)
    folder.opened.clear()
    repaired = repair_archive(store, "all.zip", folder, members)
    assert Path(store.uri("all.zip")).read_bytes() == whole
    assert repaired.fetched == ("run3/b.root",)
    assert (repaired.fetched_bytes, folder.opened) == (3000, ["run3/b.root"])


@pytest.mark.parametrize("field", [0, 14, 18, 26, 30])
def test_a_flipped_bit_in_a_local_header_costs_nothing_of_the_folder(
    store: LocalStore, folder: Folder, field: int
) -> None:
    whole = _written(store, folder)
    members = folder_members(folder, CONTENTS)
    _damage(store, next(place.offset for place in placed(members) if place.member.name == "run4/a.root") + field)
    folder.opened.clear()
    repair_archive(store, "all.zip", folder, members)
    assert Path(store.uri("all.zip")).read_bytes() == whole
    assert folder.opened == []


@pytest.mark.parametrize("behind", ["run3/a.root", "large.root"])
def test_a_cut_end_is_rebuilt_from_the_local_headers_before_it(store: LocalStore, folder: Folder, behind: str) -> None:
    whole = _written(store, folder)
    members = folder_members(folder, CONTENTS)
    places = {place.member.name: place for place in placed(members)}
    Path(store.uri("all.zip")).write_bytes(whole[: places[behind].data_offset + 10])
    folder.opened.clear()
    repaired = repair_archive(store, "all.zip", folder, members)
    assert Path(store.uri("all.zip")).read_bytes() == whole
    names = list(CONTENTS)
    assert list(repaired.fetched) == names[names.index(behind) :]
    assert sorted(folder.opened) == sorted(repaired.fetched)


def test_changed_added_and_removed_files_are_all_that_is_fetched(store: LocalStore, folder: Folder) -> None:
    _written(store, folder)
    Path(folder.uri("run2/a.root")).write_bytes(b"another size")
    Path(folder.uri("new.txt")).write_bytes(b"new")
    wanted = sorted((CONTENTS | {"new.txt": b""}).keys() - {"run1/a.root"})
    members = folder_members(folder, wanted)
    folder.opened.clear()
    repaired = repair_archive(store, "all.zip", folder, members)
    assert sorted(folder.opened) == sorted(repaired.fetched) == ["new.txt", "run2/a.root"]
    fresh = LocalStore(Path(store.uri("x")).parent / "fresh")
    write_folder(fresh, "all.zip", folder, members)
    assert Path(store.uri("all.zip")).read_bytes() == Path(fresh.uri("all.zip")).read_bytes()


TEXT = by_suffix([".txt"])


def _packed(store: LocalStore, folder: Folder) -> tuple[bytes, list[Member]]:
    """An archive whose texts are compressed."""
    (Path(folder.uri("long.txt"))).write_bytes(b"again and " * 5_000)
    names = plan_order(list(folder.list()))
    members = measured(folder_members(folder, names), folder.open, TEXT)
    write_folder(store, "all.zip", folder, members)
    return Path(store.uri("all.zip")).read_bytes(), members


def test_an_archive_with_compressed_members_is_verified_and_extracted(store: LocalStore, folder: Folder) -> None:
    data, members = _packed(store, folder)
    assert any(member.deflated_bytes for member in members)
    assert verify_archive(store, "all.zip").whole
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.read("long.txt") == b"again and " * 5_000


def test_a_repair_keeps_compressed_members_as_they_are_and_compresses_those_it_reads_again(
    store: LocalStore, folder: Folder
) -> None:
    data, members = _packed(store, folder)
    place = next(place for place in placed(members) if place.member.name == "long.txt")
    for offset in (place.data_offset + 3, 10):
        damaged = bytearray(data)
        damaged[offset] ^= 1
        Path(store.uri("all.zip")).write_bytes(damaged)
        folder.opened.clear()
        plain = folder_members(folder, [member.name for member in members])
        repaired = repair_archive(store, "all.zip", folder, plain, deflates=TEXT)
        assert Path(store.uri("all.zip")).read_bytes() == data
        assert ("long.txt" in repaired.fetched) == (offset != 10)
        assert set(folder.opened) == set(repaired.fetched)


def test_a_file_that_changed_at_equal_size_is_seen_when_its_checksum_is_given(
    store: LocalStore, folder: Folder
) -> None:
    _written(store, folder)
    name = next(name for name, data in CONTENTS.items() if len(data) > 10)
    changed = bytes(len(CONTENTS[name]))
    Path(folder.uri(name)).write_bytes(changed)
    members = list(folder_members(folder, CONTENTS))
    assert repair_archive(store, "all.zip", folder, members).fetched == ()
    assert repair_archive(store, "all.zip", folder, with_checksums(folder, members)).fetched == (name,)
    with zipfile.ZipFile(store.uri("all.zip")) as archive:
        assert archive.read(name) == changed


def test_progress_counts_every_byte_and_is_noted_from_time_to_time(
    store: LocalStore, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    seconds = iter(range(0, 10_000, 20))
    told = Progress("archive all.zip", 1_000_000, clock=lambda: float(next(seconds)))
    with caplog.at_level(logging.INFO):
        written = write_folder(store, "all.zip", folder, folder_members(folder, CONTENTS), progress=told.moved)
    assert told.moved_bytes == written.size_bytes
    assert "archive all.zip: " in caplog.text
    assert "MiB/s" in caplog.text
