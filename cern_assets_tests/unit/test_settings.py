"""Settings: each is a variable that `.env.example` shows, a wrong one is told by its name, the token is never told."""

import re
from collections import ChainMap
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from cern_assets.errors import ConfigurationError
from cern_assets.settings import Settings, TargetSettings, load_settings
from cern_assets.sources.opendata.parts import OpenDataSettings
from cern_assets.wiring import SOURCES

EXAMPLE = Path(__file__).parents[2] / ".env.example"
TOKEN = "the-token-of-a-depositor"


def _variable(field: str) -> str:
    return str(Settings.model_fields[field].validation_alias or f"CERN_ASSETS_{field.upper()}")


def _shown(prefix: str, model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {f"CERN_ASSETS_{prefix}_{name.upper()}": field for name, field in model.model_fields.items()}


def _variables() -> dict[str, FieldInfo]:
    """All that there are: of the machine, of each source, and of a repository that a collection names."""
    sources = [_shown(name.upper(), parts().settings) for name, parts in SOURCES.items()]
    own = {_variable(name): field for name, field in Settings.model_fields.items()}
    return dict(ChainMap(own, _shown("TARGET_SANDBOX", TargetSettings), *sources))


def _example() -> dict[str, str]:
    """Values by variable; the one that is not ours stands in a comment."""
    return dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def test_the_example_shows_every_setting_and_no_other() -> None:
    assert set(_example()) == set(_variables())


def test_the_example_copied_as_it_is_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    copied = load_settings()
    (tmp_path / ".env").unlink()
    assert copied == load_settings()


def test_a_setting_that_the_example_shows_empty_is_empty_by_default() -> None:
    defaults = {name: field.default for name, field in _variables().items()}
    empty = {name for name, value in _example().items() if not value}
    assert {name for name, default in defaults.items() if default in ("", None, SecretStr(""))} == empty


def test_a_line_of_the_file_is_taken_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CERN_ASSETS_WORKERS=3\nCERN_ASSETS_BATCH_SIZE=7\n")
    monkeypatch.setenv("CERN_ASSETS_WORKERS", "5")
    assert (load_settings().workers, load_settings().batch_size) == (5, 7)


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_an_empty_variable_counts_as_unset(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CERN_ASSETS_RECID_ATTEMPTS")  # which all tests have
    default = load_settings()
    monkeypatch.setenv(_variable(field), "")
    assert load_settings() == default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERN_ASSETS_WORKERS", "many"),
        ("CERN_ASSETS_WORKERS", "0"),
        ("CERN_ASSETS_WORKERS", "257"),
        ("CERN_ASSETS_BATCH_SIZE", "-1"),
        ("CERN_ASSETS_ATTEMPTS", "1.5"),
        ("CERN_ASSETS_TIMEOUT_SECONDS", "0"),
        ("CERN_ASSETS_MAX_FILE_BYTES", "10 GB"),
        ("CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE", "-60"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable_and_remedy(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings().section(OpenDataSettings, "opendata")
    assert raised.value.field == name
    assert raised.value.value == value
    assert name in str(raised.value)
    assert ".env.example" in str(raised.value)


def test_everything_lies_below_the_home_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ".cern-assets"
    settings = load_settings()
    assert settings.resolved_store_url == str(home / "store")
    assert (settings.telemetry_dir, settings.repository_dir) == (home / "telemetry", home / "repository")
    assert settings.dagster_home == home / "dagster"
    monkeypatch.setenv("DAGSTER_HOME", "instance")
    assert load_settings().dagster_home == tmp_path / "instance", "Dagster wants it absolute"


def test_the_token_is_in_no_form_in_which_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", TOKEN)
    settings = load_settings()
    assert settings.repository_token.get_secret_value() == TOKEN
    shown = (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json())
    assert not any(TOKEN in text for text in shown)


def test_the_newline_at_the_end_of_a_file_of_secrets_is_no_part_of_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", f" {TOKEN}\n")
    assert load_settings().repository_token.get_secret_value() == TOKEN


def test_a_wrong_setting_beside_the_token_does_not_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", TOKEN)
    monkeypatch.setenv("CERN_ASSETS_WORKERS", "many")
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    assert TOKEN not in f"{raised.value!r} {raised.value} {raised.value.__cause__}"


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().workers = 2  # type: ignore[misc]  # that is the point


def test_a_child_process_gets_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNRELATED", "kept")
    given = load_settings(home=tmp_path / "elsewhere", repository_token=TOKEN, max_files=3, store_url="/data")
    environment = given.environment()
    assert environment["UNRELATED"] == "kept"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    taken = load_settings()
    assert taken.dagster_home == given.dagster_home
    assert taken.model_copy(update={"dagster_home_given": None}) == given


def test_each_target_has_its_own_address_token_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", TOKEN)
    monkeypatch.setenv("CERN_ASSETS_MAX_FILES", "7")
    monkeypatch.setenv("CERN_ASSETS_TARGET_SANDBOX_URL", "https://sandbox.example.org")
    sandbox, default = load_settings().target("sandbox"), load_settings().target("default")
    assert (sandbox.url, sandbox.token.get_secret_value(), sandbox.max_files) == (
        "https://sandbox.example.org", "", 100,
    )  # fmt: skip
    assert (default.token.get_secret_value(), default.max_files) == (TOKEN, 7)


def test_a_target_without_an_address_is_told_by_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="CERN_ASSETS_TARGET_NOWHERE_URL is not usable: it is needed"):
        load_settings().target("nowhere")


def test_a_source_s_variables_come_from_the_environment_the_file_and_what_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "CERN_ASSETS_OPENDATA_API_URL=https://file\nCERN_ASSETS_OPENDATA_FILES_URL=https://f\n"
    )
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_FILES_URL", "https://environment")
    settings = load_settings().given(opendata_requests_per_minute=7)
    own = settings.section(OpenDataSettings, "opendata")
    assert (own.api_url, own.files_url, own.requests_per_minute) == ("https://file", "https://environment", 7)
    assert settings.environment()["CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE"] == "7"
