"""`cern-assets transform`: the crosswalk alone, for files of records."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import click

from cern_assets.cli import show
from cern_assets.cli.collecting import collected_seldom
from cern_assets.cli.transformed import Coverage, Summary, Transformed, Wishes, transformed, unread
from cern_assets.model.collections import Profile
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.sources.parts import SourceParts
from cern_assets.sources.record_files import each_record
from cern_assets.wiring import source_parts


@click.command("transform")
@click.option("--source", default="opendata", show_default=True, help="The source system the records come from.")
@click.option("--json", "json_", is_flag=True, help="One JSON object a line: recid, deposit, findings.")
@click.option("--strict", is_flag=True, help="A leaf that no row of the crosswalk reads is an error.")
@click.option(
    "--profile",
    type=click.Choice(get_args(Profile)),
    default="plain",
    show_default=True,
    help="Custom fields that the target keeps: none; journal, imprint, meeting and thesis; or these and `cern:*`.",
)
@click.option(
    "--lineage", "lineage_", is_flag=True, help="With --json: which leaves came to which field, by which rule."
)
@click.option("--summary", is_flag=True, help="Counts of records, fates of leaves and findings, and nothing else.")
@click.option("--coverage", is_flag=True, help="Records with each field, what became of its leaves, and nothing else.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a page of it, and nothing else.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
def command(  # noqa: PLR0917  options
    source: str,
    json_: bool,
    strict: bool,
    profile: Profile,
    lineage_: bool,
    summary: bool,
    coverage: bool,
    report: Path | None,
    files: tuple[Path, ...],
) -> None:
    """Make deposits of records in FILES, without Dagster, network or repository.

    FILES are .json, .jsonl or .jsonl.gz, with records in any form of the source, and what else it has (CDS: .xml,
    MARCXML; .marc, text MARC); `-` is standard input, compressed or not. What cannot be read is a line of output with
    its `error`, and the rest goes on.

    A `--report` is the page of `cern-assets report`, of conversion alone: what is rejected, which fields are lost.

    Exit code 1 if a record cannot be read or deposited (its findings of severity `error` say why), 3 if the output
    cannot be written.
    """
    wishes = Wishes(profile=profile, strict=strict, lineage=lineage_)
    made = _made(source_parts(source), files, wishes)
    with show.written(), collected_seldom():
        if report:
            refused = _report(source, made, report)
        elif summary:
            refused = _summarise(made, json_=json_)
        elif coverage:
            refused = _cover(made, json_=json_)
        elif json_:
            refused = _write_lines(made, with_lineage=lineage_)
        else:
            rows = [(each.row, each.refused) for each in made]
            show.table(["recid", "title", "resource type", "findings", "errors"], [row for row, _ in rows])
            refused = sum(each for _, each in rows)
    sys.exit(1 if refused else 0)


def _made(parts: SourceParts[Any], files: tuple[Path, ...], wishes: Wishes) -> Iterator[Transformed]:
    seen: set[Recid | str] = set()
    for path in files:
        for record in each_record(path, parts.texts):
            if record.error is not None or record.body is None:
                yield unread(record.error, record.place)
                continue
            answer = transformed(parts, record, wishes)
            if answer.recid and answer.recid in seen:
                answer = replace(answer, findings=(*answer.findings, _twice(answer.recid, record.place)))
            seen.add(answer.recid)
            yield answer


def _twice(recid: str, place: str) -> Finding:
    message = f"A record of this recid stands in the input before {place}."
    return Finding(code="recid-twice", severity="warning", field="recid", value=recid, message=message)


def _write_lines(answers: Iterable[Transformed], *, with_lineage: bool) -> int:
    refused = 0
    for answer in answers:
        line: dict[str, object] = {
            "recid": answer.recid,
            "deposit": answer.deposit,
            "findings": [finding.model_dump() for finding in answer.findings],
            "checked_with": answer.checked_with,
        }
        if answer.error:
            line["error"] = answer.error
        if with_lineage:
            line["lineage"] = [asdict(origin) for origin in answer.lineage]
        show.as_json(line)
        refused += answer.refused
    return refused


def _summarise(answers: Iterable[Transformed], *, json_: bool) -> int:
    summary = Summary()
    for answer in answers:
        summary.add(answer)
    if json_:
        show.as_json(summary.as_json())
        return summary.refused
    click.echo(f"{summary.records} records, {summary.refused} with errors")
    click.echo(f"leaves: {', '.join(f'{count:,} {fate}' for fate, count in summary.leaves.items())}")
    if summary.reasons:
        show.table(["dropped", "why"], [[f"{count:,}", why] for why, count in summary.reasons.most_common()])
    if summary.findings:
        show.table(["severity", "finding", "records", "places", "for example"], summary.rows())
    return summary.refused


def _report(source: str, answers: Iterable[Transformed], out: Path) -> int:
    from cern_assets.report.conversions import Conversion, opened
    from cern_assets.report.page import page_of, write_page

    refused, began = 0, time.monotonic()
    with opened(source) as conversions:
        for each in answers:
            why = next((finding for finding in each.findings if finding.severity == "error"), None)
            conversions.add(
                Conversion(
                    recid=each.recid,
                    elapsed_seconds=time.monotonic() - began,
                    size_bytes=each.size_bytes,
                    files=each.files,
                    fates=each.fates,
                    code=why.code if why else "",
                    message=why.message if why else "",
                    read=not each.error,
                )
            )
            refused += each.refused
            began = time.monotonic()
        page = conversions.gathered()
    write_page(out, page_of([page], {}))
    click.echo(f"{out}: {page.recids} recids, {refused} with errors, {out.stat().st_size:,} bytes")
    return refused


def _cover(answers: Iterable[Transformed], *, json_: bool) -> int:
    coverage, refused = Coverage(), 0
    for answer in answers:
        coverage.add(answer)
        refused += answer.refused
    if json_:
        show.as_json(coverage.as_json())
    else:
        show.table(["field", "records", "carried", "derived", "dropped", "unmapped"], coverage.rows())
    return refused
