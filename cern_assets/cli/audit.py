"""`cern-assets audit`: rules over source records, with patches for their curators."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from cern_assets.audit.corpus import opened_corpus
from cern_assets.audit.rules import Rulebook
from cern_assets.audit.running import Results, audit
from cern_assets.cli import show
from cern_assets.errors import CernAssetsError, StorageFullError, StorageUnavailableError
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject
from cern_assets.sources.parts import SourceParts
from cern_assets.wiring import source_parts

type _Records = Iterator[tuple[JsonObject, SourceRecord]]


@click.command("audit")
@click.option("--source", default="opendata", show_default=True, help="The source system that FILES come from.")
@click.option("--collection", help="Audit the raw records of a collection, instead of FILES.")
@click.option("--whole", is_flag=True, help="These are all records of the source: a relation to another is dangling.")
@click.option("--json", "json_", is_flag=True, help="One JSON object a line: rule, recid, field, message, patch.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a page for curators: .html or .md."
)
@click.option("--rules", "rules_", is_flag=True, help="List the rules of the source, and audit nothing.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
def command(  # noqa: PLR0917  options
    source: str,
    collection: str | None,
    whole: bool,
    json_: bool,
    report: Path | None,
    rules_: bool,
    files: tuple[Path, ...],
) -> None:
    """Look for irregularities in source records: checksums, totals, identifiers, relations, titles, HTML, licences ...

    FILES are those of `transform`; `--collection` reads the raw records that were brought in. Without options, a table
    counts what each rule finds. Each case has its place, the reason, and a JSON Patch for the source where the right
    value follows from the record; docs/reference/audit-rules.md has the rules.

    Exit code 1 if a record cannot be read, or breaks a rule of severity `error`; 3 if the output cannot be written.
    """
    if rules_:
        _list(_parts(source, collection).rulebook(), json_=json_)
        return
    if bool(files) == bool(collection):
        raise click.UsageError("Give FILES or --collection.")
    write = _writer(report) if report else None
    parts = _parts(source, collection)
    book = parts.rulebook()
    from cern_assets.report.audit_page import SHOWN

    results = Results(book, shown=SHOWN)
    records = _brought_in(collection) if collection else _of_files(parts, files, results)
    with show.written():
        with opened_corpus() as corpus:
            for case in audit(results.counted(records), book, corpus, whole=whole):
                results.add(case)
                if json_:
                    show.as_json(case.as_json())
        if json_:
            for message in results.unread:
                show.as_json({"error": message})
        if write and report:
            _write(report, write(results, f"collection {collection}" if collection else _named(files)))
        if write and not json_:
            click.echo(f"{report}: {results.records:,} records, {sum(t.cases for t in results.tallies):,} cases")
        elif not json_:
            _table(results)
    sys.exit(1 if results.unread_count or any(tally.rule.severity == "error" for tally in results.tallies) else 0)


def _parts(source: str, collection: str | None) -> SourceParts[Any]:
    if collection is None:
        return source_parts(source)
    from cern_assets.settings import load_settings
    from cern_assets.wiring import collection_named

    return source_parts(collection_named(load_settings(), collection).source)


def _of_files(parts: SourceParts[Any], files: tuple[Path, ...], results: Results) -> _Records:
    from cern_assets.sources.record_files import each_record

    for path in files:
        for given in each_record(path, parts.texts):
            if given.body is None:
                results.add_unread(str(given.error or f"{given.place}: no record"))
                continue
            try:
                record = parts.parse(given.body)
            except CernAssetsError as error:
                error.uri = error.uri or given.place
                results.add_unread(str(error))
                continue
            yield given.body, record


def _brought_in(collection: str) -> _Records:
    from contextlib import closing

    from cern_assets.documents.raw_records import raw_records
    from cern_assets.documents.store import DocumentStore
    from cern_assets.places import build_store
    from cern_assets.settings import load_settings

    with closing(build_store(load_settings())) as store:
        yield from raw_records(DocumentStore(store), collection)


def _writer(report: Path) -> Callable[[Results, str], str]:
    from cern_assets.report.audit_page import WRITERS

    if report.suffix not in WRITERS:
        raise click.UsageError(f"A report's name ends with {' or '.join(WRITERS)}.")
    return WRITERS[report.suffix]


def _write(report: Path, text: str) -> None:
    from cern_assets.report.page import write_page

    try:
        write_page(report, text)
    except (StorageFullError, StorageUnavailableError) as error:
        click.echo(str(error), err=True)
        sys.exit(show.OUTPUT_FAILED)


def _named(files: tuple[Path, ...]) -> str:
    return files[0].name if len(files) == 1 else f"{len(files)} files"


def _table(results: Results) -> None:
    click.echo(f"{results.records:,} records of {results.book.title}, {results.unread_count:,} not read")
    for message in results.unread:
        click.echo(message, err=True)
    rows = []
    for tally in results.tallies:
        worst = tally.worst[0]
        example = f"{worst.recid} {worst.field}: {worst.message}"
        counts = [f"{number:,}" for number in (tally.cases, tally.places, tally.patches)]
        rows.append([tally.rule.group, tally.rule.severity, tally.rule.id, *counts, example])
    if rows:
        show.table(["group", "severity", "rule", "records", "places", "patches", "worst"], rows)


def _list(book: Rulebook, *, json_: bool) -> None:
    names = ("group", "severity", "id", "title", "reason", "example", "mends")
    rows = [[str(getattr(rule, name)) for name in names] for rule in book.all]
    if json_:
        for row in rows:
            show.as_json(dict(zip(names, row, strict=True)))
    else:
        show.table(names, rows)
