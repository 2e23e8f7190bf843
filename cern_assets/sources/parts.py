"""What a source system brings: one value that its folder gives, and that is all the rest of the package knows of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cern_assets.addresses import plain
from cern_assets.audit.rules import Rulebook
from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.model.collections import Profile
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject
from cern_assets.ports import ByteReader, RecordSource
from cern_assets.sources.record_files import JSON_ONLY, Texts


class SourceSettings(BaseModel):
    """Base of a source's own settings: a field `api_url` of the source `x` is the variable `CERN_ASSETS_X_API_URL`.

    Every field has a default, and a description that `.env.example` shows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    redirect_hosts: Annotated[
        str,
        Field(
            description=(
                "Other hosts (host or host:port, with commas between) that the source's servers may redirect to; "
                "elsewhere no redirect is followed."
            )
        ),
    ] = ""

    @field_validator("*")
    @classmethod
    def _plain_addresses(cls, value: object) -> object:
        """No address, of whatever field, is there to carry a secret."""
        return plain(value) if isinstance(value, str) else value

    @property
    def redirect_host_names(self) -> tuple[str, ...]:
        """The hosts, each by itself."""
        return tuple(name.strip() for name in self.redirect_hosts.split(",") if name.strip())


@dataclass(frozen=True)
class Patience:
    """How a machine calls the outside: how often it tries, and how long it waits for a silent peer.

    In the folder `pace`, all processes of the machine note when they asked which host; `wait` sleeps for seconds, and
    ends early with the run. `place` opens an address whose files are to be read, and `notes` is a folder for what a
    source has found out and could find out again.
    """

    attempts: int
    timeout_seconds: float
    pace: Path
    wait: Callable[[float], None]
    place: Callable[[str], ByteReader]
    notes: Path


@dataclass(frozen=True)
class SourceParts[Own: SourceSettings]:
    """The read side of one source system.

    `settings` is the model of its variables, `client` makes the adapter, `files_url` says where its bytes are read;
    `crosswalks` (one for each profile of a target) and `parse` are its pure parts. `parse_recid` reads a recid as a
    person types it and raises `RecordNotFoundError` for what can be none. `rulebook` gives the auditor's rules. `texts`
    are forms of files of records that the source has beside JSON.
    """

    settings: type[Own]
    client: Callable[[Own, Patience], RecordSource]
    files_url: Callable[[Own], str]
    crosswalks: Mapping[Profile, Crosswalk]
    parse: Callable[[JsonObject], SourceRecord]
    parse_recid: Callable[[str], Recid]
    rulebook: Callable[[], Rulebook]
    texts: Texts = JSON_ONLY
