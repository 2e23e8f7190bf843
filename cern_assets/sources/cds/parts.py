"""All that the rest of the package is given of the CERN Document Server."""

from typing import Annotated

from pydantic import Field

from cern_assets.audit.rules import Rulebook
from cern_assets.errors import ConfigurationError
from cern_assets.ports import RecordSource
from cern_assets.sources.cds.config import NAME, SITE_URL
from cern_assets.sources.cds.converters import record_url
from cern_assets.sources.cds.crosswalk import CROSSWALKS
from cern_assets.sources.cds.parse import (
    marcxml_bodies,
    parse_record,
    parse_summary,
    read_answer,
    reading_rules,
    text_marc_bodies,
    tombstone,
)
from cern_assets.sources.cds.recids import parse_recid
from cern_assets.sources.dumps.form import DumpForm
from cern_assets.sources.parts import Patience, SourceParts, SourceSettings


class CdsSettings(SourceSettings):
    """Where records and files of CDS are read."""

    dump_url: Annotated[
        str,
        Field(
            description=(
                "Exported records: a folder or root:// URL with .json, .jsonl or .jsonl.gz (legacy dumps), .xml "
                "(MARCXML) or .marc (text MARC) below it, or the address of one such file."
            )
        ),
    ] = ""
    files_url: Annotated[
        str,
        Field(
            description=(
                "What stands in for CDS's folder of files (g<n>/<id>/content.pdf;1): root://host[:port]/ or a folder; "
                "for records without a list of files, what stands in for https://cds.cern.ch/."
            )
        ),
    ] = SITE_URL


FORM = DumpForm(
    name=NAME,
    title="CDS",
    setting="CERN_ASSETS_CDS_DUMP_URL",
    suffixes=(".json", ".jsonl", ".jsonl.gz", ".xml", ".marc"),
    parse_recid=parse_recid,
    summary=parse_summary,
    gone=tombstone,
    read=read_answer,
    rules=reading_rules,
    page=record_url,
    texts={".xml": marcxml_bodies, ".marc": text_marc_bodies},
)


def _client(settings: CdsSettings, patience: Patience) -> RecordSource:
    from cern_assets.sources.dumps.opening import opened_dump

    if not settings.dump_url:
        raise ConfigurationError(
            "There is nothing to read records of CDS from.",
            field=FORM.setting,
            remedy="Name the folder of a dump, or one file of records.",
        )
    return opened_dump(FORM, settings.dump_url, patience)


def _rulebook() -> Rulebook:
    from cern_assets.sources.cds.audit import BOOK

    return BOOK


PARTS = SourceParts(
    settings=CdsSettings,
    client=_client,
    files_url=lambda settings: settings.files_url,
    crosswalks=CROSSWALKS,
    parse=parse_record,
    parse_recid=parse_recid,
    rulebook=_rulebook,
    texts=FORM.texts,
)
