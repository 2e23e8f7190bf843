"""Guards where the word of a server may send us."""

import pytest

from cern_assets.origins import may_lead_to

PORTAL = "https://opendata.cern.ch/api/records/1"
NAMED = ("cdn.example.org", "other.example:8443")


@pytest.mark.parametrize(
    "target",
    [
        "https://opendata.cern.ch/record/1",
        "https://opendata.cern.ch:443/record/1",
        "https://OPENDATA.cern.ch/",
        "https://cdn.example.org/x",
        "https://other.example:8443/x",
    ],
)
def test_a_server_may_send_us_about_itself_and_to_hosts_that_are_named(target: str) -> None:
    assert may_lead_to(PORTAL, target, NAMED)


@pytest.mark.parametrize(
    "target",
    [
        "http://opendata.cern.ch/record/1",
        "https://opendata.cern.ch:8443/",
        "https://opendata.cern.ch.evil.example/",
        "https://opendata.cern.ch@evil.example/",
        "https://evil.example@opendata.cern.ch/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://other.example/",
        "http://cdn.example.org/x",
        "https://cdn.example.org:9000/x",
        "file:///etc/passwd",
        "root://eospublic.cern.ch//eos",
        "ftp://opendata.cern.ch/",
        "https://opendata.cern.ch:port/",
        "https://[::1/",
        "",
        "/record/1",
    ],
)
def test_nowhere_else_may_a_server_send_us(target: str) -> None:
    assert not may_lead_to(PORTAL, target, NAMED)


def test_a_server_of_ones_own_may_be_on_the_machine_itself() -> None:
    assert may_lead_to("http://127.0.0.1:5000/a", "http://127.0.0.1:5000/b")
    assert not may_lead_to("http://127.0.0.1:5000/a", "http://127.0.0.1:5001/b")
    assert may_lead_to("http://127.0.0.1:5000/a", "https://cdn.example.org/x", NAMED)
