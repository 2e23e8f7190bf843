"""`cern-assets plan`: what a run would do, before it does."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from cern_assets.cli import show
from cern_assets.cli.ingest import recids_wanted
from cern_assets.flows.forecast import Forecast, forecast
from cern_assets.flows.forecast import keep as keep_plans
from cern_assets.settings import load_settings
from cern_assets.wiring import collection_named, opened_context

_SUMS = ("files", "read_bytes", "kept_bytes", "sent_bytes", "archives", "archive_bytes", "tape_files", "tape_bytes",
         "lost_leaves", "over_quota")  # fmt: skip


@click.command("plan")
@click.option("--collection", help="As for `ingest`: a collection or a source.  [default: opendata]")
@click.option("--source", help="A source, under its own name and without a collection's file.")
@click.option(
    "--recids", "more", multiple=True, metavar="RECID[,RECID...]", help="The same as naming them; may be repeated."
)
@click.option(
    "--file",
    "list_",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of recids, one a line; # begins a comment.",
)
@click.option(
    "--calls-per-hour", type=click.IntRange(1), default=5_000, show_default=True,
    help="What the repository takes of one depositor; InvenioRDM's default.",
)  # fmt: skip
@click.option("--keep", is_flag=True, help="Keep the plan beside the events of runs, to be compared with them.")
@click.option("--json", "json_", is_flag=True, help="One JSON object, with every recid.")
@click.argument("recids", nargs=-1)
def command(
    *,
    collection: str | None,
    source: str | None,
    more: tuple[str, ...],
    list_: Path | None,
    calls_per_hour: int,
    keep: bool,
    json_: bool,
    recids: tuple[str, ...],
) -> None:
    """Reckon what `ingest` of the same recids would do: calls, bytes, archives, tape, rejects. Nothing is written.

    Records are read from the source at its pace, converted and planned. A record whose bytes turn out to be wrong is
    not foreseen; what has a receipt counts as unchanged. With --keep, the plan is noted among the events, and after the
    run `export --what plan_and_fact` compares the two.
    """
    if collection and source:
        raise click.UsageError("--collection and --source both say what to plan: give one.")
    settings = load_settings()
    spec = collection_named(settings, collection or source or "opendata")
    named = (*(text for given in more for text in given.split(",") if text), *recids)
    chosen = recids_wanted(settings, spec, named, list_)
    with opened_context(settings, spec) as context:
        made = [forecast(context, recid) for recid in chosen]
        if keep:
            keep_plans(context, made)
    told = _summed(made, calls_per_hour)
    if json_:
        show.as_json({**told, "recids": [each.model_dump() for each in made]})
        return
    show.table(["planned", ""], [[name, _said(name, value)] for name, value in told.items()])
    stopped = [each for each in made if each.code]
    if stopped:
        show.table(["recid", "would be", "why"], [[each.recid, each.status, each.message] for each in stopped])


def _summed(made: Sequence[Forecast], calls_per_hour: int) -> dict[str, object]:
    calls: Counter[str] = Counter()
    for each in made:
        calls.update(each.calls)
    return {
        "outcomes": dict(Counter(each.status for each in made)),
        "calls": dict(calls),
        "repository_hours": round(calls["repository"] / calls_per_hour, 2),
        **{name: sum(int(getattr(each, name)) for each in made) for name in _SUMS},
    }


def _said(name: str, value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count:,} {key}" for key, count in value.items())
    return show.human_size(int(str(value))) if name.endswith("_bytes") else str(value)
