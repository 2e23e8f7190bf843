"""The health of each part as an asset check: source, files, store, repository and telemetry of every collection.

They stand on the asset `operations/parts`, which nobody makes. A sensor asks the parts, in the code server and without
a run, and notes what changed; a check's button asks the same. `cern-assets doctor` asks them from the command line.
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence

import dagster as dg

from cern_assets.addresses import shown
from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.resources import PortsOpener
from cern_assets.errors import CernAssetsError
from cern_assets.flows.parts import pings

KEY = dg.AssetKey(["operations", "parts"])
EVERY_SECONDS = 300
_AGAIN_SECONDS = 86_400.0
"""A verdict that stays the same is noted once a day: the sensor's ticks show that it is asked more often."""

_ANSWER_SECONDS = 40.0
"""Dagster ends a tick after a minute."""

type Verdict = tuple[bool, str]


def build_health(specs: Sequence[CollectionSpec]) -> dg.Definitions:
    """The asset, a check for each part that the collections need, and the sensor that evaluates them."""
    parts = {name: spec for spec in reversed(specs) for name in _names(spec)}
    return dg.Definitions(
        assets=[
            dg.AssetSpec(
                KEY,
                group_name="all_operations",
                description="What all collections need: see the checks.",
            )
        ],
        asset_checks=[_check(name, spec) for name, spec in parts.items()],
        sensors=[_sensor(parts)],
    )


def part_names(specs: Sequence[CollectionSpec]) -> list[str]:
    """The parts that collections need, each once: the names of the checks."""
    return list(dict.fromkeys(name for spec in specs for name in _names(spec)))


def _names(spec: CollectionSpec) -> list[str]:
    return [f"source_{spec.source}", f"files_{spec.source}", "store", f"repository_{spec.target}", "telemetry"]


def asked(parts: Mapping[str, CollectionSpec], ports: PortsOpener) -> dict[str, Verdict]:
    """Whether each part answers, by name, and what it says or how to mend it; all are asked at the same time.

    Each by a thread of its own: a part that is silent is waited for longer, attempt by attempt, than a tick may take.
    """
    found: dict[str, Verdict] = {}

    def ask(name: str, spec: CollectionSpec) -> None:
        found[name] = _verdict(name, spec, ports)

    threads = [threading.Thread(target=ask, args=part, name=f"ask-{part[0]}", daemon=True) for part in parts.items()]
    until = time.monotonic() + _ANSWER_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    silent = (False, f"It is silent: {_ANSWER_SECONDS:g} seconds brought no answer. See whether it runs.")
    return {name: found.get(name, silent) for name in parts}


def _verdict(name: str, spec: CollectionSpec, ports: PortsOpener) -> Verdict:
    try:
        with ports.opened(spec) as context:
            ping = {f"{kind}_{part}" if part else kind: ping for kind, part, ping in pings(context)}[name]
            return True, shown(ping())
    except CernAssetsError as error:  # also of a part that cannot even be made: the settings say nothing usable of it
        return False, str(error)
    except Exception as error:  # noqa: BLE001  what one part breaks over must not keep the others from being told
        return False, shown(f"Unexpected {type(error).__name__}: {error}")


def _check(name: str, spec: CollectionSpec) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=KEY, name=name, description=f"Whether {name.replace('_', ' ')} answers.")
    def check(ports: dg.ResourceParam[PortsOpener]) -> dg.AssetCheckResult:
        passed, message = asked({name: spec}, ports)[name]
        return dg.AssetCheckResult(passed=passed, metadata={"message": dg.MetadataValue.text(message)})

    return check


def _sensor(parts: Mapping[str, CollectionSpec]) -> dg.SensorDefinition:
    @dg.sensor(
        name="health_of_parts",
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks source, files, store, repository and telemetry whether they answer; the checks show it.",
    )
    def health(context: dg.SensorEvaluationContext, ports: dg.ResourceParam[PortsOpener]) -> dg.SkipReason:
        found = asked(parts, ports)
        before: Mapping[str, tuple[bool, float]] = json.loads(context.cursor or "{}")
        noted, now = dict(before), time.time()
        for name, (passed, message) in found.items():
            was, at = before.get(name, (None, 0.0))
            if passed != was or now - at >= _AGAIN_SECONDS:
                context.instance.report_runless_asset_event(_evaluation(name, message, passed=passed))
                noted[name] = (passed, now)
        context.update_cursor(json.dumps({name: noted[name] for name in found}))
        ill = sorted(name for name, (passed, _) in found.items() if not passed)
        return dg.SkipReason(f"Does not answer: {', '.join(ill)}." if ill else "All parts answer.")

    return health


def _evaluation(name: str, message: str, *, passed: bool) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=KEY,
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"message": dg.MetadataValue.text(message)},
    )
