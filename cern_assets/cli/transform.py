"""`cern-assets transform`: the crosswalk alone, for files of records."""

import sys
from pathlib import Path
from typing import Any

import click

from cern_assets.cli import show
from cern_assets.errors import CernAssetsError
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import findings_of
from cern_assets.model.findings import Finding
from cern_assets.model.values import JsonObject
from cern_assets.sources.parts import SourceParts
from cern_assets.sources.record_files import read_records
from cern_assets.wiring import source_parts


@click.command("transform")
@click.option("--source", default="opendata", show_default=True, help="The source system the records come from.")
@click.option("--json", "json_", is_flag=True, help="One JSON object a line: recid, deposit, findings.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def command(source: str, json_: bool, files: tuple[Path, ...]) -> None:
    """Make deposits of records in FILES, without Dagster, network or repository.

    FILES are .json, .jsonl or .jsonl.gz, with records in the source's fixture form or as its API answers them. Exit
    code 1 if a record cannot be deposited: its findings of severity `error` say why.
    """
    parts = source_parts(source)
    refused = 0
    rows = []
    for path in files:
        for body in read_records(path):
            answer = _transformed(parts, body)
            errors = [finding for finding in answer[2] if finding.severity == "error"]
            refused += bool(errors)
            if json_:
                show.as_json(_line(*answer))
            else:
                rows.append(_row(*answer))
    if not json_:
        show.table(["recid", "title", "resource type", "findings", "errors"], rows)
    sys.exit(1 if refused else 0)


type _Answer = tuple[str, JsonObject | None, tuple[Finding, ...]]


def _transformed(parts: SourceParts[Any], body: JsonObject) -> _Answer:
    try:
        record = parts.parse(body)
    except CernAssetsError as error:
        finding = Finding(code=error.code, severity="error", field=error.field or "", message=str(error))
        return error.recid or "", None, (finding,)
    deposit = transform(record, parts.crosswalk)
    findings = record.findings + deposit.findings + findings_of(deposit.payload)
    return record.recid, deposit.payload, findings


def _line(recid: str, deposit: JsonObject | None, findings: tuple[Finding, ...]) -> dict[str, object]:
    return {"recid": recid, "deposit": deposit, "findings": [finding.model_dump() for finding in findings]}


def _row(recid: str, deposit: JsonObject | None, findings: tuple[Finding, ...]) -> list[str]:
    metadata = deposit["metadata"] if deposit else {}
    assert isinstance(metadata, dict)
    errors = "; ".join(finding.message for finding in findings if finding.severity == "error")
    resource_type = metadata.get("resource_type")
    kind = resource_type.get("id") if isinstance(resource_type, dict) else ""
    return [recid, str(metadata.get("title", "")), str(kind), str(len(findings)), errors]
