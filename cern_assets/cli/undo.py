"""`cern-assets undo`: take back what a run did to the repository, after showing what that is."""

import sys

import click

from cern_assets.cli import show
from cern_assets.errors import CernAssetsError, ConfigurationError
from cern_assets.flows.stages import Context
from cern_assets.flows.undo import Step, Undone, undo, undo_plan
from cern_assets.settings import load_settings
from cern_assets.wiring import collection_named, opened_context


@click.command("undo")
@click.option("--collection", default="opendata", show_default=True, help="The collection of the run.")
@click.option("--yes", is_flag=True, help="Do it; without, the plan is printed and nothing is written.")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
@click.argument("run_id")
def command(collection: str, run_id: str, yes: bool, json_: bool) -> None:
    """Take back what the run RUN_ID did to the repository: a plan, which --yes applies.

    Requests to communities that nobody has answered are taken back, drafts that it left are deleted, edits are put back
    to what the record said before (what people edited since stays), and records or versions that it published are
    withdrawn by a tombstone, which most repositories leave to their administrators. What a later run published again is
    left alone, and so is what a community took. Each step is noted in the journal, and safe to repeat. The next ingest
    of the same recids publishes them again: take them out of the collection first.

    Exit code 1 if something of the plan is not undone.
    """
    settings = load_settings()
    with opened_context(settings, collection_named(settings, collection)) as context:
        steps = list(undo_plan(context, run_id))
        if not steps:
            raise ConfigurationError(
                f"The journal of {collection} knows of nothing that the run {run_id} did to its repository.",
                field="RUN_ID",
                remedy="`cern-assets ingest --json` and Dagster's UI tell the ids of runs; see --collection.",
            )
        undone = [_undone(context, step, run_id) if yes else _planned(step) for step in steps]
    if json_:
        show.as_json({"run": run_id, "applied": yes, "steps": [_facts(each) for each in undone]})
    else:
        rows = [[each.step.recid, each.step.record_id, each.step.words, each.status, each.reason] for each in undone]
        show.table(["recid", "record", "step", "status", "reason"], rows)
        if not yes:
            click.echo(f"Nothing was written. `cern-assets undo {run_id} --yes` applies this.")
    sys.exit(1 if yes and any(each.status not in ("done", "nothing to do") for each in undone) else 0)


def _planned(step: Step) -> Undone:
    return Undone(step, "blocked" if step.blocked else "planned", step.blocked)


def _undone(context: Context, step: Step, run_id: str) -> Undone:
    try:
        return undo(context, step, run_id)
    except CernAssetsError as error:
        return Undone(step, "failed", str(error))


def _facts(undone: Undone) -> dict[str, str]:
    step = undone.step
    return {
        "recid": step.recid,
        "record_id": step.record_id,
        "action": step.words,
        "status": undone.status,
        "reason": undone.reason,
    }
