"""Guards where redirects of XRootD servers lead, and what goes along; the client and its servers are played."""

from types import SimpleNamespace
from typing import Any

import pytest

from cern_assets.errors import StorageUnavailableError
from cern_assets.storage.xrootd_logins import XRootDLogins
from cern_assets.storage.xrootd_redirects import XRootDFiles, led_to, opened

NAMED = XRootDLogins((("front.example.org:1094", "krb5"), ("third.example.org:1094", "krb5")))
OPEN = SimpleNamespace(ok=True, code=0, message="[SUCCESS] ")


def _redirect(url: str) -> SimpleNamespace:
    return SimpleNamespace(ok=False, code=401, message=f"[ERROR] Unhandled redirect: {url}\n")


class _Client:
    """XRootD's client before servers that redirect, by host; it notes each address that it is given."""

    def __init__(self, redirects: dict[str, str], *, data_server: str = "") -> None:
        self.redirects = redirects
        self.data_server = data_server
        self.asked: list[str] = []
        self.closed = 0

    def File(self) -> "_Asked":  # noqa: N802  the client's name
        return _Asked(self)

    def FileSystem(self, url: str) -> "_Asked":  # noqa: N802  the client's name
        return _Asked(self, url)

    def answer(self, url: str) -> SimpleNamespace:
        self.asked.append(url)
        host = url.split("/")[2]
        return _redirect(self.redirects[host]) if host in self.redirects else OPEN


class _Asked:
    def __init__(self, client: _Client, url: str = "") -> None:
        self.client = client
        self.url = url
        self.properties: dict[str, str] = {}

    def set_property(self, name: str, value: str) -> None:
        self.properties[name] = value

    def get_property(self, name: str) -> str:
        assert name == "DataServer"
        return self.client.data_server

    def open(self, url: str, *_: Any, **__: Any) -> tuple[Any, None]:
        return self.client.answer(url), None

    def stat(self, path: str, *, timeout: int) -> tuple[Any, str]:
        assert timeout
        return self.client.answer(self.url), path

    def close(self, *, timeout: int) -> None:
        assert timeout
        self.client.closed += 1


def test_a_redirect_gets_the_servers_own_parameters_and_no_log_in_but_its_own() -> None:
    led = "root://data.example.org:1095/?cap.sym=abc==&cap.msg=x&xrd.wantprot=krb5&xrdcl.requuid=1&"
    client = _Client(
        {"front.example.org": led, "data.example.org:1095": "root://third.example.org/?n=2&xrd.wantprot=sss"}
    )
    _, status = opened(client, NAMED, "root://front.example.org//eos/file?oss.asize=5", timeout=1)
    assert status.ok
    assert client.asked == [
        "root://front.example.org//eos/file?oss.asize=5&xrd.wantprot=krb5",
        "root://data.example.org:1095//eos/file?oss.asize=5&cap.sym=abc==&cap.msg=x",
        "root://third.example.org//eos/file?oss.asize=5&cap.sym=abc==&cap.msg=x&n=2&xrd.wantprot=krb5",
    ]


def test_only_a_server_that_is_named_is_kept_from_following_by_itself() -> None:
    client = _Client({})
    for url, properties in (
        ("root://front.example.org//file", {"FollowRedirects": "false"}),
        ("root://open.example.org//file", {}),
    ):
        file, _ = opened(client, NAMED, url, timeout=1)
        assert file.properties == properties


def test_servers_that_send_us_in_a_circle_are_left() -> None:
    client = _Client(
        {"front.example.org": "root://third.example.org/", "third.example.org": "root://front.example.org/"}
    )
    _, status = opened(client, NAMED, "root://front.example.org//file", timeout=1)
    assert not status.ok
    assert len(client.asked) == 16
    assert not XRootDFiles(client, NAMED, "root://front.example.org").stat("/file", timeout=1)[0].ok
    assert len(client.asked) == 32


@pytest.mark.parametrize("url", ["http://data.example.org/", "file:///etc/passwd", "", "root://"])
def test_a_redirect_to_what_is_no_xrootd_server_is_not_followed(url: str) -> None:
    assert led_to(_redirect(url)) is None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:1094", "localhost", "[::1]:1094", "169.254.169.254", "[::ffff:127.0.0.1]:1", "0.0.0.0", "a.localhost."],
)
def test_a_server_elsewhere_leads_nobody_to_this_machine_or_its_link(host: str) -> None:
    answered = _Client({"front.example.org": f"root://{host}/"})
    with pytest.raises(StorageUnavailableError, match="which is not followed"):
        opened(answered, NAMED, "root://front.example.org//file", timeout=1)
    with pytest.raises(StorageUnavailableError, match="which is not followed"):
        XRootDFiles(answered, NAMED, "root://front.example.org").stat("/file", timeout=1)
    assert len(answered.asked) == 2
    followed = _Client({}, data_server=host)
    with pytest.raises(StorageUnavailableError, match="which is not followed"):
        opened(followed, NAMED, "root://open.example.org//file", timeout=1)
    assert followed.closed == 1


def test_a_server_of_this_machine_may_lead_to_another_one_of_it() -> None:
    assert opened(_Client({}, data_server="127.0.0.1:1095"), NAMED, "root://localhost//file", timeout=1)[1].ok
