"""A run over recids: which ones it has, and their journey told to Dagster."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import dagster as dg

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.checks import report_standing
from cern_assets.defs.events import failure, materialization, observation
from cern_assets.defs.instance import in_our_words
from cern_assets.defs.run_events import RunEvents
from cern_assets.errors import CernAssetsError, TelemetryLostError
from cern_assets.flows.batch import run_batch
from cern_assets.flows.journey import AnyStage
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import StageOutcome
from cern_assets.wiring import source_parts

PRIORITY_TAG = "dagster/priority"
"""By it the queue of runs chooses the next."""
RECIDS_CONFIG: Mapping[str, Any] = {
    "recids": dg.Field(
        [str], default_value=[], description="Recids of this run, any; instead of a partition or a range of them."
    )
}


def step_name(collection: str) -> str:
    """The step that runs recids of a collection."""
    return f"{collection}_pipeline"


def config_of(collection: str, recids: Sequence[Recid]) -> dict[str, Any]:
    """The configuration of a run over a list of recids, which need not be neighbours among the partitions."""
    return {"ops": {step_name(collection): {"config": {"recids": list(recids)}}}}


def listed_recids(collection: str, config: Mapping[str, Any]) -> list[Recid]:
    """The list in a run's configuration, which may be anybody's; empty where it has a partition or a range."""
    found: Any = config
    for name in ("ops", step_name(collection), "config", "recids"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return [Recid(str(recid)) for recid in found] if isinstance(found, list) else []


def chosen_recids(context: dg.AssetExecutionContext, spec: CollectionSpec) -> list[Recid]:
    """The recids of a run: those of its list, or else of its partition or range.

    Raises:
        dg.Failure: it has none, or one that can be no recid of the source.
    """
    listed: Sequence[str] = context.op_execution_context.op_config["recids"]
    if not listed and not (context.has_partition_key or context.has_partition_key_range):
        raise dg.Failure(
            "The run has no recids: choose a partition, or name recids in its configuration.", allow_retries=False
        )
    if not listed:
        return [Recid(key) for key in context.partition_keys]
    parse = source_parts(spec.source).parse_recid
    recids = list(dict.fromkeys(parse(text) for text in listed))
    known = set(context.instance.get_dynamic_partitions(f"{spec.name}_recid"))
    unknown = [recid for recid in recids if recid not in known]
    if unknown:
        raise dg.Failure(
            f"{len(unknown)} recids are no partitions of {spec.name}, the first is {unknown[0]}: add them first.",
            allow_retries=False,
        )
    return recids


class Told(Protocol):
    """How Dagster is told of a run's recids."""

    def begin(self, collection: str, stages: Sequence[AnyStage], recids: Sequence[Recid]) -> None:
        """Nothing is done yet."""

    def note(self, outcomes: Sequence[StageOutcome]) -> None:
        """A recid ended."""

    def flush(self) -> None:
        """Write what is kept back."""

    def end(self) -> None:
        """All recids ended."""


class ToldByRecid:
    """An event for each recid and stage; `planned` says whether Dagster knows already what is to be made."""

    def __init__(self, context: dg.OpExecutionContext, *, planned: bool) -> None:
        self._events = RunEvents(context)
        self._planned = planned
        self._assets: list[dg.AssetKey] = []
        self._stopped: dict[Recid, list[dg.AssetKey]] = {}

    def begin(self, collection: str, stages: Sequence[AnyStage], recids: Sequence[Recid]) -> None:
        """Where Dagster does not know, say what is going to be made."""
        self._assets = [dg.AssetKey([collection, stage.name]) for stage in stages]
        if not self._planned:
            self._events.plan(self._assets, recids)

    def note(self, outcomes: Sequence[StageOutcome]) -> None:
        """Tell what a recid made, and where it stopped."""
        for outcome in outcomes:
            self._events.note(materialization(outcome) if outcome.succeeded else observation(outcome))
        last = outcomes[-1]
        if not (last.red or last.succeeded):
            self._stopped[last.recid] = self._assets[len(outcomes) - 1 :]

    def flush(self) -> None:
        """Write what is kept back."""
        self._events.flush()

    def end(self) -> None:
        """What was not made, and nobody has to mend, is not to be red."""
        if self._stopped:
            self._events.leave(self._stopped)


def bring(
    context: dg.OpExecutionContext,
    opened: Context,
    recids: Sequence[Recid],
    stages: Sequence[AnyStage],
    told: Told,
) -> None:
    """Run stages for recids, and tell Dagster of them.

    Raises:
        dg.Failure: recids failed by something around them. One that is rejected, left out, withdrawn or waits fails
            nothing: running it again would mend nothing.
    """
    told.begin(opened.collection.name, stages, recids)
    failed: list[StageOutcome] = []
    lost: TelemetryLostError | None = None
    try:
        for outcomes in run_batch(opened, recids, stages, run_id=context.run_id, idle=told.flush):
            told.note(outcomes)
            if outcomes[-1].red:
                failed.append(outcomes[-1])
    except TelemetryLostError as error:
        lost = error
    finally:
        told.flush()
    told.end()
    try:
        with in_our_words(Path(context.instance.root_directory)):
            report_standing(context.instance, opened.collection.name)
    except CernAssetsError as error:  # what the run did is done; the next one evaluates them again
        context.log.warning(f"The checks of the collection were not evaluated: {error}")
    if failed or lost:
        raise failure(failed, len(recids), lost)
