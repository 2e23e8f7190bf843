"""Verification: an archive as written is whole, and whatever is done to it is found and said of the right member."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.archives.layout import placed
from cern_assets.archives.members import Member
from cern_assets.archives.verification import Verified, verify
from cern_assets.archives.zip_stream import zip_chunks

CONTENTS = {"a/first.root": b"first" * 50, "a/second.root": b"second" * 50, "third.txt": b"", "ü.txt": b"last" * 50}
MEMBERS = [Member(name, len(data), zlib.crc32(data)) for name, data in CONTENTS.items()]
PLACES = {place.member.name: place for place in placed(MEMBERS)}
ARCHIVE = b"".join(zip_chunks((member, iter((CONTENTS[member.name],))) for member in MEMBERS))


def _verified(archive: bytes, expected: list[Member] | None = None) -> Verified:
    @contextmanager
    def open_at(offset: int) -> Iterator[Iterator[bytes]]:
        yield (archive[start : start + 37] for start in range(offset, len(archive), 37))

    return verify(lambda offset, size: archive[offset : offset + size], open_at, len(archive), expected)


def _found(archive: bytes, expected: list[Member] | None = None) -> set[tuple[str, str]]:
    return {(flaw.code, flaw.member) for flaw in _verified(archive, expected).flaws}


def _flipped(offset: int) -> bytes:
    return ARCHIVE[:offset] + bytes([ARCHIVE[offset] ^ 1]) + ARCHIVE[offset + 1 :]


def test_an_archive_as_it_was_written_is_whole() -> None:
    found = _verified(ARCHIVE, MEMBERS)
    assert found.whole
    assert [entry.shown for entry in found.intact] == list(CONTENTS)


def test_a_flipped_bit_in_a_members_bytes_is_found_in_that_member_only() -> None:
    found = _verified(_flipped(PLACES["a/second.root"].data_offset + 7), MEMBERS)
    assert [(flaw.code, flaw.member) for flaw in found.flaws] == [("member-damaged", "a/second.root")]
    assert len(found.intact) == len(MEMBERS) - 1


def test_a_flipped_bit_in_a_local_header_is_found_and_the_bytes_still_count_as_good() -> None:
    found = _verified(_flipped(PLACES["a/second.root"].offset + 14), MEMBERS)
    assert [(flaw.code, flaw.member) for flaw in found.flaws] == [("header-damaged", "a/second.root")]
    assert len(found.intact) == len(MEMBERS)


def test_a_cut_end_is_found_and_the_members_before_the_cut_are_intact() -> None:
    found = _verified(ARCHIVE[: PLACES["ü.txt"].data_offset + 5], MEMBERS)
    assert {flaw.code for flaw in found.flaws} == {"no-directory", "member-truncated"}
    assert [entry.shown for entry in found.intact] == list(CONTENTS)[:3]


def test_missing_and_foreign_members_are_told_apart() -> None:
    other = Member("other.root", 1, 0)
    assert _found(ARCHIVE, [*MEMBERS[1:], other]) == {
        ("missing-member", "other.root"),
        ("foreign-member", "a/first.root"),
    }


def test_a_member_that_is_not_the_expected_one_is_named() -> None:
    wanted = Member(MEMBERS[0].name, MEMBERS[0].size_bytes, 1)
    assert _found(ARCHIVE, [wanted, *MEMBERS[1:]]) == {("member-differs", "a/first.root")}


def test_bytes_that_belong_to_no_member_are_found_before_and_behind_them() -> None:
    first_end, directory_start = PLACES["a/first.root"].end, PLACES["ü.txt"].end
    smuggled = ARCHIVE[:directory_start] + b"evil" + ARCHIVE[directory_start:]
    assert _found(smuggled) == {("directory-damaged", "")}
    moved = ARCHIVE[:first_end] + b"evil" + ARCHIVE[first_end:]
    assert _found(moved) == {("directory-damaged", "")}
    padded = bytearray(smuggled)
    padded[-6:-2] = (directory_start + 4).to_bytes(4, "little")
    assert _found(bytes(padded)) == {("foreign-bytes", "")}


def _by_zipfile(names: list[str], *, method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"content" * 100, compress_type=method)
    return target.getvalue()


@pytest.mark.parametrize("name", ["../up.txt", "/etc/passwd", "a/./b", "nul\x1f.txt"])
def test_names_that_would_leave_their_folder_are_found(name: str) -> None:
    assert ("name-unsafe", name) in _found(_by_zipfile([name]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_found() -> None:
    assert ("name-twice", "a.txt") in _found(_by_zipfile(["a.txt", "a.txt"]))


def test_deflated_members_of_other_programs_are_checked_too() -> None:
    archive = _by_zipfile(["a.txt", "b.txt"], method=zipfile.ZIP_DEFLATED)
    assert _verified(archive).whole
    broken_at = 30 + len("a.txt") + 3
    broken = archive[:broken_at] + bytes([archive[broken_at] ^ 0xFF]) + archive[broken_at + 1 :]
    assert _found(broken) == {("member-damaged", "a.txt")}


def test_a_bomb_is_unpacked_no_further_than_the_size_it_claims() -> None:
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = machine.compress(bytes(50 * 1024**2)) + machine.flush()
    archive = _by_zipfile(["a.txt"], method=zipfile.ZIP_DEFLATED)
    honest = bytearray(archive)
    size_at = archive.index(b"PK\x01\x02") + 20
    data_at = 30 + len("a.txt")
    old_packed = int.from_bytes(archive[size_at : size_at + 4], "little")
    honest[data_at : data_at + old_packed] = packed
    shift = len(packed) - old_packed
    honest[18:22] = len(packed).to_bytes(4, "little")
    central = size_at + shift
    honest[central : central + 4] = len(packed).to_bytes(4, "little")
    end = len(honest) - 22
    honest[end + 16 : end + 20] = (data_at + len(packed)).to_bytes(4, "little")
    flaws = _verified(bytes(honest)).flaws
    assert [flaw.code for flaw in flaws] == ["member-damaged"]
    assert "goes on after the 700 bytes" in flaws[0].message


IN_MEMBERS = [at for place in PLACES.values() for at in range(place.data_offset, place.end)]


@given(st.sampled_from(IN_MEMBERS), st.integers(1, 255))
def test_no_changed_byte_of_a_member_goes_unnoticed(offset: int, change: int) -> None:
    damaged = ARCHIVE[:offset] + bytes([ARCHIVE[offset] ^ change]) + ARCHIVE[offset + 1 :]
    changed = next(name for name, place in PLACES.items() if place.data_offset <= offset < place.end)
    assert _found(damaged) == {("member-damaged", changed)}


@given(st.lists(st.tuples(st.integers(0, len(ARCHIVE) - 1), st.integers(0, 255)), max_size=8))
def test_however_an_archive_is_damaged_no_member_counts_as_good_whose_bytes_changed(
    changes: list[tuple[int, int]],
) -> None:
    damaged = bytearray(ARCHIVE)
    for offset, byte in changes:
        damaged[offset] = byte
    for entry in _verified(bytes(damaged)).intact:
        place = PLACES.get(entry.shown)
        if place is not None and entry.size_bytes == place.member.size_bytes and entry.offset == place.offset:
            assert damaged[place.data_offset : place.end] == ARCHIVE[place.data_offset : place.end]


@given(st.integers(0, len(ARCHIVE) - 1))
def test_no_cut_goes_unnoticed_or_ends_in_an_error(length: int) -> None:
    assert _found(ARCHIVE[:length], MEMBERS)


@given(st.binary(max_size=400))
def test_bytes_that_are_no_archive_at_all_are_a_finding(text: bytes) -> None:
    assert not _verified(text).whole
