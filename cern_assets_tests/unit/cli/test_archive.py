"""`cern-assets archive`: what a person gets of a folder, and of an archive that was damaged."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cern_assets_tests.services.command_line import Answer

type Run = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(12):
        place = tmp_path / "folder" / f"run{number % 3}" / f"{number}.root"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(bytes([number]) * 1000 * (number + 1))
    return tmp_path / "folder"


def _answer(run: Run, *arguments: object, exit_code: int = 0) -> Any:
    done = run("archive", *map(str, arguments), "--json")
    assert done.code == exit_code, done.err
    return done.json


def test_a_plan_names_archives_members_and_reasons_and_writes_nothing(run: Run, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    plan = _answer(run, "plan", folder, "--max-files", "4", "--max-file-bytes", "40000")
    assert plan["form"] == "zips"
    assert [archive["folder"] for archive in plan["archives"]] == ["run0", "run1", "run2"]
    assert "3 archives because 12 files are more than the 4" in plan["reason"]
    assert sum(len(archive["members"]) for archive in plan["archives"]) == 12
    assert sorted(folder.rglob("*")) == before


def test_files_that_fit_as_they_are_are_planned_so(run: Run, folder: Path) -> None:
    assert _answer(run, "plan", folder)["form"] == "as-is"


def test_a_written_archive_is_verified_and_extracts_to_the_folder(run: Run, folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"
    (written,) = _answer(run, "write", folder, archive)["archives"]
    assert written["size_bytes"] == archive.stat().st_size
    assert len(written["members"]) == 12
    verified = _answer(run, "verify", archive)
    assert (verified["whole"], verified["intact"]) == (True, 12)
    with zipfile.ZipFile(archive) as read:
        read.extractall(tmp_path / "out")
    for place in folder.rglob("*.root"):
        assert (tmp_path / "out" / place.relative_to(folder)).read_bytes() == place.read_bytes()


def test_more_than_one_archive_may_hold_goes_into_several_beside_each_other(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    written = _answer(run, "write", folder, tmp_path / "out" / "all.zip", "--max-file-bytes", "40000")["archives"]
    assert [archive["name"] for archive in written] == ["all-01.zip", "all-02.zip", "all-03.zip"]
    assert all((tmp_path / "out" / archive["name"]).stat().st_size <= 40000 for archive in written)


def test_a_damaged_archive_fails_verification_and_a_repair_restores_it_byte_for_byte(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "all.zip"
    _answer(run, "write", folder, archive)
    whole = archive.read_bytes()
    flipped = bytearray(whole)
    flipped[3000] ^= 16
    for damaged, code in ((bytes(flipped), "member-damaged"), (whole[:50_000], "no-directory")):
        archive.write_bytes(damaged)
        found = _answer(run, "verify", archive, exit_code=1)
        assert code in {finding["code"] for finding in found["findings"]}
        repaired = _answer(run, "repair", archive, "--from", folder)
        assert repaired["fetched"]
        assert archive.read_bytes() == whole


def test_an_archive_among_the_files_is_not_a_member_of_itself(run: Run, folder: Path) -> None:
    archive = folder / "all.zip"
    assert len(_answer(run, "write", folder, archive)["archives"][0]["members"]) == 12
    assert len(_answer(run, "write", folder, archive)["archives"][0]["members"]) == 12


def test_what_is_no_archive_or_no_folder_is_said_so(run: Run, tmp_path: Path) -> None:
    assert "ends in NAME.zip" in run("archive", "verify", str(tmp_path / "all.tar")).err
    missing = run("archive", "verify", str(tmp_path / "none.zip"))
    assert (missing.code, "there is no such file" in missing.err) == (2, True)
    (tmp_path / "empty").mkdir()
    empty = run("archive", "write", str(tmp_path / "empty"), str(tmp_path / "all.zip"))
    assert "no files in this folder" in empty.err
    assert not (tmp_path / "all.zip").exists()


def test_compressed_texts_are_written_planned_and_repaired_alike(run: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "notes.txt").write_bytes(b"again and " * 5_000)
    archive = tmp_path / "all.zip"
    (written,) = _answer(run, "write", folder, archive, "--deflate", ".txt")["archives"]
    assert written["size_bytes"] == archive.stat().st_size < sum(p.stat().st_size for p in folder.rglob("*.*"))
    planned = _answer(run, "plan", folder, "--deflate", ".txt", "--max-files", "4")
    assert [each["size_bytes"] for each in planned["archives"]] == [written["size_bytes"]]
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-300])
    _answer(run, "repair", archive, "--from", folder, "--deflate", ".txt")
    assert archive.read_bytes() == whole


def test_names_that_clash_where_capitals_do_not_count_go_into_two_archives_and_it_is_told(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "A.root").write_bytes(b"1")
    (folder / "a.root").write_bytes(b"2")
    (folder / "aux.root").write_bytes(b"3")
    written = _answer(run, "write", folder, tmp_path / "out" / "all.zip")["archives"]
    assert [each["name"] for each in written] == ["all-01.zip", "all-02.zip"]
    assert [member["name"] for member in written[1]["members"]] == ["a.root"]
    out = run("archive", "plan", str(folder), "--max-files", "4").out
    assert "1 names cannot be made on Windows (first: aux.root)" in out


def test_a_file_that_changed_at_equal_size_is_found_when_it_is_looked_for(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "all.zip"
    _answer(run, "write", folder, archive)
    changed = folder / "run0" / "0.root"
    changed.write_bytes(bytes(reversed(range(256))) * 4)
    changed.write_bytes(changed.read_bytes()[:1000])
    assert _answer(run, "repair", archive, "--from", folder)["fetched"] == []
    assert _answer(run, "repair", archive, "--from", folder, "--compare")["fetched"] == ["run0/0.root"]


def test_missing_foreign_and_changed_members_are_found_against_the_folder(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "all.zip"
    _answer(run, "write", folder, archive)
    assert _answer(run, "verify", archive, "--against", folder)["findings"] == []
    (folder / "run0" / "0.root").unlink()
    (folder / "run1" / "1.root").write_bytes(b"\xff" * 2000)
    (folder / "new.root").write_bytes(b"x")
    findings = _answer(run, "verify", archive, "--against", folder, exit_code=1)["findings"]
    assert {(finding["code"], finding["member"]) for finding in findings} == {
        ("foreign-member", "run0/0.root"),
        ("member-differs", "run1/1.root"),
        ("missing-member", "new.root"),
    }
