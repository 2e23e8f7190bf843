"""Guards the proxy that is to stand before Dagster's UI: nginx, started as its page says, and attacked."""

import ssl
import string
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.needs import free_port, program

pytestmark = pytest.mark.service

DEPLOY = Path(__file__).parents[2] / "deploy" / "proxy"
HOST = "dagster.example.org"
STEWARD = ("steward", "a password of the tests")
MUTATION = {"query": "mutation { terminateRun(runId: 'x') { __typename } }"}


@dataclass(frozen=True)
class Proxy:
    """The proxy's port, a client that trusts its certificate, and what got through to the web server behind it."""

    port: int
    client: httpx.Client
    through: list[tuple[str, str, str]]

    def ask(self, method: str, path: str, *, host: str = HOST, **more: object) -> httpx.Response:
        headers = {"Host": f"{host}:{self.port}", **more.pop("headers", {})}  # type: ignore[dict-item]
        url = f"https://127.0.0.1:{self.port}{path}"
        extensions = {"sni_hostname": HOST}
        return self.client.request(method, url, headers=headers, extensions=extensions, **more)  # type: ignore[arg-type]


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder that nginx's own user can enter, as it does not run as root."""
    with tempfile.TemporaryDirectory(prefix="proxy-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def proxy(state: Path) -> Iterator[Proxy]:
    nginx, openssl = program("nginx", package="nginx"), program("openssl", package="openssl")
    through: list[tuple[str, str, str]] = []

    def answer(request: Request) -> Response:
        through.append((request.method, request.url.path, request.headers.get("authorization", "")))
        return JSONResponse({"host": request.headers["host"]})

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "DELETE"])])
    with serve_in_thread(app) as upstream:
        port = free_port()
        key, certificate, passwords = (state / name for name in ("key.pem", "certificate.pem", "passwords"))
        request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
        names = ["-addext", f"subjectAltName=DNS:{HOST}"]
        subprocess.run(
            [openssl, *request, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True
        )
        hashed = subprocess.run(
            [openssl, "passwd", "-6", STEWARD[1]], check=True, capture_output=True, text=True
        ).stdout.strip()
        passwords.write_text(f"{STEWARD[0]}:{hashed}\n")
        passwords.chmod(0o644)
        configuration = state / "nginx.conf"
        template = string.Template((DEPLOY / "nginx.conf.template").read_text())
        filled = template.safe_substitute(
            HOST=HOST,
            ADDRESS="127.0.0.1",
            PORT=port,
            UPSTREAM=upstream,
            STATE=state,
            CERTIFICATE=certificate,
            CERTIFICATE_KEY=key,
            PASSWORDS=passwords,
        )
        configuration.write_text(filled)
        process = subprocess.Popen([nginx, "-p", state, "-c", configuration, "-g", "daemon off;"])
        try:
            with httpx.Client(verify=ssl.create_default_context(cafile=str(certificate)), trust_env=False) as client:
                made = Proxy(port, client, through)
                _await(made)
                through.clear()
                yield made
        finally:
            process.terminate()
            process.wait(timeout=30)


@retry(retry=retry_if_exception_type(httpx.HTTPError), stop=stop_after_delay(30), wait=wait_fixed(0.1))
def _await(proxy: Proxy) -> None:
    proxy.ask("GET", "/server_info")


def test_nobody_gets_through_without_the_password(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/").status_code == 401
    assert proxy.ask("POST", "/graphql", json=MUTATION).status_code == 401
    assert proxy.ask("GET", "/", auth=("steward", "guessed")).status_code == 401
    assert proxy.through == []


def test_a_steward_uses_the_ui_and_their_password_stays_at_the_proxy(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/assets/opendata", auth=STEWARD).json() == {"host": HOST}
    assert proxy.ask("POST", "/graphql", auth=STEWARD, json=MUTATION).status_code == 200
    own = {"Origin": f"https://{HOST}:{proxy.port}"}
    assert proxy.ask("POST", "/graphql", auth=STEWARD, json=MUTATION, headers=own).status_code == 200
    assert [method for method, _, _ in proxy.through] == ["GET", "POST", "POST"]
    assert {authorization for _, _, authorization in proxy.through} == {""}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "//graphql", "/x/../graphql", "/%67raphql"])
def test_a_mutation_in_an_address_is_refused(proxy: Proxy, method: str, path: str) -> None:
    assert proxy.ask(method, path, params=MUTATION, auth=STEWARD).status_code == 405
    assert proxy.through == []


@pytest.mark.parametrize("origin", ["https://elsewhere.example", f"https://{HOST}.elsewhere.example", "null"])
def test_a_page_of_somebody_else_cannot_act_in_a_stewards_name(proxy: Proxy, origin: str) -> None:
    for headers in ({"Origin": origin}, {"Origin": origin, "Upgrade": "websocket", "Connection": "upgrade"}):
        method = "GET" if "Upgrade" in headers else "POST"
        assert proxy.ask(method, "/graphql", auth=STEWARD, headers=headers).status_code == 403
    assert proxy.through == []


def test_another_host_name_is_refused(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/", host="elsewhere.example", auth=STEWARD).status_code == 421
    assert proxy.through == []


def test_everything_but_graphql_can_only_be_read(proxy: Proxy) -> None:
    assert proxy.ask("DELETE", "/anything", auth=STEWARD).status_code == 403
    assert proxy.ask("POST", "/report_asset_materialization/opendata", auth=STEWARD).status_code == 403
    assert proxy.through == []
