"""`cern-assets collect`: what nothing needs is listed with size and age, and nothing else is ever removed."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cern_assets.documents.leases import LeaseTerms, leased
from cern_assets.model.identifiers import Recid
from cern_assets_tests.services.command_line import Answer
from cern_assets_tests.services.world import World
from cern_assets_tests.services.xrootd import XRootDDaemon

type Run = Callable[..., Answer]
DAY = 86_400.0


def aged(folder: Path, *, days: float = 2) -> None:
    """Let all files of a folder be so old."""
    then = time.time() - days * DAY
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


@pytest.fixture
def store(world: World, recid: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of a published record, with a leftover, a version that nothing names and a quarantined file."""
    world.source.put(recid, files={f"{number:03}.dat": b"x" for number in range(101)})
    assert world.run(Recid(recid))["published_record"].status == "done"
    folder = world.folder / "store"
    files = next(folder.glob("files/opendata/*/*"))
    for path, content in {
        files / "gone.root": b"older",
        files / ".partial-dead": b"torn",
        folder / "quarantine/opendata/aa/1/wrong.root": b"wrong!",
        folder / "strange": b"nobody's",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setenv("CERN_ASSETS_STORE_URL", str(folder))
    return folder


def names(answer: Answer) -> dict[str, str]:
    return {file["path"].rpartition("/")[2]: file["why"] for file in answer.json["files"]}


ALL = {"gone.root": "unreferenced", ".partial-dead": "leftover", "wrong.root": "quarantined"}


def test_what_nothing_needs_is_listed_and_removed_on_demand_only(
    world: World, recid: str, run: Run, store: Path
) -> None:
    assert run("collect", "--json").json["files"] == [], "all of it is young"
    aged(store)
    listed = run("collect", "--json")
    assert (names(listed), listed.json["size_bytes"], listed.json["removed"]) == (ALL, 15, False)
    assert all(47 < file["age_hours"] < 49 for file in listed.json["files"])
    assert "15 bytes found; --yes removes them." in run("collect").out
    before = sum(path.is_file() for path in store.rglob("*"))
    assert names(run("collect", "--yes", "--json")) == ALL
    assert sum(path.is_file() for path in store.rglob("*")) == before - len(ALL)
    assert run("collect", "--json").json["files"] == []
    assert set(world.statuses(Recid(recid)).values()) == {"unchanged"}


def test_of_a_recid_that_somebody_works_on_no_file_counts_as_unneeded(
    world: World, recid: str, run: Run, store: Path
) -> None:
    aged(store)
    repository = world.context.adapters.repository.url
    with leased(
        world.context.adapters.store,
        source="opendata",
        repository=repository,
        recid=Recid(recid),
        terms=LeaseTerms(),
    ):
        assert "gone.root" not in names(run("collect", "--json"))
    assert "gone.root" in names(run("collect", "--json"))
    (next(store.glob("files/opendata/*/*")) / ".partial-fresh").write_bytes(b"being written")
    assert "gone.root" not in names(run("collect", "--json"))


def test_where_a_manifest_cannot_be_read_nothing_of_its_recid_is_unneeded(run: Run, store: Path) -> None:
    next(store.glob("documents/opendata/raw_files/*/*.json")).write_text("torn", encoding="utf-8")
    aged(store)
    assert names(run("collect", "--json")) == {name: why for name, why in ALL.items() if name != "gone.root"}


@pytest.mark.service
def test_a_store_on_an_xrootd_server_is_looked_through_too(run: Run, xrootd: XRootDDaemon) -> None:
    folder = xrootd.root / "collected"
    place = folder / "files/opendata/aa/1/old.root"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"older")
    for each in (folder, *folder.rglob("*")):
        os.chmod(each, 0o777)  # noqa: PTH101  the server runs as another user
    aged(folder)
    assert names(run("collect", "--store", f"{xrootd.url}/collected", "--yes", "--json")) == {
        "old.root": "unreferenced"
    }
    assert not place.exists()
