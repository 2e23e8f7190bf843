"""What must not go through does not, what is beside it does, and each reason stands in the ledger: by real commands."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.sample.folder import folder_collection
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.command_line import Answer, finished, published_recids
from cern_assets_tests.services.disks import fill, small_disk
from cern_assets_tests.services.embedded import running_embedded

EOS = "root://eospublic.cern.ch//eos/opendata"
CONTENT = b"some"
GOOD_FILE = {"uri": f"{EOS}/a.txt", "size": 4, "checksum": "adler32:045c01b5"}
ORDINARY = {
    "title": "An ordinary record",
    "abstract": {"description": "Nothing is wrong with it."},
    "authors": [{"name": "Doe, Jane"}],
    "type": {"primary": "Dataset", "secondary": ["Derived"]},
    "date_published": "2024",
    "publisher": "CERN Open Data Portal",
    "files": [GOOD_FILE],
}
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "1": ({"files": [{**GOOD_FILE, "size": 5}]}, "SizeMismatch", "has 4 bytes, its record declares 5"),
    "2": ({"files": [{**GOOD_FILE, "checksum": "adler32:00000001"}]}, "ChecksumMismatch", "adler32:045c01b5"),
    "3": ({"files": [{**GOOD_FILE, "uri": f"{EOS}/nowhere.txt"}]}, "FileMissing", "/eos/opendata/nowhere.txt"),
    "4": ({"files": [{**GOOD_FILE, "uri": f"{EOS}/../../../etc/passwd"}]}, "RecordInvalid", "'..' segment"),
    "5": ({"files": [{**GOOD_FILE, "uri": f"{EOS}/txt.\u202eexe"}]}, "RecordInvalid", "invisible character"),
    "6": ({"title": None}, "RecordInvalid", "has no title"),
    "7": (
        {"files": [{**GOOD_FILE, "uri": "https://elsewhere.example.org/a"}]},
        "RecordInvalid",
        "A listed file is not",
    ),
}


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Variables that lead to an empty repository and leave the portal to its own pace."""
    with running_embedded(tmp_path / "repository") as running:
        yield {
            "CERN_ASSETS_REPOSITORY_URL": running.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": running.token,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
        }


@pytest.fixture
def sample(repository: Mapping[str, str], sample_portal_url: str) -> dict[str, str]:
    """The same, with the sample portal."""
    portal = dict.fromkeys(("CERN_ASSETS_OPENDATA_API_URL", "CERN_ASSETS_OPENDATA_FILES_URL"), sample_portal_url)
    return {**repository, **portal}


def _codes(answer: Answer) -> dict[str, str]:
    return {row["recid"]: row["code"] for row in answer.json["recids"]}


def test_each_bad_record_is_rejected_with_its_reason_and_the_good_one_goes_through(
    tmp_path: Path, repository: Mapping[str, str]
) -> None:
    data = tmp_path / "data"
    (data / "records").mkdir(parents=True)
    (data / "files/eos/opendata").mkdir(parents=True)
    (data / "files/eos/opendata/a.txt").write_bytes(CONTENT)
    bodies = {recid: body for recid, (body, _, _) in BAD.items()} | {"8": {}}
    for recid, body in bodies.items():
        record = {**ORDINARY, **body, "recid": recid}
        (data / "records" / f"{recid}.json").write_text(json.dumps(record))
    with serve_in_thread(build_portal(folder_collection(data))) as url:
        portal = {"CERN_ASSETS_OPENDATA_API_URL": url, "CERN_ASSETS_OPENDATA_FILES_URL": url}
        answer = finished("ingest", "--json", *bodies, folder=tmp_path, **repository, **portal)
    assert answer.code == 1
    assert answer.states == {**dict.fromkeys(BAD, "rejected"), "8": "published"}
    assert _codes(answer) == {**{recid: code for recid, (_, code, _) in BAD.items()}, "8": ""}
    for recid, (_, _, said) in BAD.items():
        assert f"recid {recid}" in answer.messages[recid]
        assert said in answer.messages[recid]
    assert published_recids(repository["CERN_ASSETS_REPOSITORY_URL"]) == ["8"]


@pytest.mark.service
def test_a_full_disk_holds_all_up_until_there_is_room(tmp_path: Path, sample: Mapping[str, str]) -> None:
    url = sample["CERN_ASSETS_REPOSITORY_URL"]
    with small_disk() as disk:
        store = {"CERN_ASSETS_STORE_URL": str(disk / "store")}
        filler = disk / "filler"
        fill(filler)
        full = finished("ingest", "--json", "900001", "900003", folder=tmp_path, **sample, **store)
        assert full.code == 1
        assert full.states == {"900001": "pending", "900003": "pending"}
        assert set(_codes(full).values()) == {"StorageFull"}
        assert all("Make room or point the store elsewhere" in message for message in full.messages.values())
        assert published_recids(url) == []

        filler.unlink()
        small = finished("ingest", "--json", "900001", "900003", folder=tmp_path, **sample, **store)
        assert small.states == {"900001": "pending", "900003": "published"}, "1.8 MB do not fit, a record alone does"
        assert _codes(small)["900001"] == "StorageFull"

    elsewhere = {"CERN_ASSETS_STORE_URL": str(tmp_path / "elsewhere")}
    large = finished("ingest", "--json", "900001", "900003", folder=tmp_path, **sample, **elsewhere)
    assert large.code == 0
    assert published_recids(url) == ["900001", "900003"], "each once"


@pytest.mark.service
def test_a_store_that_cannot_be_written_fails_at_the_doctor(tmp_path: Path, sample: Mapping[str, str]) -> None:
    with small_disk() as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        store = {"CERN_ASSETS_STORE_URL": str(disk / "store")}
        answer = finished("doctor", "--json", folder=tmp_path, **sample, **store)
        assert answer.code == 1
        failing = {part["part"]: part["message"] for part in answer.json["parts"] if not part["ok"]}
        assert list(failing) == ["store"]
        assert "Check the permissions" in failing["store"]
        held_up = finished("ingest", "--json", "900003", folder=tmp_path, **sample, **store)
        assert held_up.states == {"900003": "pending"}
