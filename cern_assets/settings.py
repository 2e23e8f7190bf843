"""The one settings object, and the only reader of the environment.

Every field is an environment variable `CERN_ASSETS_<FIELD>` (or a line of a file `.env` in the working directory);
`.env.example` lists them all. A variable that is empty counts as unset. Without any, everything lives in
`.cern-assets/` below the working directory. Sources and targets have variables of their own, with their name after the
prefix: see `Settings.section`.
"""

import os
from pathlib import Path
from typing import Annotated, Self, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cern_assets.addresses import plain
from cern_assets.collections.spec import DEFAULT_TARGET
from cern_assets.errors import ConfigurationError
from cern_assets.model.collections import Profile

GIB = 1024**3
_PREFIX = "CERN_ASSETS_"


def _stripped(secret: SecretStr) -> SecretStr:
    return SecretStr(secret.get_secret_value().strip())


type Secret = Annotated[SecretStr, AfterValidator(_stripped)]
type Address = Annotated[str, AfterValidator(plain)]
type Count = Annotated[int, Field(ge=1)]


class TargetSettings(BaseModel):
    """A repository to publish into, and what it takes; InvenioRDM's defaults. Sizes are bytes."""

    model_config = ConfigDict(frozen=True)

    url: Annotated[Address, Field(min_length=1)]
    token: Secret = SecretStr("")
    max_files: Count = 100
    max_file_bytes: Count = 10 * GIB
    max_record_bytes: Count = 10 * GIB
    profile: Profile = "plain"


class Settings(BaseSettings):
    """What can be configured. Sizes are bytes, times seconds."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Path(".cern-assets")
    """Folder for all that is not on the store: telemetry, Dagster's instance, the embedded repository."""

    store_url: Address = ""
    """Where documents and bytes are kept: a folder or `root://host[:port]//path`. Default: `<home>/store`."""

    collections: Path | None = None
    """Folder of collections, a YAML file each. Without it, every source that is set up has one of its name."""

    repository_url: Address = "http://127.0.0.1:5000"
    """The InvenioRDM-compatible repository to publish into."""

    repository_token: Secret = SecretStr("")
    """A depositor's access token of that repository; blanks and the newline that ends a file of secrets are cut off."""

    max_files: Annotated[int, Field(ge=1)] = 100
    """Files that the repository takes in a record (InvenioRDM's default); more go into one ZIP."""

    max_file_bytes: Annotated[int, Field(ge=1)] = 10 * GIB
    """Bytes that the repository takes in a file."""

    max_record_bytes: Annotated[int, Field(ge=1)] = 10 * GIB
    """Bytes that the repository takes in a record."""

    repository_profile: Profile = "plain"
    """Which fields the repository keeps: `plain`, those of every InvenioRDM; `bibliographic`, also its custom fields
    for journals, imprints, meetings and theses; `cern`, also the custom fields `cern:*`."""

    batch_size: Annotated[int, Field(ge=1)] = 500
    """Recids in one Dagster run of a backfill."""

    workers: Annotated[int, Field(ge=1, le=256)] = 8
    """Recids handled at the same time in one run."""

    slots: Annotated[int, Field(ge=1, le=1024)] = 8
    """Slots for large files that all processes of the machine share; a file takes one for each `slot_bytes` it has."""

    slot_bytes: Annotated[int, Field(ge=1)] = GIB
    """Bytes of a slot. A file below a tenth of it moves without."""

    third_party_copy: bool = False
    """Let an XRootD store copy files from an XRootD source by itself, for collections that do not say whether."""

    xrootd_logins: Secret = SecretStr("")
    """How to log in to XRootD servers: `HOST[:PORT]=PROTOCOL[:FILE]`, with commas between; to others nothing is shown.
    A secret, as somebody may write the key itself for the file."""

    leftovers_seconds: Annotated[float, Field(ge=0)] = 86_400.0
    """Age at which files that a dead writer left in the store are deleted."""

    lease_seconds: Annotated[float, Field(ge=1)] = 60.0
    """How long a process that publishes a recid holds it without renewing that; it renews it four times as often."""

    clock_skew_seconds: Annotated[float, Field(ge=0)] = 30.0
    """How far the clocks of two machines that share a store may differ: a lease is taken over so much later."""

    search_lag_seconds: Annotated[float, Field(ge=0)] = 10.0
    """How long the repository's search may not show what was just created."""

    attempts: Annotated[int, Field(ge=1)] = 4
    """How often a call is tried that failed in a way that may pass."""

    recid_attempts: Annotated[int, Field(ge=1)] = 2
    """How often a recid is tried in a run that fails by something around it that may pass."""

    recid_pause_seconds: Annotated[float, Field(ge=0)] = 20.0
    """How long it waits for its second attempt, without holding a worker; each further one takes twice as long."""

    withdraw_after_seconds: Annotated[float, Field(ge=0)] = 86_400.0
    """How long the source has to go on not knowing a record that it showed before, until it counts as withdrawn."""

    withdraw_at_most: Annotated[int, Field(ge=0)] = 20
    """Records that may count as withdrawn in one run; more look like a fault of the source, and wait."""

    keep_runs_days: Annotated[int, Field(ge=0)] = 90
    """How long Dagster remembers runs that nothing counts by any more; 0: for ever."""

    alert_webhook: Secret = SecretStr("")
    """Where the sensor `alerts` posts what is wrong, as Mattermost and Slack take it; the address is a secret."""

    broker_url: Secret = SecretStr("")
    """Redis, as `redis://HOST:6379/0`, where runs wait for Celery's workers (`deploy/celery`); else unused."""

    dagster_home_given: Annotated[Path | None, Field(validation_alias="DAGSTER_HOME")] = None
    """Folder of the Dagster instance (the variable is Dagster's own, without our prefix)."""

    otel_endpoint: Annotated[Address, Field(validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")] = ""
    """Where spans and metrics are sent over HTTP; "" sends none. As the next two, a variable of OpenTelemetry's own."""

    otel_headers: Annotated[Secret, Field(validation_alias="OTEL_EXPORTER_OTLP_HEADERS")] = SecretStr("")
    """Headers for it, `name=value,name=value`."""

    otel_service: Annotated[str, Field(validation_alias="OTEL_SERVICE_NAME")] = "cern-assets"
    """The name under which they come."""

    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How long a silent peer is waited for (not a limit on a whole transfer)."""

    least_bytes_per_second: Annotated[float, Field(ge=0)] = 1024.0
    """What a source must give on average over `timeout_seconds`; a slower one counts as broken off. 0 for no limit."""

    _given: dict[str, str] = PrivateAttr(default_factory=dict)

    def given(self, **variables: object) -> Self:
        """These settings with variables of sections that win over the environment, e.g. `target_sandbox_url="..."`."""
        changed = self.model_copy()
        changed._given = {  # noqa: SLF001  a copy of its own kind
            **self._given,
            **{name: _as_text(value) for name, value in variables.items()},
        }
        return changed

    def section[Model: BaseModel](self, model: type[Model], name: str) -> Model:
        """The settings of a source or target: field `x` of section `opendata` is `CERN_ASSETS_OPENDATA_X`.

        Raises:
            ConfigurationError: a value is missing or not of its kind; the message names the variable.
        """
        prefix = f"{_PREFIX}{name.upper()}_"
        config = SettingsConfigDict(
            env_prefix=prefix, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
        )
        reader = type(model.__name__, (model, BaseSettings), {"model_config": config, "__module__": __name__})
        given = {
            field: self._given[f"{name}_{field}"] for field in model.model_fields if f"{name}_{field}" in self._given
        }
        try:
            return cast(Model, reader(**given))
        except ValidationError as error:
            raise _refusal(error, prefix) from None  # pydantic repeats the value, whatever is in it

    def target(self, name: str) -> TargetSettings:
        """A repository by name: `default` is that of `CERN_ASSETS_REPOSITORY_URL`, `x` has `CERN_ASSETS_TARGET_X_URL`.

        Each has a token of its own, which goes to its own address only.

        Raises:
            ConfigurationError: the settings do not say where it is.
        """
        if name != DEFAULT_TARGET:
            return self.section(TargetSettings, f"target_{name}")
        return TargetSettings(
            url=self.repository_url,
            token=self.repository_token,
            max_files=self.max_files,
            max_file_bytes=self.max_file_bytes,
            max_record_bytes=self.max_record_bytes,
            profile=self.repository_profile,
        )

    @property
    def resolved_store_url(self) -> str:
        """`store_url`, or its default below `home`."""
        return self.store_url or str(self.home.resolve() / "store")

    @property
    def decisions_folder(self) -> Path:
        """Folder beside which stewards' decisions are kept."""
        return self.collections or self.home.resolve()

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
        fields = {name: field for name, field in type(self).model_fields.items() if name != "dagster_home_given"}
        ours = {
            str(field.validation_alias or f"{_PREFIX}{name.upper()}"): _as_text(getattr(self, name))
            for name, field in fields.items()
        }
        given = {f"{_PREFIX}{name.upper()}": value for name, value in self._given.items()}
        return {**os.environ, **ours, **given, "DAGSTER_HOME": str(self.dagster_home)}


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; `overrides` win, those of sections too (see `Settings.given`).

    Raises:
        ConfigurationError: a value is not of its kind; the message names the variable.
    """
    own = {name: value for name, value in overrides.items() if name in Settings.model_fields}
    try:
        settings = Settings(**own)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        raise _refusal(error, _PREFIX) from None
    return settings.given(**{name: value for name, value in overrides.items() if name not in own})


def _refusal(error: ValidationError, prefix: str) -> ConfigurationError:
    first = error.errors()[0]
    name = prefix + "_".join(str(part) for part in first["loc"]).upper()
    missing, ours = first["type"] == "missing", first.get("ctx", {}).get("error", "")
    return ConfigurationError(
        f"The setting {name} is not usable: {'it is needed' if missing else ours or first['msg']}.",
        field=name,
        value="" if missing or ours else str(first.get("input"))[:80],
        remedy="Correct it in the environment or in .env (see .env.example).",
    )


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
