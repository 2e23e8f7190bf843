"""All that the rest of the package is given of legacy Zenodo."""

from typing import Annotated

from pydantic import Field

from cern_assets.audit.rules import Rulebook
from cern_assets.ports import RecordSource
from cern_assets.sources.dumps.form import DumpForm
from cern_assets.sources.parts import Patience, SourceParts, SourceSettings
from cern_assets.sources.zenodo.config import NAME, SITE_URL
from cern_assets.sources.zenodo.converters import record_url
from cern_assets.sources.zenodo.crosswalk import CROSSWALKS
from cern_assets.sources.zenodo.parse import parse_record, parse_summary, read_answer, reading_rules, tombstone
from cern_assets.sources.zenodo.recids import parse_recid


class ZenodoSettings(SourceSettings):
    """Where records and files of legacy Zenodo are read."""

    dump_url: Annotated[
        str,
        Field(
            description=(
                "Exported records: a folder or root:// URL with .json, .jsonl or .jsonl.gz below it, or the address of "
                "one such file. Without it, the API is asked."
            )
        ),
    ] = ""
    api_url: Annotated[str, Field(description="A Zenodo that answers the legacy REST API.")] = SITE_URL
    files_url: Annotated[
        str,
        Field(
            description=(
                "What stands in for https://zenodo.org/ in the addresses of files (api/files/<bucket>/<key>): "
                "https://host, root://host[:port]/ or a folder."
            )
        ),
    ] = SITE_URL
    requests_per_minute: Annotated[
        int, Field(ge=0, description="Politeness towards Zenodo's API; 0 for no limit (a Zenodo of your own).")
    ] = 60


FORM = DumpForm(
    name=NAME,
    title="Zenodo",
    setting="CERN_ASSETS_ZENODO_DUMP_URL",
    suffixes=(".json", ".jsonl", ".jsonl.gz"),
    parse_recid=parse_recid,
    summary=parse_summary,
    gone=tombstone,
    read=read_answer,
    rules=reading_rules,
    page=record_url,
)


def _client(settings: ZenodoSettings, patience: Patience) -> RecordSource:
    from cern_assets.sources.dumps.opening import opened_dump
    from cern_assets.sources.zenodo.client import ZenodoSource

    if settings.dump_url:
        return opened_dump(FORM, settings.dump_url, patience)
    return ZenodoSource(
        settings.api_url,
        requests_per_minute=settings.requests_per_minute,
        attempts=patience.attempts,
        timeout_seconds=patience.timeout_seconds,
        pace=patience.pace,
        redirect_hosts=settings.redirect_host_names,
        wait=patience.wait,
    )


def _rulebook() -> Rulebook:
    from cern_assets.sources.zenodo.audit import BOOK

    return BOOK


PARTS = SourceParts(
    settings=ZenodoSettings,
    client=_client,
    files_url=lambda settings: settings.files_url,
    crosswalks=CROSSWALKS,
    parse=parse_record,
    parse_recid=parse_recid,
    rulebook=_rulebook,
)
