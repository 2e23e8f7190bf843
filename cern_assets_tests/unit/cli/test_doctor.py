"""The doctor: green where all answers, and otherwise a remedy for each part that does not."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cern_assets_tests.services.command_line import Answer
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.needs import free_port

type Run = Callable[..., Answer]

PARTS = ["dagster instance", "source opendata", "files of opendata", "store", "repository", "telemetry"]


def _failing(answer: Answer) -> dict[str, str]:
    assert answer.json["healthy"] == (answer.code == 0)
    return {part["part"]: part["message"] for part in answer.json["parts"] if not part["ok"]}


def test_all_parts_that_answer_are_green(run: Run, home: Path) -> None:
    answer = run("doctor", "--json")
    assert answer.code == 0
    assert _failing(answer) == {}
    assert [part["part"] for part in answer.json["parts"]] == PARTS
    assert all(part["message"] for part in answer.json["parts"])


def test_looking_leaves_nothing_in_the_store(run: Run, home: Path) -> None:
    (home / "store").mkdir()
    assert run("doctor").code == 0
    assert list((home / "store").iterdir()) == []


def test_an_address_with_a_slash_at_its_end_is_the_same_address(
    run: Run, home: Path, sample_portal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", f"{sample_portal_url}/")
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_FILES_URL", f"{sample_portal_url}/")
    assert run("doctor").code == 0


@pytest.mark.parametrize("token", ["somebody-elses-token", "not-ascii-\u00e9\u4e2d", ""])
def test_a_refused_token_fails_with_its_remedy(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", token)
    answer = run("doctor", "--json")
    assert answer.code == 1
    assert list(_failing(answer)) == ["repository"]
    assert "CERN_ASSETS_REPOSITORY_TOKEN" in _failing(answer)["repository"]


def test_a_portal_that_does_not_answer_fails_with_its_address_and_remedy(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", url)
    monkeypatch.setenv("CERN_ASSETS_ATTEMPTS", "1")
    answer = run("doctor")
    assert answer.code == 1
    said = " ".join(answer.out.replace("│", " ").split())
    assert f"[file {url}/" in said, "the place stands in brackets, which no table may take for markup"
    assert "Try again later" in said


def test_each_part_is_asked_even_if_others_fail(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERN_ASSETS_ATTEMPTS", "1")
    (home / "telemetry").touch()
    for name in ("OPENDATA_API_URL", "OPENDATA_FILES_URL", "REPOSITORY_URL"):
        monkeypatch.setenv(f"CERN_ASSETS_{name}", f"http://127.0.0.1:{free_port()}")
    failing = _failing(run("doctor", "--json"))
    assert list(failing) == ["source opendata", "files of opendata", "repository", "telemetry"]


def test_a_store_below_a_file_is_refused_at_once(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("CERN_ASSETS_STORE_URL", str(home / "file" / "store"))
    answer = run("doctor")
    assert answer.code == 2
    assert "to another place" in answer.err


def test_a_spoilt_instance_file_is_told_with_its_remedy(run: Run, home: Path) -> None:
    (home / "dagster" / "dagster.yaml").write_text("no_such_entry: 1\n")
    answer = run("doctor", "--json")
    assert answer.code == 1
    assert list(_failing(answer)) == ["dagster instance"]
    assert "no_such_entry" in _failing(answer)["dagster instance"]
    assert "delete it" in _failing(answer)["dagster instance"]


def test_the_doctor_needs_no_dagster_for_an_instance_with_our_configuration(run: Run, home: Path) -> None:
    assert run("ingest", "--json", "900003").code == 0
    program = """
import sys
from cern_assets.cli.main import main
try:
    main(["doctor"])
finally:
    sys.exit("dagster" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "1 runs recorded" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_an_instance_whose_runs_are_no_database_is_told(run: Run, home: Path) -> None:
    (home / "dagster" / "history" / "runs.db").write_bytes(b"no database" * 100)
    answer = run("doctor", "--json")
    assert "cannot be read" in _failing(answer)["dagster instance"]


@pytest.mark.parametrize("arguments", [(), ("--with-draft",)])
def test_a_repository_that_does_not_keep_the_fields_of_its_profile_fails_with_the_remedy(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_PROFILE", "cern")
    answer = run("doctor", "--json", *arguments)
    assert answer.code == 1
    assert list(_failing(answer)) == ["custom fields of repository"]
    assert "profile: plain" in _failing(answer)["custom fields of repository"]


def test_a_repository_that_keeps_them_is_green_and_only_a_flag_makes_a_draft_which_is_deleted(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_PROFILE", "cern")
    (home / "collections").mkdir()
    text = "type: cern_assets.RecordCollection\nattributes: {source: opendata, target: sandbox}\n"
    (home / "collections" / "one.yaml").write_text(text)
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(home / "collections"))
    with running_embedded(tmp_path / "sandbox", profile="cern") as sandbox:
        monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_URL", sandbox.url)
        monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_TOKEN", sandbox.token)
        asked, tried = run("doctor", "--json"), run("doctor", "--json", "--with-draft")
        said = {part["part"]: part["message"] for part in run("doctor", "--json").json["parts"]}
    assert (asked.code, tried.code) == (0, 0)
    assert "--with-draft" in said["custom fields of repository sandbox"]
    assert "has 0 records and drafts" in said["repository sandbox"]
