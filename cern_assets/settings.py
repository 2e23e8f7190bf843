"""The one settings object, and the only reader of the environment.

Every field is an environment variable `CERN_ASSETS_<FIELD>` (or a line of a file `.env` in the working directory);
`.env.example` lists them all. A variable that is empty counts as unset. Without any, everything lives in
`.cern-assets/` below the working directory.
"""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cern_assets.errors import ConfigurationError

GIB = 1024**3
_PREFIX = "CERN_ASSETS_"


def _stripped(secret: SecretStr) -> SecretStr:
    return SecretStr(secret.get_secret_value().strip())


class Settings(BaseSettings):
    """What can be configured. Sizes are bytes, times seconds."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Path(".cern-assets")
    """Folder for all that is not on the store: telemetry, Dagster's instance, the embedded repository."""

    store_url: str = ""
    """Where documents and bytes are kept: a folder or `root://host[:port]//path`. Default: `<home>/store`."""

    opendata_api_url: str = "https://opendata.cern.ch"
    """The CERN Open Data portal."""

    opendata_files_url: str = "https://opendata.cern.ch"
    """What stands in for `root://eospublic.cern.ch/` in file URIs: `https://...`, `root://host[:port]/` or a folder."""

    opendata_requests_per_minute: Annotated[int, Field(ge=0)] = 60
    """Politeness towards the portal's API; 0 for no limit (a portal of one's own)."""

    repository_url: str = "http://127.0.0.1:5000"
    """The InvenioRDM-compatible repository to publish into."""

    repository_token: Annotated[SecretStr, AfterValidator(_stripped)] = SecretStr("")
    """A depositor's access token of that repository; blanks and the newline that ends a file of secrets are cut off."""

    max_files: Annotated[int, Field(ge=1)] = 100
    """Files that the repository takes in a record (InvenioRDM's default); more go into one ZIP."""

    max_file_bytes: Annotated[int, Field(ge=1)] = 10 * GIB
    """Bytes that the repository takes in a file."""

    max_record_bytes: Annotated[int, Field(ge=1)] = 10 * GIB
    """Bytes that the repository takes in a record."""

    batch_size: Annotated[int, Field(ge=1)] = 500
    """Recids in one Dagster run of a backfill."""

    workers: Annotated[int, Field(ge=1, le=256)] = 8
    """Recids handled at the same time in one run."""

    attempts: Annotated[int, Field(ge=1)] = 4
    """How often a call is tried that failed in a way that may pass."""

    dagster_home_given: Annotated[Path | None, Field(validation_alias="DAGSTER_HOME")] = None
    """Folder of the Dagster instance (the variable is Dagster's own, without our prefix)."""

    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How long a silent peer is waited for (not a limit on a whole transfer)."""

    @property
    def resolved_store_url(self) -> str:
        """`store_url`, or its default below `home`."""
        return self.store_url or str(self.home.resolve() / "store")

    @property
    def telemetry_dir(self) -> Path:
        """Folder of the event spool."""
        return self.home.resolve() / "telemetry"

    @property
    def dagster_home(self) -> Path:
        """Folder of the Dagster instance: `DAGSTER_HOME`, or a folder below `home`."""
        return (self.dagster_home_given or self.home / "dagster").resolve()

    @property
    def repository_dir(self) -> Path:
        """Folder of the embedded repository."""
        return self.home.resolve() / "repository"

    def environment(self) -> dict[str, str]:
        """The environment of this process with these settings in it, for a child process; it holds the token."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "dagster_home_given"}
        ours = {f"{_PREFIX}{name.upper()}": _as_text(value) for name, value in fields.items()}
        return {**os.environ, **ours, "DAGSTER_HOME": str(self.dagster_home)}


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; `overrides` win.

    Raises:
        ConfigurationError: a value is not of its kind; the message names the variable.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        first = error.errors()[0]
        name = _PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(
            f"The setting {name} is not usable: {first['msg']}.",
            field=name,
            value=str(first.get("input"))[:80],
            remedy="Correct it in the environment or in .env (see .env.example).",
        ) from error


def _as_text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
