"""The setting of log-ins to XRootD: which server it means, and that it never repeats what may be a secret."""

from pathlib import Path

import pytest

from cern_assets.errors import ConfigurationError
from cern_assets.storage.xrootd_logins import XRootDLogins


def test_logins_belong_to_host_and_port() -> None:
    logins = XRootDLogins.parse("X", "Eos.example.org=krb5, [::1]:2094=ztn")
    assert logins.addressed("root://eos.example.org//a?oss.asize=1") == (
        "root://eos.example.org//a?oss.asize=1&xrd.wantprot=krb5"
    )
    assert logins.protocol("roots://me@eos.example.org:1094//a") == "krb5"
    assert logins.protocol("root://[::1]:2094/") == "ztn"


@pytest.mark.parametrize(
    "other", ["root://eos.example.org:1095/", "root://eos.example.org.evil/", "root://evil/@eos.example.org/"]
)
def test_an_address_that_only_looks_like_a_named_server_gets_no_credentials(other: str) -> None:
    logins = XRootDLogins.parse("X", "eos.example.org=krb5")
    assert logins.protocol(other) is None
    assert logins.addressed(other) == other


@pytest.mark.parametrize(
    "text", ["eos.example.org", "eos.example.org=password", "eos=sss:S3CRET", "a=ztn:S3CRET", "a=sss,a=krb5"]
)
def test_what_is_no_log_in_is_refused_by_the_name_of_the_setting_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        XRootDLogins.parse("CERN_ASSETS_XROOTD_LOGINS", text)
    assert "CERN_ASSETS_XROOTD_LOGINS" in str(raised.value)
    assert "S3CRET" not in str(raised.value)
    assert "password" not in str(raised.value)


def test_two_files_for_a_protocol_are_refused_as_a_process_has_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).touch()
    with pytest.raises(ConfigurationError, match="two files are given for sss"):
        XRootDLogins.parse("X", f"h1=sss:{tmp_path / 'a'},h2=sss:{tmp_path / 'b'}")
    assert XRootDLogins.parse("X", f"h1=sss:{tmp_path / 'a'},h2=sss:{tmp_path / 'a'}").files
