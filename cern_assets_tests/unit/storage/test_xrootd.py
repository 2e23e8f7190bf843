"""Guards how addresses and names are written for XRootD."""

import pytest

from cern_assets.addresses import shown
from cern_assets.errors import ConfigurationError
from cern_assets.storage.xrootd import XRootDStore


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("root://host/", "root://host//a"),
        ("root://host:1094//", "root://host:1094//a"),
        ("root://host:1094//eos/folder", "root://host:1094//eos/folder/a"),
        ("roots://user@host//eos/folder/", "roots://user@host//eos/folder/a"),
        ("root://[::1]:1094//eos", "root://[::1]:1094//eos/a"),
    ],
)
def test_an_address_is_a_server_and_a_folder(url: str, uri: str) -> None:
    assert XRootDStore(url, timeout_seconds=1).uri("a") == uri


@pytest.mark.parametrize(
    "url", ["", "host", "root://host", "root:///eos", "root://host/eos", "https://host//eos", "root://host//eos?a=b"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="root://host:1094//eos/folder") as caught:
        XRootDStore(url, timeout_seconds=1)
    assert caught.value.value == shown(url)


def test_a_question_mark_does_not_begin_parameters() -> None:
    store = XRootDStore("root://host//eos", timeout_seconds=1)
    assert store.uri("a?b") == "root://host//eos/a%3Fb"
    assert store.uri("a%3Fb") == "root://host//eos/a%253Fb"
    assert store.uri("a%20b#c d") == "root://host//eos/a%20b#c d"
