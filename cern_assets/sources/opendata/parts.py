"""All that the rest of the package is given of CERN Open Data."""

from typing import Annotated

from pydantic import Field

from cern_assets.audit.rules import Rulebook
from cern_assets.ports import RecordSource
from cern_assets.sources.opendata.config import SITE_URL
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.sources.opendata.profiles import CROSSWALKS
from cern_assets.sources.opendata.recids import parse_recid
from cern_assets.sources.parts import Patience, SourceParts, SourceSettings


class OpenDataSettings(SourceSettings):
    """Where the portal is, and how fast it may be asked."""

    api_url: Annotated[str, Field(description="The CERN Open Data portal.")] = SITE_URL
    files_url: Annotated[
        str,
        Field(
            description=(
                "What stands in for root://eospublic.cern.ch/ in the records' file URIs: https://host, "
                "root://host[:port]/ or a folder. Straight from EOS: root://eospublic.cern.ch/"
            )
        ),
    ] = SITE_URL
    requests_per_minute: Annotated[
        int, Field(ge=0, description="Politeness towards the portal's API; 0 for no limit (a portal of your own).")
    ] = 60


def _client(settings: OpenDataSettings, patience: Patience) -> RecordSource:
    from cern_assets.sources.opendata.client import OpenDataSource

    return OpenDataSource(
        settings.api_url,
        requests_per_minute=settings.requests_per_minute,
        attempts=patience.attempts,
        timeout_seconds=patience.timeout_seconds,
        pace=patience.pace,
        redirect_hosts=settings.redirect_host_names,
        wait=patience.wait,
    )


def _rulebook() -> Rulebook:
    from cern_assets.sources.opendata.audit import BOOK

    return BOOK


PARTS = SourceParts(
    settings=OpenDataSettings,
    client=_client,
    files_url=lambda settings: settings.files_url,
    crosswalks=CROSSWALKS,
    parse=parse_record,
    parse_recid=parse_recid,
    rulebook=_rulebook,
)
