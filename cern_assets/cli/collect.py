"""`cern-assets collect`: what a store holds that nothing needs."""

import time
from collections import Counter
from contextlib import closing

import click

from cern_assets.cli import show
from cern_assets.documents.leases import LeaseTerms
from cern_assets.flows.collecting import remove, rubbish
from cern_assets.places import build_store, store_at
from cern_assets.settings import load_settings


@click.command("collect")
@click.option("--store", "url", help="A folder or root:// URL; default: CERN_ASSETS_STORE_URL.")
@click.option(
    "--older-than",
    "hours",
    type=click.FloatRange(min=0),
    help="Hours since it last changed; default: CERN_ASSETS_LEFTOVERS_SECONDS, a day.",
)
@click.option("--yes", is_flag=True, help="Remove what is listed.")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
def command(url: str | None, hours: float | None, yes: bool, json_: bool) -> None:
    """List files that nothing needs, with size and age.

    They are what dead attempts left, versions that no manifest names any more, and quarantined bytes. Never among them
    is what a manifest or an archive's document names, nor anything of a recid that somebody works on: whose lease is
    held, or in whose folders a file changed lately. A large file whose copying broke off begins anew when its leftover
    is removed.
    """
    settings = load_settings()
    now = time.time()
    before = now - (settings.leftovers_seconds if hours is None else hours * 3600)
    terms = LeaseTerms(settings.lease_seconds, settings.clock_skew_seconds)
    with closing(store_at(url, settings) if url else build_store(settings)) as store:
        found = []
        for each in rubbish(store, before=before, terms=terms):
            if yes:
                remove(store, each)
            found.append(each)
    size_bytes = sum(each.file.size_bytes for each in found)
    if json_:
        files = [
            {"why": each.why, **each.file.model_dump(), "age_hours": _age(now, each.file.modified)} for each in found
        ]
        show.as_json({"files": files, "size_bytes": size_bytes, "removed": yes})
        return
    if found:
        rows = [
            [each.file.path, each.why, f"{each.file.size_bytes:,}", f"{_age(now, each.file.modified):.1f}"]
            for each in found
        ]
        show.table(["file", "why", "bytes", "hours old"], rows)
    counts = ", ".join(f"{count:,} {why}" for why, count in Counter(each.why for each in found).items()) or "nothing"
    click.echo(f"{counts}: {size_bytes:,} bytes {'removed' if yes else 'found; --yes removes them'}.")


def _age(now: float, modified: float) -> float:
    return round(max(now - modified, 0.0) / 3600, 2)
