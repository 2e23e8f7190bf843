"""A secret of its own in every place where one can be given; then everything runs, and all that is left is searched."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cern_assets.addresses import REMOVED
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.command_line import END_SECONDS, Answer, finished, started
from cern_assets_tests.services.deposits import given_deposit

type Run = Callable[..., Answer]

SIGNATURE = "planted-signature-of-a-redirect"
TOKEN = "planted-token-of-the-repository"
OTHER_TOKEN = "planted-token-of-a-target"
PLANTED = (SIGNATURE, TOKEN, OTHER_TOKEN)

SECRET = "planted-where-it-does-not-belong"
LOGIN, QUERY = f"https://somebody:{SECRET}@127.0.0.1:9", f"https://127.0.0.1:9/?authz={SECRET}"
ROOT_LOGIN, ROOT_QUERY = f"root://somebody:{SECRET}@127.0.0.1:9//eos", f"root://127.0.0.1:9//eos?authz={SECRET}"
MISPLACED = [
    *(("CERN_ASSETS_STORE_URL", address) for address in (LOGIN, QUERY, ROOT_LOGIN, ROOT_QUERY)),
    *(("CERN_ASSETS_OPENDATA_FILES_URL", address) for address in (LOGIN, QUERY, ROOT_LOGIN, ROOT_QUERY)),
    *(("CERN_ASSETS_OPENDATA_API_URL", address) for address in (LOGIN, QUERY)),
    *(("CERN_ASSETS_REPOSITORY_URL", address) for address in (LOGIN, QUERY)),
    *(("CERN_ASSETS_TARGET_SANDBOX_URL", address) for address in (LOGIN, QUERY)),
]


def _found(folder: Path, *secrets: str) -> list[str]:
    """Files below a folder that hold one of the secrets, in their content or in their name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    sought = [secret.encode() for secret in secrets]
    return [str(path) for path in files if any(each in path.read_bytes() + bytes(path) for each in sought)]


def _told(said: Iterable[str], *secrets: str) -> list[str]:
    """Outputs with a secret in them; a table may have broken it into lines."""
    return [text for text in said if any(secret in re.sub(r"[^\w-]", "", text) for secret in secrets)]


@pytest.fixture
def redirecting(sample_portal_url: str) -> Iterator[str]:
    """A portal that sends every reader on to signed addresses of another host; one record's files lead nowhere."""

    async def send_on(request: Request) -> Response:
        lost = "/lost" if "opera" in request.url.path else ""
        query = f"{request.url.query}&" if request.url.query else ""
        return RedirectResponse(f"{sample_portal_url}{lost}{request.url.path}?{query}X-Amz-Signature={SIGNATURE}")

    with serve_in_thread(Starlette(routes=[Route("/{path:path}", send_on, methods=["GET", "HEAD"])])) as url:
        yield url


@pytest.fixture
def echoing() -> Iterator[str]:
    """A repository that repeats the credentials it is given, in all that it says."""
    statuses = count()

    async def echo(request: Request) -> Response:
        said = {"message": f"no: {request.headers.get('authorization')}", "errors": [{"field": "x", "messages": ["y"]}]}
        return Response(json.dumps(said), status_code=(401, 403, 400, 500)[next(statuses) % 4])

    methods = ["GET", "POST", "PUT", "DELETE"]
    with serve_in_thread(Starlette(routes=[Route("/{path:path}", echo, methods=methods)])) as url:
        yield url


@pytest.fixture
def planted(home: Path, redirecting: str, sample_portal_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a secret in each place that is there for one, and behind signed addresses."""
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", redirecting)
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_FILES_URL", redirecting)
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_REDIRECT_HOSTS", httpx.URL(sample_portal_url).netloc.decode())
    monkeypatch.setenv("CERN_ASSETS_ATTEMPTS", "1")
    return home


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("CERN_ASSETS_")}


def _deposit(folder: Path) -> tuple[str, str]:
    deposit, files = given_deposit(folder / "given.json"), folder / "given"
    files.mkdir()
    (files / "a.txt").write_bytes(b"some")
    return str(deposit), str(files)


def _said_by_serving(folder: Path, variables: Mapping[str, str]) -> str:
    with started("serve", "repository", "--port", "0", folder=folder, **variables) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=END_SECONDS)
    assert "CERN_ASSETS_REPOSITORY_URL=http" in first
    return first + out + err


def _everything(home: Path, run: Run) -> list[str]:
    """What all commands say of a home, one after another."""
    deposit, files = _deposit(home)
    ingested = finished("ingest", "--json", "900001", "900006", folder=home, **_variables())
    run_ids = ingested.json.get("runs") or ["none"]
    answers = [
        ingested,
        run("doctor"),
        run("ledger"),
        run("ledger", "--json"),
        run("publish", deposit, "--files", files),
        run("publish", deposit, "--files", files, "--json"),
        run("undo", run_ids[0], "--json"),
        run("undo", run_ids[0], "--yes"),
        run("transform", str(home / "given.json"), "--json"),
        run("leftovers"),
        run("archive", "plan", files),
    ]
    return [answer.out + answer.err for answer in answers]


def test_no_secret_is_in_any_output_or_file(planted: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    token = os.environ["CERN_ASSETS_REPOSITORY_TOKEN"]
    monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_URL", os.environ["CERN_ASSETS_REPOSITORY_URL"])
    monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_TOKEN", OTHER_TOKEN)
    said = _everything(planted, run)
    assert '"published": 1, ' in said[0]
    assert not _told(said, token, *PLANTED)
    assert _found(planted, token, *PLANTED) == []
    assert _found(planted, f"X-Amz-Signature={REMOVED}"), "the signed addresses were come by"


def test_a_repository_that_repeats_the_token_brings_it_into_no_output_or_file(
    planted: Path, run: Run, echoing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", echoing)
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", TOKEN)
    said = _everything(planted, run)
    assert REMOVED in said[0]
    assert not _told(said, *PLANTED)
    assert _found(planted, *PLANTED) == []


def test_the_embedded_repository_does_not_tell_the_token_of_the_settings(home: Path) -> None:
    elsewhere = {"CERN_ASSETS_HOME": str(home / "another"), "CERN_ASSETS_REPOSITORY_TOKEN": TOKEN}
    assert TOKEN not in _said_by_serving(home, elsewhere)
    assert _found(home / "another", TOKEN) == []


@pytest.mark.parametrize(("name", "address"), MISPLACED)
def test_a_secret_in_an_address_is_refused_by_name_and_not_repeated(
    name: str, address: str, home: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "collections"
    folder.mkdir()
    target = "  target: sandbox\n" if "SANDBOX" in name else ""
    (folder / "opendata.yaml").write_text(
        f"type: cern_assets.RecordCollection\nattributes:\n  source: opendata\n{target}"
    )
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(folder))
    monkeypatch.setenv(name, address)
    for command in (("doctor",), ("doctor", "--json"), ("ingest", "900003"), ("undo", "none")):
        answer = run(*command)
        assert answer.code == 2
        assert f"The setting {name} is not usable" in answer.err
        assert SECRET not in answer.out + answer.err
    assert _found(home, SECRET) == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("address", [LOGIN, QUERY])
def test_a_secret_in_an_address_on_the_command_line_is_refused_and_not_repeated(
    address: str, run: Run, tmp_path: Path
) -> None:
    deposit, _ = _deposit(tmp_path)
    for command in (("publish", deposit, "--repository", address), ("archive", "verify", f"{address}/a.zip")):
        answer = run(*command)
        assert answer.code == 2
        assert SECRET not in answer.out + answer.err


def test_dagster_does_not_repeat_a_setting_that_it_cannot_load(home: Path) -> None:
    variables = {**os.environ, "CERN_ASSETS_REPOSITORY_URL": LOGIN}
    loading = [sys.executable, "-c", "import cern_assets.definitions"]
    done = subprocess.run(loading, cwd=home, env=variables, capture_output=True, text=True, check=False)
    assert "CERN_ASSETS_REPOSITORY_URL is not usable" in done.stderr
    assert SECRET not in done.stdout + done.stderr
