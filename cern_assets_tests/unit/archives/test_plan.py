"""The plan: as they are when the target takes them so, else as few ZIPs as it takes, else a clear refusal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.archives.clashes import clash_ranks
from cern_assets.archives.layout import directory_bytes, zip_size_bytes
from cern_assets.archives.members import Member
from cern_assets.archives.plan import plan_archive, plan_order
from cern_assets.errors import ArchiveLimitError
from cern_assets.model.archives import PREVIEW_DIRECTORY_BYTES, ArchiveLimits, ArchivePlan, ArchivePolicy

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
    members = [Member(name, sizes[name]) for name in plan_order(list(sizes))]
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


ROOMY = ArchiveLimits(max_files=100, max_file_bytes=10**12, max_record_bytes=10**12)


def test_archives_are_cut_to_what_the_pages_of_the_repository_list_only_when_that_is_wanted() -> None:
    names = [f"run{number // 500:02}/{number:05}.root" for number in range(12_000)]
    members = [Member(name, 20_000) for name in names]
    one = plan_archive(members, ROOMY, base="r")
    assert (one.form, [archive.previewable for archive in one.archives]) == ("zip", [False])
    assert one.warnings == ("1 archives are too large for the repository's preview (first: r.zip)",)
    several = plan_archive(members, ROOMY, base="r", policy=ArchivePolicy(preview=True))
    assert several.form == "zips"
    assert several.warnings == ()
    assert "list what is inside of smaller ones only" in several.reason
    for archive in several.archives:
        inside = members[archive.first : archive.first + archive.count]
        assert directory_bytes(inside) <= PREVIEW_DIRECTORY_BYTES
        assert {member.name.partition("/")[0] for member in inside} == {archive.folder}


def test_a_file_too_large_for_a_preview_has_an_archive_of_its_own_and_hides_no_other() -> None:
    members = [Member("a", 10), Member("b", 600_000_000), Member("c", 10)]
    plan = plan_archive(members, ROOMY, base="r", policy=ArchivePolicy(always=True, preview=True))
    assert [(archive.count, archive.previewable) for archive in plan.archives] == [(1, True), (1, False), (1, True)]


def test_names_that_differ_in_capitals_or_accents_only_are_never_in_one_archive() -> None:
    names = ["Run/A.root", "run/a.root", "run/b.root", "caf\u00e9", "cafe\u0301", "data", "DATA/x"]
    ordered = plan_order(names)
    plan = plan_archive([Member(name, 1) for name in ordered], ROOMY, base="r", policy=ArchivePolicy(always=True))
    assert "3 names differ from others in capitals or accents only" in plan.reason
    for archive in plan.archives:
        inside = ordered[archive.first : archive.first + archive.count]
        assert set(clash_ranks(inside)) == {0}


def test_names_that_some_systems_cannot_make_are_told() -> None:
    names = ["aux.txt", "a:b", "ends.", "sub/NUL", "fine.root", "console.log"]
    plan = plan_archive([Member(n, 1) for n in plan_order(names)], ROOMY, base="r", policy=ArchivePolicy(always=True))
    assert plan.warnings == ("4 names cannot be made on Windows (first: a:b)",)


@given(st.lists(st.sampled_from(["a", "A", "b", "a/b", "A/B", "a/B/c", "\u00e9", "e\u0301"]), unique=True))
def test_names_of_one_rank_never_clash(names: list[str]) -> None:
    ranks = clash_ranks(names)
    for rank in set(ranks):
        same = [name for name, its in zip(names, ranks, strict=True) if its == rank]
        folded = [unicodedata.normalize("NFC", name).casefold() for name in same]
        assert len(set(folded)) == len(folded)
        for one in folded:
            assert not any(other.startswith(f"{one}/") for other in folded)


@pytest.mark.parametrize("below", ["", "folder/"])
def test_a_hundred_thousand_names_that_all_clash_are_ranked_in_one_pass(below: str) -> None:
    # Looking through the ranks that are taken for each name anew would be five thousand million looks.
    letters = list("abcdefghijklmnopq")
    spellings = (
        "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate(letters))
        for number in range(100_000)
    )
    assert clash_ranks([below + spelling for spelling in spellings]) == list(range(100_000))


def test_a_hundred_thousand_files_are_planned_in_one_pass() -> None:
    members = [Member(f"{number:06}.root", 1_000) for number in range(100_000)]
    plan = plan_archive(
        members, ROOMY.model_copy(update={"max_files": 1_000}), base="r", policy=ArchivePolicy(preview=True)
    )
    assert sum(archive.count for archive in plan.archives) == len(members)
