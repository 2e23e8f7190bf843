"""The plan: as they are when the target takes them so, else as few ZIPs as it takes, else a clear refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.archives.layout import zip_size_bytes
from cern_assets.archives.members import Member
from cern_assets.archives.plan import plan_archive, tree_order
from cern_assets.errors import ArchiveLimitError
from cern_assets.model.archives import ArchiveLimits, ArchivePlan

LIMITS = ArchiveLimits(max_files=3, max_file_bytes=10_000, max_record_bytes=20_000)


def _members(*sizes: int) -> list[Member]:
    return [Member(f"{index}.root", size) for index, size in enumerate(sizes)]


def _plan(members: list[Member], limits: ArchiveLimits = LIMITS) -> ArchivePlan:
    return plan_archive(members, limits, base="opendata-1")


def test_a_record_without_files_has_nothing_to_upload() -> None:
    assert _plan([]).form == "none"


def test_files_within_all_limits_go_up_as_they_are() -> None:
    plan = _plan(_members(10_000, 5_000, 5_000))
    assert (plan.form, plan.archives) == ("as-is", ())


@pytest.mark.parametrize("count", [4, 50])
def test_more_files_than_a_record_may_have_go_into_one_zip(count: int) -> None:
    roomy = ArchiveLimits(max_files=3, max_file_bytes=100_000, max_record_bytes=100_000)
    plan = _plan(_members(*[1] * count), roomy)
    assert plan.form == "zip"
    assert f"{count} files are more than the 3" in plan.reason
    assert [archive.key for archive in plan.archives] == ["opendata-1.zip"]


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ((10_001,), "0.root alone has 10001 bytes"),
        ((9_990,) * 2 + (1,) * 2, "0.root alone has 9990 bytes"),
        ((9_000, 9_000, 9_000), "27000 bytes are more"),
        ((9_000,) * 4, "4 files"),
        ((6_000,) * 3 + (1,), "3 archives and manifest.csv"),
    ],
)
def test_what_fits_in_no_form_is_refused_with_the_numbers(sizes: tuple[int, ...], named: str) -> None:
    with pytest.raises(ArchiveLimitError, match=named):
        _plan(_members(*sizes))


def test_several_archives_are_cut_between_folders_and_named_by_what_they_hold() -> None:
    names = [f"{year}/run{run}/{file}.root" for year in (2010, 2011) for run in (1, 2) for file in "abc"]
    limits = ArchiveLimits(max_files=10, max_file_bytes=7_000, max_record_bytes=10**6)
    plan = _plan([Member(name, 1_000) for name in names], limits)
    assert plan.form == "zips"
    assert [(archive.key, archive.folder, archive.count) for archive in plan.archives] == [
        ("opendata-1-01.zip", "2010/run1", 3),
        ("opendata-1-02.zip", "2010/run2", 3),
        ("opendata-1-03.zip", "2011/run1", 3),
        ("opendata-1-04.zip", "2011/run2", 3),
    ]
    assert plan.reason.startswith("4 archives because 12 files are more than the 10")


def test_a_folder_larger_than_an_archive_is_cut_inside_and_its_neighbours_are_not() -> None:
    names = ["a/1", "b/1", "b/2", "b/3", "c/1"]
    limits = ArchiveLimits(max_files=4, max_file_bytes=5_000, max_record_bytes=10**6)
    plan = _plan([Member(name, 2_000) for name in names], limits)
    assert [(archive.folder, archive.count) for archive in plan.archives] == [("a", 1), ("b", 2), ("", 2)]


segments = st.sampled_from(["a", "b", "runs", "x.root", "é"])
paths = st.lists(segments, min_size=1, max_size=4).map("/".join)


@given(
    st.dictionaries(paths, st.integers(0, 3_000), min_size=1, max_size=30),
    st.integers(3_300, 9_000),
    st.integers(2, 12),
)
def test_every_file_is_in_just_one_archive_and_every_archive_within_its_limits(
    sizes: dict[str, int], max_file_bytes: int, max_files: int
) -> None:
    members = sorted((Member(name, size) for name, size in sizes.items()), key=lambda member: tree_order(member.name))
    limits = ArchiveLimits(max_files=max_files, max_file_bytes=max_file_bytes, max_record_bytes=10**6)
    try:
        plan = _plan(members, limits)
    except ArchiveLimitError:
        # Only where even archives filled to the last byte would be too many, or nearly so: half full each.
        assert len(members) > max_files
        assert sum(size + 300 for size in sizes.values()) > (max_files - 1) * (max_file_bytes - 3_300) / 2
        return
    if not plan.archives:
        assert len(members) <= max_files
        return
    ends = [archive.first + archive.count for archive in plan.archives]
    assert [archive.first for archive in plan.archives] == [0, *ends[:-1]]
    assert ends[-1] == len(members)
    for archive in plan.archives:
        held = members[archive.first : archive.first + archive.count]
        assert archive.size_bytes == zip_size_bytes(held) <= max_file_bytes
        assert all(member.name.startswith(f"{archive.folder}/") for member in held) or archive.folder == ""
    assert len(plan.archives) + (plan.form == "zips") <= max_files
