"""What the runbooks say of restores: each part lost, or taken from an older copy, and the next run sets it right."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenacity import retry, retry_if_result, stop_after_delay

from cern_assets.settings import load_settings
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.command_line import Answer, published_recids
from cern_assets_tests.services.needs import free_port

type Run = Callable[..., Answer]
type Serve = Callable[[], AbstractContextManager[str]]

RECIDS = ("900001", "900003", "900004", "900009")
TOKEN = "a-steward"


@pytest.fixture
def serve(home: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """The embedded repository of a folder, always at the same address: a copy of it can be put in its place."""
    port = free_port()
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", TOKEN)
    return lambda: serve_in_thread(build_embedded(home / "restored", token=TOKEN), port=port)


def _published() -> list[str]:
    return published_recids(load_settings().repository_url)


def _urls(answer: Answer) -> dict[str, str]:
    return {row["recid"]: row["url"] for row in answer.json["recids"]}


def _files(url: str) -> list[dict[str, Any]]:
    found = httpx.get(url.replace("/records/", "/api/records/")).json()["files"].get("entries", {})
    return [{name: entry[name] for name in ("key", "size", "checksum")} for _, entry in sorted(found.items())]


def test_a_store_that_is_lost_is_filled_again_and_nothing_is_published_twice(run: Run, home: Path) -> None:
    first = run("ingest", "--json", *RECIDS)
    files = {recid: _files(url) for recid, url in _urls(first).items()}
    assert first.code == 0
    assert any(files.values())
    shutil.rmtree(home / "store")
    again = run("ingest", "--json", *RECIDS)
    assert again.code == 0
    assert _urls(again) == _urls(first)
    assert _published() == list(RECIDS)
    assert {recid: _files(url) for recid, url in _urls(again).items()} == files
    assert run("ledger", "--check").code == 0


def test_a_journal_that_is_lost_knows_its_recids_again_and_no_run_is_said_to_have_published_them(
    run: Run, home: Path
) -> None:
    run("ingest", *RECIDS)
    shutil.rmtree(home / "store" / "journal")
    assert run("ledger", "--check").code == 1
    again = run("ingest", "--json", *RECIDS)
    assert run("ledger", "--check").code == 0
    (run_id,) = again.json["runs"]
    assert "knows of nothing that the run" in run("undo", run_id).err
    assert run("ingest", *RECIDS).code == 0
    notes = [path for path in (home / "store" / "journal").rglob("*.json") if "record found" in path.read_text()]
    assert len(notes) == len(RECIDS), "it is noted once"


def test_a_store_from_an_older_copy_knows_again_what_was_published_since(run: Run, home: Path) -> None:
    run("ingest", *RECIDS[:2])
    shutil.copytree(home / "store", home / "copy")
    since = run("ingest", "--json", *RECIDS)
    shutil.rmtree(home / "store")
    (home / "copy").rename(home / "store")
    again = run("ingest", "--json", *RECIDS)
    assert (again.code, _urls(again)) == (0, _urls(since))
    assert _published() == list(RECIDS)


def test_a_repository_from_an_older_copy_gets_what_it_lacks(run: Run, home: Path, serve: Serve) -> None:
    with serve():
        kept = _urls(run("ingest", "--json", *RECIDS[:2]))
    shutil.copytree(home / "restored", home / "copy")
    with serve():
        run("ingest", *RECIDS)
        assert _published() == list(RECIDS)
    shutil.rmtree(home / "restored")
    (home / "copy").rename(home / "restored")
    with serve():
        assert _published() == list(RECIDS[:2])
        again = run("ingest", "--json", *RECIDS)
        assert again.code == 0
        assert _published() == list(RECIDS)
        assert {recid: _urls(again)[recid] for recid in kept} == kept
        assert run("ledger", "--check").code == 0


def test_telemetry_that_is_lost_is_told_and_made_again_by_the_next_run(run: Run, home: Path) -> None:
    run("ingest", *RECIDS)
    shutil.rmtree(load_settings().telemetry_dir)
    lost = run("ledger", "--check")
    assert lost.code == 1
    assert all(recid in lost.out for recid in RECIDS)

    def differences_after_a_run() -> object:
        run("ingest", *RECIDS)
        return run("ledger", "--check", "--json").json["differences"]

    # A writer that goes on, as this process's, notices within a second that its file is gone.
    assert retry(retry=retry_if_result(bool), stop=stop_after_delay(60))(differences_after_a_run)() == []
    told = run("ledger", "--check", "--json")
    assert told.states == dict.fromkeys(RECIDS, "published")
    assert told.code == 1, "this process went on, and what it had told before is missing by its numbers"
    known = run("ledger", "--known-loss", "the folder was deleted", "--by", "Iva")
    assert known.code == 0
    assert "are lost: the folder was deleted (Iva, 20" in known.out
    assert run("ledger", "--check").code == 0
    assert _published() == list(RECIDS)


def test_an_instance_of_dagster_that_is_lost_is_made_anew_by_the_same_command(run: Run, home: Path) -> None:
    first = run("ingest", "--json", *RECIDS)
    shutil.rmtree(load_settings().dagster_home)
    again = run("ingest", "--json", *RECIDS)
    assert (again.code, _urls(again)) == (0, _urls(first))
    assert run("ledger", "--check").code == 0
    assert _published() == list(RECIDS)
