"""`cern-assets fetch`: files of a record or a recid, verified, with a manifest that says what became of each."""

import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import httpx
import pytest

from cern_assets_tests.services.command_line import Answer
from cern_assets_tests.services.growing import growing_portal
from cern_assets_tests.services.xrootd import XRootDDaemon

type Run = Callable[..., Answer]
FOLDER = "eos/opendata/alice"
FILES = {"0001/AO2D.root": b"first" * 1000, "0002/AO2D.root": b"second"}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of one record, whose files lie in a folder; two of them have one basename."""
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_FILES_URL", str(tmp_path / "source"))
    entries = []
    for name, content in FILES.items():
        place = tmp_path / "source" / FOLDER / name
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
        uri = f"root://eospublic.cern.ch//{FOLDER}/{name}"
        entries.append({"uri": uri, "size": len(content), "checksum": f"alder32:{zlib.adler32(content):x}"})
    path = tmp_path / "record.json"
    body = {"recid": "133", "title": "Two", "type": {"primary": "Dataset"}, "experiment": ["ALICE"], "files": entries}
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def states(answer: Answer) -> dict[str, str]:
    return {file["path"]: file["state"] for file in answer.json["files"]}


def test_a_record_file_is_fetched_and_a_second_time_nothing_moves(run: Run, record: Path, tmp_path: Path) -> None:
    place = tmp_path / "here"
    stranger = place / "133" / "notes.txt"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("mine", encoding="utf-8")
    answer = run("fetch", "--source", "opendata", str(record), "--to", str(place), "--json")
    assert (answer.json["status"], answer.json["problem"], answer.code) == ("done", None, 0)
    assert states(answer) == dict.fromkeys(FILES, "fetched")
    assert {name: (place / "133" / name).read_bytes() for name in FILES} == FILES
    first = answer.json["files"][0]
    assert first["verified_against"] == f"adler32:{zlib.adler32(FILES['0001/AO2D.root']):08x}"
    assert (first["stated_by"], set(first["checksums"])) == ("record", {"adler32", "crc32", "md5"})
    assert answer.json["moved_bytes"] == sum(map(len, FILES.values()))
    assert f"{answer.json['moved_bytes']:,} of {answer.json['size_bytes']:,} bytes" in answer.err
    again = run("fetch", str(record), "--to", str(place), "--json")
    assert (again.code, again.json["moved_bytes"], states(again)) == (0, 0, dict.fromkeys(FILES, "kept"))
    (place / "133" / "0002" / "AO2D.root").unlink()
    third = run("fetch", str(record), "--to", str(place), "--json")
    assert third.json["moved_bytes"] == len(FILES["0002/AO2D.root"])
    assert stranger.read_text(encoding="utf-8") == "mine", "what is not the record's is left alone"


def test_wrong_bytes_are_refused_and_kept_aside_and_the_exit_code_says_so(
    run: Run, record: Path, tmp_path: Path
) -> None:
    (tmp_path / "source" / FOLDER / "0002/AO2D.root").write_bytes(b"secant")
    answer = run("fetch", str(record), "--to", str(tmp_path / "here"), "--json")
    assert (answer.code, answer.json["status"]) == (1, "rejected")
    assert states(answer)["0002/AO2D.root"] == "refused"
    assert "in both of two readings" in answer.json["problem"]["message"]
    assert not (tmp_path / "here/133/0002/AO2D.root").exists()
    (aside,) = (tmp_path / "here/quarantine").rglob("AO2D.root")
    assert aside.read_bytes() == b"secant"


def test_a_record_that_cannot_be_read_is_told_with_its_place_and_the_others_are_fetched(
    run: Run, record: Path, tmp_path: Path
) -> None:
    good = record.read_text(encoding="utf-8")
    several = tmp_path / "several.jsonl"
    several.write_text(f'{{"recid": "1"\n{{"title": "No recid"}}\n{good}\n', encoding="utf-8")
    answer = run("fetch", str(several), "--to", str(tmp_path / "here"), "--json")
    broken, nameless, fetched = (json.loads(line) for line in answer.out.splitlines())
    assert f"{several}:1" in broken["error"]
    assert f"{several}:2" in nameless["error"]
    assert (fetched["recid"], fetched["status"], answer.code) == ("133", "done", 1)
    assert {name: (tmp_path / "here" / "133" / name).read_bytes() for name in FILES} == FILES


def test_a_digest_that_is_asked_for_is_computed_also_of_files_that_are_there(
    run: Run, record: Path, tmp_path: Path
) -> None:
    place = str(tmp_path / "here")
    assert run("fetch", str(record), "--to", place).code == 0
    for _ in range(2):
        answer = run("fetch", str(record), "--to", place, "--digest", "sha256", "--json")
        assert (answer.code, answer.json["moved_bytes"], states(answer)) == (0, 0, dict.fromkeys(FILES, "kept"))
        sums = {file["path"]: file["checksums"]["sha256"] for file in answer.json["files"]}
        assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


@pytest.mark.service
def test_an_xrootd_server_is_fetched_to_and_what_is_there_is_not_read_again(
    run: Run, record: Path, xrootd: XRootDDaemon
) -> None:
    place = f"{xrootd.url}/fetched"
    assert states(run("fetch", str(record), "--to", place, "--json")) == dict.fromkeys(FILES, "fetched")
    assert (xrootd.root / "fetched/133/0001/AO2D.root").read_bytes() == FILES["0001/AO2D.root"]
    assert states(run("fetch", str(record), "--to", place, "--json")) == dict.fromkeys(FILES, "kept")


def test_a_recid_is_asked_of_the_portal(
    run: Run, tmp_path: Path, sample_portal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API", "FILES"):
        monkeypatch.setenv(f"CERN_ASSETS_OPENDATA_{name}_URL", sample_portal_url)
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE", "0")
    answer = run("fetch", "900001", "--to", str(tmp_path / "here"), "--json")
    assert answer.code == 0, answer.err
    assert set(states(answer).values()) == {"fetched"}
    sizes = {file["path"]: file["size_bytes"] for file in answer.json["files"]}
    assert {name: (tmp_path / "here/900001" / name).stat().st_size for name in sizes} == sizes


def test_a_recid_on_tape_is_asked_back_once_and_fetched_when_it_is_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with growing_portal() as (collection, url):
        collection.put("7")
        (file,) = cast("list[dict[str, object]]", collection.records["7"]["files"])
        file["availability"] = "on demand"
        for name in ("API", "FILES"):
            monkeypatch.setenv(f"CERN_ASSETS_OPENDATA_{name}_URL", url)
        monkeypatch.setenv("CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE", "0")
        for _ in range(2):
            waiting = run("fetch", "7", "--to", str(tmp_path / "here"), "--json")
            assert (waiting.json["status"], states(waiting), waiting.code) == ("waiting", {"data.txt": "on tape"}, 1)
            assert waiting.json["problem"]["ticket"] == f"{url}/record/7/stage"
        assert httpx.get(f"{url}/api/records/7").json()["metadata"]["availability"] == "requested"
        file["availability"] = "online"
        there = run("fetch", "7", "--to", str(tmp_path / "here"), "--json")
        assert (there.json["status"], states(there), there.code) == ("done", {"data.txt": "fetched"}, 0)
