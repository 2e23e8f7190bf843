"""Archives where it matters: on a real XRootD daemon, over 4 GiB and 65,535 entries, and in other people's programs."""

import io
import os
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from cern_assets.archives.layout import placed
from cern_assets.errors import UnsafeNameError
from cern_assets.model.archives import ArchivePolicy
from cern_assets.model.identifiers import Recid
from cern_assets.model.names import safe_key
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.transfers.zip_files import folder_members, repair_archive, verify_archive, write_folder
from cern_assets_tests.services.needs import program
from cern_assets_tests.services.repository import RunningRepository
from cern_assets_tests.services.world import running_world

pytestmark = pytest.mark.service

GIB = 1024**3
CONTENTS = {
    "run1/a.root": bytes(range(256)) * 500,
    "run1/b.root": b"",
    "run2/a b.root": b"blank" * 1000,
    "run2/\u00fc/\u03bc.txt": "\u00fcml\u00e4ut".encode(),
    "\u65e5\u672c.txt": b"three bytes a letter",
}


def _folder(root: Path) -> LocalStore:
    for name, data in CONTENTS.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return LocalStore(root)


@pytest.mark.parametrize(
    ("name", "package", "extract"),
    [
        ("unzip", "unzip", ["-q", "ARCHIVE", "-d", "."]),
        ("7z", "p7zip-full", ["x", "-y", "ARCHIVE"]),
        ("bsdtar", "libarchive-tools", ["-xf", "ARCHIVE"]),
    ],
)
def test_other_programs_extract_the_very_files_that_went_in(
    name: str, package: str, extract: list[str], tmp_path: Path
) -> None:
    folder, store = _folder(tmp_path / "folder"), LocalStore(tmp_path)
    write_folder(store, "all.zip", folder, folder_members(folder, CONTENTS))
    (tmp_path / "out").mkdir()
    words = [store.uri("all.zip") if word == "ARCHIVE" else word for word in extract]
    done = subprocess.run(
        [program(name, package=package), *words],
        cwd=tmp_path / "out",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    out = LocalStore(tmp_path / "out")
    assert {name: Path(out.uri(name)).read_bytes() for name in out.list()} == CONTENTS


def test_an_archive_is_written_from_server_to_server_and_repaired_there(xrootd_url: str, tmp_path: Path) -> None:
    local = _folder(tmp_path / "folder")
    remote = XRootDStore(f"{xrootd_url}/archives/folder", timeout_seconds=30)
    target = XRootDStore(f"{xrootd_url}/archives/target", timeout_seconds=30)
    for name, data in CONTENTS.items():
        with remote.create(name, size_bytes=len(data)) as writer:
            writer.write(data)
            writer.commit()
    members = folder_members(remote, CONTENTS)
    written = write_folder(target, "all.zip", remote, members)
    assert written == write_folder(LocalStore(tmp_path), "all.zip", local, members), "the same bytes on any store"
    assert verify_archive(target, "all.zip", written.members).whole

    with target.open("all.zip") as chunks:
        whole = b"".join(chunks)
    place = next(place for place in placed(members) if place.member.name == "run2/a b.root")
    damaged = bytearray(whole[:-200])
    damaged[place.data_offset] ^= 1
    with target.create("all.zip", size_bytes=len(damaged)) as writer:
        writer.write(bytes(damaged))
        writer.commit()
    assert not verify_archive(target, "all.zip").whole
    repaired = repair_archive(target, "all.zip", remote, members)
    assert "run2/a b.root" in repaired.fetched
    assert "run1/a.root" in repaired.kept
    with target.open("all.zip") as chunks:
        assert b"".join(chunks) == whole


def test_members_and_offsets_over_four_gibibytes_are_written_verified_and_read_back(tmp_path: Path) -> None:
    folder, store = LocalStore(tmp_path / "folder"), LocalStore(tmp_path)
    (tmp_path / "folder").mkdir()
    with (tmp_path / "folder" / "huge.bin").open("wb") as sparse:
        sparse.seek(4 * GIB)
        sparse.write(b"the end")
    (tmp_path / "folder" / "z.txt").write_bytes(b"behind four gibibytes")
    written = write_folder(store, "all.zip", folder, folder_members(folder, ["huge.bin", "z.txt"]), ())
    assert verify_archive(store, "all.zip", written.members).whole
    with zipfile.ZipFile(store.uri("all.zip")) as archive:
        assert archive.getinfo("huge.bin").file_size == 4 * GIB + 7
        assert archive.getinfo("z.txt").header_offset > 4 * GIB
        assert archive.read("z.txt") == b"behind four gibibytes"


def test_more_members_than_the_old_format_counts_are_written_verified_and_read_back(tmp_path: Path) -> None:
    folder, store = LocalStore(tmp_path / "folder"), LocalStore(tmp_path)
    (tmp_path / "folder").mkdir()
    names = [f"{number:05}.txt" for number in range(65_600)]
    for name in names:
        (tmp_path / "folder" / name).write_bytes(name.encode())
    written = write_folder(store, "all.zip", folder, folder_members(folder, names), ())
    assert verify_archive(store, "all.zip", written.members).whole
    with zipfile.ZipFile(store.uri("all.zip")) as archive:
        assert archive.namelist() == names
        assert archive.read("65599.txt") == b"65599.txt"


HOSTILE = {
    "-rf": b"1",
    "--checkpoint-action=exec=sh": b"2",
    "$(touch owned)": b"3",
    "`touch owned`": b"4",
    "sub/ leading and trailing ": b"5",
    "quote'\"double": b"6",
    "semi;colon&amp|pipe": b"7",
    "star*question?[a]": b"8",
    "tilde~/x": b"9",
    ".hidden/.file": b"10",
    "n" * 200: b"11",
}


@pytest.mark.parametrize(
    ("name", "package", "extract"),
    [
        ("unzip", "unzip", ["-q", "ARCHIVE", "-d", "."]),
        ("7z", "p7zip-full", ["x", "-y", "ARCHIVE"]),
        ("bsdtar", "libarchive-tools", ["-xf", "ARCHIVE"]),
        ("python3", "python3", ["-m", "zipfile", "-e", "ARCHIVE", "."]),
    ],
)
def test_names_that_mean_harm_are_names_and_nothing_else(
    name: str, package: str, extract: list[str], tmp_path: Path
) -> None:
    folder, store = LocalStore(tmp_path / "folder"), LocalStore(tmp_path)
    for path, data in HOSTILE.items():
        place = tmp_path / "folder" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    write_folder(store, "all.zip", folder, folder_members(folder))
    (tmp_path / "out").mkdir()
    words = [store.uri("all.zip") if word == "ARCHIVE" else word for word in extract]
    done = subprocess.run(
        [program(name, package=package), *words],
        cwd=tmp_path / "out",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    out = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert out == HOSTILE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip", "folder", "out"]


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a/../../b", "back\\slash", "new\nline", "bell\x07"])
def test_names_that_lead_out_or_cannot_be_seen_are_refused_before_anything_is_written(path: str) -> None:
    with pytest.raises(UnsafeNameError):
        safe_key(path)


def test_an_archive_straight_into_a_real_inveniordm_is_the_one_that_was_planned(
    tmp_path: Path, invenio: RunningRepository
) -> None:
    with running_world(tmp_path, invenio) as world:
        recid = Recid(str(zlib.crc32(str(tmp_path).encode())))
        files = {f"{number:03}.dat": bytes([number % 256]) * 5_000 for number in range(120)}
        world.source.put(recid, files=files)
        policy = ArchivePolicy(copy_in_store=False, deflate=(".dat",))
        outcome = world.run(recid, archive=policy)["published_record"]
        assert outcome.status == "done", outcome.problem
        repository = world.context.adapters.repository
        record = repository.read_published(str(outcome.facts["record_id"]))
        assert record is not None
        with repository.download(record, f"opendata-{recid}.zip") as chunks:
            content = b"".join(chunks)
        assert list(world.context.adapters.store.list("archives")) == []
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == files
        assert {outcome.status for outcome in world.run(recid, archive=policy).values()} == {"unchanged"}
