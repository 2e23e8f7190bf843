"""Guards that an address is shown without its secrets, and that none can be configured with one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.addresses import complaint, shown
from cern_assets.errors import ConfigurationError, SourceUnavailableError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pass@host/a", "https://(removed)@host/a"),
        ("https://user:p@ss@host/a", "https://(removed)@host/a"),
        ("root://somebody@host:1094//eos/a?authz=x&cks.type=md5", "root://(removed)@host:1094//eos/a?authz=(removed)&cks.type=md5"),
        ("https://host/f?X-Amz-Signature=abc&X-Amz-Date=1", "https://host/f?X-Amz-Signature=(removed)&X-Amz-Date=(removed)"),
        ("https://host/f?secret", "https://host/f?(removed)"),
        ("https://host/f#access_token=abc", "https://host/f#access_token=(removed)"),
        ("https://host/api/records?q=a:b&size=10&page=2", "https://host/api/records?q=a:b&size=10&page=2"),
        ("one (https://u:p@a/x?t=1), two https://b/?q=1&amp;t=2.", "one (https://(removed)@a/x?t=(removed)), two https://b/?q=1&amp;t=(removed)."),
        ("https://host/@name/x", "https://host/@name/x"),
        ("no address: a=b, somebody@example.org, C:/x?y", "no address: a=b, somebody@example.org, C:/x?y"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_who_logs_in_and_what_is_not_known_to_be_harmless(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown(expected) == expected, "once is enough, and twice is no harm"


SECRET = st.text("abcXYZ0189-._~%+", min_size=8)


@given(SECRET, SECRET, SECRET)
def test_no_secret_of_an_address_is_shown(login: str, value: str, fragment: str) -> None:
    marked = [f"S1{login}", f"S2{value}", f"S3{fragment}"]
    text = shown(f"before https://u:{marked[0]}@host/p?x={marked[1]}&q=1#{marked[2]} after")
    assert not any(secret in text for secret in ("S1", "S2", "S3"))
    assert text.startswith("before https://(removed)@host/p?x=(removed)")
    assert text.endswith(" after")


def test_an_error_says_no_secret_of_an_address_in_any_part() -> None:
    address = "https://u:secret@host/p?authz=secret"
    error = SourceUnavailableError(f"{address} fails.", uri=address, value=address)
    assert "secret" not in f"{error} {error!r} {error.message} {error.uri} {error.value} {error.args}"


@pytest.mark.parametrize(
    "address",
    [
        "https://user:pass@host",
        "https://user@host",
        "https://user:pa/ss@host",
        "root://user:pass@host//eos",
        "https://host/?authz=x",
        "root://host//eos?authz=x",
        "https://host/#x",
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_repeated(address: str) -> None:
    said = complaint(address)
    assert said
    assert "host" not in said


@pytest.mark.parametrize(
    "address", ["", "/a/folder?", "file:///a/b", "https://host/a@b", "root://host:1094//eos", "root://user@host//eos"]
)
def test_other_addresses_are_none_of_its_business(address: str) -> None:
    assert complaint(address) == ""


def test_an_error_without_an_address_is_as_it_was() -> None:
    error = ConfigurationError("What is it?", field="x", value="a=b")
    assert (error.message, error.value, error.uri) == ("What is it?", "a=b", None)
