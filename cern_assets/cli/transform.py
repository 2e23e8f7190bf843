"""`cern-assets transform`: the crosswalk alone, for files of records."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from cern_assets.cli import show
from cern_assets.errors import CernAssetsError
from cern_assets.metadata.crosswalk import Origin, lineage, transform
from cern_assets.metadata.validation import findings_of
from cern_assets.model.findings import Finding
from cern_assets.model.metadata import LeafFate
from cern_assets.model.values import JsonObject
from cern_assets.sources.parts import SourceParts
from cern_assets.sources.record_files import each_record
from cern_assets.wiring import source_parts

_OUTPUT_FAILED = 3


@click.command("transform")
@click.option("--source", default="opendata", show_default=True, help="The source system the records come from.")
@click.option("--json", "json_", is_flag=True, help="One JSON object a line: recid, deposit, findings.")
@click.option("--strict", is_flag=True, help="A leaf that no row of the crosswalk reads is an error.")
@click.option(
    "--lineage", "lineage_", is_flag=True, help="With --json: which leaves came to which field, by which rule."
)
@click.option("--summary", is_flag=True, help="Counts of records, fates of leaves and findings, and nothing else.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, allow_dash=True))
def command(source: str, json_: bool, strict: bool, lineage_: bool, summary: bool, files: tuple[Path, ...]) -> None:  # noqa: PLR0917  options
    """Make deposits of records in FILES, without Dagster, network or repository.

    FILES are .json, .jsonl or .jsonl.gz, with records in the source's fixture form or as its API answers them; `-` is
    standard input. What cannot be read is a line of output with its `error`, and the rest goes on.

    Exit code 1 if a record cannot be read or deposited (its findings of severity `error` say why), 3 if the output
    cannot be written.
    """
    made = _made(source_parts(source), files, strict=strict, with_lineage=lineage_)
    try:
        if summary:
            refused = _summarise(made, json_=json_)
        elif json_:
            refused = _write_lines(made, with_lineage=lineage_)
        else:
            answers = list(made)
            show.table(["recid", "title", "resource type", "findings", "errors"], [each.row for each in answers])
            refused = sum(each.refused for each in answers)
        sys.stdout.flush()
    except OSError as error:
        click.echo(f"The output cannot be written: {error.strerror}.", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered has nowhere to go
        sys.exit(_OUTPUT_FAILED)
    sys.exit(1 if refused else 0)


@dataclass(frozen=True)
class _Answer:
    """What became of one record, or of what should have been one."""

    recid: str
    deposit: JsonObject | None
    findings: tuple[Finding, ...]
    fates: tuple[LeafFate, ...] = ()
    lineage: tuple[Origin, ...] = ()
    error: str = ""

    @property
    def refused(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def row(self) -> list[str]:
        metadata = self.deposit["metadata"] if self.deposit else {}
        assert isinstance(metadata, dict)
        errors = "; ".join(finding.message for finding in self.findings if finding.severity == "error")
        resource_type = metadata.get("resource_type")
        kind = resource_type.get("id") if isinstance(resource_type, dict) else ""
        return [self.recid, str(metadata.get("title", "")), str(kind), str(len(self.findings)), errors]


def _made(parts: SourceParts[Any], files: tuple[Path, ...], *, strict: bool, with_lineage: bool) -> Iterator[_Answer]:
    seen: set[str] = set()
    for path in files:
        for body in each_record(path):
            answer = (
                _unread(body) if isinstance(body, CernAssetsError) else _transformed(parts, body, strict, with_lineage)
            )
            if answer.recid and answer.recid in seen:
                message = "A record of this recid stands in the input before it."
                twice = Finding(
                    code="recid-twice", severity="warning", field="recid", value=answer.recid, message=message
                )
                answer = _Answer(**{**vars(answer), "findings": (*answer.findings, twice)})
            seen.add(answer.recid)
            yield answer


def _transformed(parts: SourceParts[Any], body: JsonObject, strict: bool, with_lineage: bool) -> _Answer:
    try:
        record = parts.parse(body)
    except CernAssetsError as error:
        return _unread(error)
    deposit = transform(record, parts.crosswalk)
    found = _once(record.findings + deposit.findings + findings_of(deposit.payload))
    if strict:
        found = tuple(
            each.model_copy(update={"severity": "error"}) if each.code == "unmapped" else each for each in found
        )
    origins = lineage(record, parts.crosswalk) if with_lineage else ()
    return _Answer(record.recid, deposit.payload, found, deposit.fates, origins)


def _once(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings without those that say of a field what another has said: parser and crosswalk see one record."""
    return tuple({(each.code, each.field, each.value): each for each in reversed(findings)}.values())[::-1]


def _unread(error: CernAssetsError) -> _Answer:
    finding = Finding(code=error.code, severity="error", field=error.field or "", message=str(error))
    return _Answer(error.recid or "", None, (finding,), error=str(error))


def _write_lines(answers: Iterable[_Answer], *, with_lineage: bool) -> int:
    refused = 0
    for answer in answers:
        line: dict[str, object] = {
            "recid": answer.recid,
            "deposit": answer.deposit,
            "findings": [finding.model_dump() for finding in answer.findings],
        }
        if answer.error:
            line["error"] = answer.error
        if with_lineage:
            line["lineage"] = [asdict(origin) for origin in answer.lineage]
        show.as_json(line)
        refused += answer.refused
    return refused


def _summarise(answers: Iterable[_Answer], *, json_: bool) -> int:
    records = refused = 0
    fates: Counter[str] = Counter()
    findings: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for answer in answers:
        records += 1
        refused += answer.refused
        for fate in answer.fates:
            fates[fate.fate] += fate.leaves
        for finding in answer.findings:
            findings[finding.severity, finding.code] += 1
            examples.setdefault((finding.severity, finding.code), f"{answer.recid} {finding.field}: {finding.message}")
    if json_:
        counted = [
            {"severity": severity, "code": code, "count": count, "example": examples[severity, code]}
            for (severity, code), count in findings.most_common()
        ]
        leaves = {fate: fates[fate] for fate in ("carried", "dropped", "unmapped")}
        show.as_json({"records": records, "refused": refused, "leaves": leaves, "findings": counted})
        return refused
    click.echo(f"{records} records, {refused} with errors")
    click.echo(f"leaves: {', '.join(f'{fates[fate]:,} {fate}' for fate in ('carried', 'dropped', 'unmapped'))}")
    rows = [[*kind, f"{count:,}", examples[kind]] for kind, count in findings.most_common()]
    if rows:
        show.table(["severity", "finding", "how often", "for example"], rows)
    return refused
