"""`cern-assets report`: one page of where records, bytes and time go."""

import sys
from pathlib import Path

import click

from cern_assets.cli.ledger import ledger_of
from cern_assets.errors import CernAssetsError, StorageFullError, StorageUnavailableError
from cern_assets.settings import load_settings


@click.command("report")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@click.option("--collection", help="One collection instead of all.")
def command(out: Path, collection: str | None) -> None:
    """Write an HTML page of where records, bytes and time go: OUT is one file that needs no network and no JavaScript.

    It shows how records and bytes go through the stages and leave, throughput over time, size against time, what
    stopped and why, which fields of the metadata are lost, and the slowest recids. A page that is there is replaced
    when the new one is whole. Exit code 3 if it cannot be written.
    """
    from cern_assets.report.gathered import gather
    from cern_assets.report.page import page_of, write_page
    from cern_assets.wiring import collection_named, collections_of, source_page

    settings = load_settings()
    specs = [collection_named(settings, collection)] if collection else collections_of(settings)
    with ledger_of(settings, collection) as ledger:
        pages = [gather(ledger, spec.name) for spec in specs]
    if not collection:
        pages = [page for page in pages if page.recids or len(pages) == 1]
    text = page_of(pages, {spec.name: source_page(settings, spec) for spec in specs})
    try:
        write_page(out, text)
    except (StorageFullError, StorageUnavailableError) as error:
        _unwritten(error)
    click.echo(f"{out}: {sum(page.recids for page in pages)} recids, {len(text.encode()):,} bytes")


def _unwritten(error: CernAssetsError) -> None:
    from cern_assets.cli.show import OUTPUT_FAILED

    click.echo(str(error), err=True)
    sys.exit(OUTPUT_FAILED)
