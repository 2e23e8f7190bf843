"""`cern-assets leftovers`: what writers that died left in the store."""

import time

import click

from cern_assets.cli import show
from cern_assets.settings import load_settings
from cern_assets.wiring import build_store


@click.command("leftovers")
@click.option("--collect", is_flag=True, help="Delete those that are found.")
@click.option(
    "--older-than", "hours", type=click.FloatRange(min=0), default=None, help="Hours; default: what the settings say."
)
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
def command(collect: bool, hours: float | None, json_: bool) -> None:
    """List temporary files that dead writers left in the store, and how much room they take.

    Each run collects those of the recids that it brings in; this looks at the whole store. A young one may belong to a
    writer that is at work, or to a large file whose copying will be gone on with.
    """
    settings = load_settings()
    store = build_store(settings)
    now = time.time()
    oldest = now - (settings.leftovers_seconds if hours is None else hours * 3600)
    found = sorted((left for left in store.leftovers() if left.modified < oldest), key=lambda left: left.modified)
    if collect:
        for left in found:
            store.collect(left)
    size_bytes = sum(left.size_bytes for left in found)
    if json_:
        files = [left.model_dump() for left in found]
        show.as_json({"leftovers": files, "size_bytes": size_bytes, "collected": collect})
        return
    if found:
        rows = [[left.path, f"{left.size_bytes:,}", f"{(now - left.modified) / 3600:.1f}"] for left in found]
        show.table(["file", "bytes", "hours old"], rows)
    click.echo(f"{len(found)} leftovers of {size_bytes:,} bytes {'deleted' if collect else 'found'}.")
