"""The two servers by themselves: the first line says where they are, and SIGTERM or Ctrl-C ends them in order."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from cern_assets_tests.services.command_line import END_SECONDS, Answer, started
from cern_assets_tests.services.needs import free_port


def _first_line(lines: IO[str] | None) -> str:
    assert lines is not None
    return lines.readline()


def _said(lines: IO[str] | None) -> Any:
    return json.loads(_first_line(lines))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_sample_portal_answers_until_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    with started("serve", "portal", "--json", "--port", "0", folder=tmp_path) as process:
        said = _said(process.stdout)
        assert set(said) == {"url"}
        record = httpx.get(f"{said['url']}/api/records/900001").json()
        assert record["metadata"]["recid"] == "900001"
        process.send_signal(number)
        assert process.wait(END_SECONDS) == 0
        assert process.communicate() == ("", "")


def test_a_folder_of_records_is_served_instead(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "records").mkdir(parents=True)
    (data / "files" / "eos" / "opendata").mkdir(parents=True)
    uri = "root://eospublic.cern.ch//eos/opendata/a.txt"
    record = {"recid": "7", "title": "One file", "files": [{"uri": uri, "size": 4, "checksum": "adler32:03d80184"}]}
    (data / "records" / "7.json").write_text(json.dumps(record))
    (data / "files" / "eos" / "opendata" / "a.txt").write_text("some")
    with started("serve", "portal", "--json", "--port", "0", "--data", "data", folder=tmp_path) as process:
        url = _said(process.stdout)["url"]
        assert httpx.get(f"{url}/api/records/7").json()["metadata"]["title"] == "One file"
        assert httpx.get(f"{url}/eos/opendata/a.txt").text == "some"
        assert httpx.get(f"{url}/api/records/900001").status_code == 404


def test_the_embedded_repository_keeps_its_drafts_from_one_run_to_the_next(tmp_path: Path) -> None:
    drafts = "/api/user/records"
    for expected in (0, 1):
        with started("serve", "repository", "--json", "--port", "0", folder=tmp_path) as process:
            said = _said(process.stdout)
            assert set(said) == {"url", "token"}
            depositor = {"Authorization": f"Bearer {said['token']}"}
            found = httpx.get(f"{said['url']}{drafts}", headers=depositor).json()["hits"]["total"]
            assert found == expected
            assert httpx.get(f"{said['url']}{drafts}").status_code in (401, 403)
            body = {"metadata": {"title": "A draft"}, "files": {"enabled": False}}
            httpx.post(f"{said['url']}/api/records", json=body, headers=depositor).raise_for_status()
            process.send_signal(signal.SIGTERM)
            assert process.wait(END_SECONDS) == 0


def test_the_repository_takes_the_token_of_the_settings(tmp_path: Path) -> None:
    arguments = ("serve", "repository", "--json", "--port", "0")
    with started(*arguments, folder=tmp_path, CERN_ASSETS_REPOSITORY_TOKEN="my-own") as process:
        said = _said(process.stdout)
        assert said["token"] is None
        depositor = {"Authorization": "Bearer my-own"}
        assert httpx.get(f"{said['url']}/api/user/records", headers=depositor).status_code == 200


def test_a_repository_without_a_token_makes_one_that_only_its_owner_can_read(tmp_path: Path) -> None:
    arguments = ("serve", "repository", "--json", "--port", "0")
    tokens = []
    for home in ("one", "other", "one"):
        with started(*arguments, folder=tmp_path, CERN_ASSETS_HOME=home) as process:
            tokens.append(_said(process.stdout)["token"])
    assert tokens[0] == tokens[2] != tokens[1]
    assert len(tokens[0]) > 32
    for path in (tmp_path / "one" / "repository", *(tmp_path / "one" / "repository").glob("*")):
        private = path if path.is_dir() else path.parent
        assert private.stat().st_mode & 0o077 == 0
    database = tmp_path / "one" / "repository" / "repository.sqlite"
    assert database.stat().st_mode & 0o077 == 0


def test_people_get_lines_to_copy_into_their_settings(tmp_path: Path) -> None:
    port = free_port()
    with started("serve", "portal", "--port", str(port), folder=tmp_path) as process:
        line = _first_line(process.stdout)
        assert line == f"CERN_ASSETS_OPENDATA_API_URL=http://127.0.0.1:{port}\n"
        assert process.stdout is not None
        assert process.stdout.readline() == f"CERN_ASSETS_OPENDATA_FILES_URL=http://127.0.0.1:{port}\n"


def test_a_taken_port_is_told(run: Callable[..., Answer], sample_portal_url: str) -> None:
    port = sample_portal_url.rsplit(":", 1)[1]
    answer = run("serve", "portal", "--port", port)
    assert answer.code == 2
    assert f"Port {port} of 127.0.0.1 cannot be used" in answer.err
    assert "choose another port" in answer.err


def test_a_folder_without_records_is_told(run: Callable[..., Answer], tmp_path: Path) -> None:
    answer = run("serve", "portal", "--port", "0", "--data", str(tmp_path))
    assert answer.code == 2
    assert "There are no records in this folder" in answer.err


def test_a_port_that_cannot_be_one_is_refused(run: Callable[..., Answer]) -> None:
    assert run("serve", "portal", "--port", "70000").code == 2
