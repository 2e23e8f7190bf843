"""The sensor `alerts`: what is wrong, posted to a webhook once when it begins and once when it is over.

A condition is not a run: a store that is full for a night fails a hundred runs, and is one message. What is wrong is
read where Dagster keeps it: the last run of each job, the last evaluation of each check, the last tick of each sensor
and schedule, and the freshness of assets. Messages have our own words, names and numbers only: a text of a record could
name people or places in a chat.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.scheduler.instigation import TickStatus

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.checks import CODES
from cern_assets.defs.compaction import KEY as COMPACTED
from cern_assets.defs.engine import came_to_its_end, will_be_begun_again
from cern_assets.defs.health import KEY, part_names
from cern_assets.defs.inventory import inventory_key
from cern_assets.model.conditions import Conditions, changes
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets.settings import load_settings
from cern_assets.telemetry.webhook import post

_BACK = timedelta(days=3)
"""How far back the last run of a job is looked for; each of ours that matters runs daily."""
_AT_MOST = 1000
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_WHAT = {"standing": "recids are to be mended", "rejections": "recids wait for a steward's decision"}


def build_alerts(specs: Sequence[CollectionSpec]) -> dg.SensorDefinition:
    """The sensor over some collections; it runs from the first where a webhook is set."""
    runs = bool(load_settings().alert_webhook.get_secret_value())

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if runs else dg.DefaultSensorStatus.STOPPED,
        description="Posts to CERN_ASSETS_ALERT_WEBHOOK what is wrong: once when it begins, once when it is over.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        settings = load_settings()
        if not (webhook := settings.alert_webhook.get_secret_value()):
            return dg.SkipReason("CERN_ASSETS_ALERT_WEBHOOK is not set.")
        now = conditions(context.instance, specs)
        found = changes(json.loads(context.cursor or "{}"), now)
        if found:
            post(webhook, found.as_json(), timeout_seconds=settings.timeout_seconds)
        context.update_cursor(json.dumps(now))
        return dg.SkipReason(f"{len(now)} conditions, {len(found.began)} of them new; {len(found.over)} are over.")

    return alerts


def conditions(instance: dg.DagsterInstance, specs: Sequence[CollectionSpec]) -> Conditions:
    """What is wrong now."""
    return dict(
        [
            *_recids(instance, [spec.name for spec in specs]),
            *_runs(instance),
            *_parts(instance, part_names(specs)),
            *_ticks(instance),
            *_stale(instance, specs),
        ]
    )


def _recids(instance: dg.DagsterInstance, collections: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Recids that stopped, by collection and kind of error, as the checks of the collections counted last."""
    keys = {
        dg.AssetCheckKey(dg.AssetKey([collection, STAGE_NAMES[-1]]), check): (collection, check, what)
        for collection in collections
        for check, what in _WHAT.items()
    }
    for key, evaluation in _failing(instance, list(keys)):
        collection, check, what = keys[key]
        counted = evaluation.metadata[CODES].value if CODES in evaluation.metadata else {}
        assert isinstance(counted, dict)
        for code, count in sorted(counted.items()):
            yield f"{check} {collection} {code}", f"{collection}: {count} {what} ({code})"


def _parts(instance: dg.DagsterInstance, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for key, _ in _failing(instance, [dg.AssetCheckKey(KEY, part) for part in parts]):
        yield f"part {key.name}", f"{key.name.replace('_', ' ')} does not answer; `cern-assets doctor` says why"


def _failing(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> Iterator[tuple[dg.AssetCheckKey, dg.AssetCheckEvaluation]]:
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    for key, record in found.items():
        event = record.event.dagster_event if record.event else None
        if event is not None and not event.asset_check_evaluation_data.passed:
            yield key, event.asset_check_evaluation_data


def _runs(instance: dg.DagsterInstance) -> Iterator[tuple[str, str]]:
    """Jobs whose last run failed as a whole, and is not begun again by Dagster."""
    recent = dg.RunsFilter(statuses=_ENDED, updated_after=datetime.now(UTC) - _BACK)
    seen: set[str] = set()
    for record in instance.get_run_records(recent, limit=_AT_MOST):
        run = record.dagster_run
        if run.job_name in seen:
            continue
        seen.add(run.job_name)
        failed = run.status is dg.DagsterRunStatus.FAILURE and not will_be_begun_again(instance, run)
        if failed and not came_to_its_end(instance, run):
            yield f"run {run.job_name}", f"the last run of {run.job_name} failed as a whole ({run.run_id})"


def _ticks(instance: dg.DagsterInstance) -> Iterator[tuple[str, str]]:
    """Sensors and schedules whose last tick failed."""
    for state in instance.all_instigator_state():
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        if state.is_running and ticks and ticks[0].status is TickStatus.FAILURE:
            kind = state.instigator_type.value.lower()
            yield f"tick {state.instigator_name}", f"the last tick of the {kind} {state.instigator_name} failed"


def _stale(instance: dg.DagsterInstance, specs: Sequence[CollectionSpec]) -> Iterator[tuple[str, str]]:
    watched = [COMPACTED, *(inventory_key(spec.name) for spec in specs if spec.discovery.unattended)]
    for key, record in instance.get_freshness_state_records(watched).items():
        if record.freshness_state is FreshnessState.FAIL:
            name = key.to_user_string()
            yield f"stale {name}", f"{name} was not made in time"
