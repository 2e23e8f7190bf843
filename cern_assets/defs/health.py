"""The health of each part as an asset check: source, files, store, repository and telemetry of every collection.

They stand on the asset `operations/parts`, which nobody makes. A sensor asks the parts, in the code server and without
a run, and notes what changed; a check's button asks the same. `cern-assets doctor` asks them from the command line.
"""

import json
import time
from collections.abc import Mapping, Sequence

import dagster as dg

from cern_assets.addresses import shown
from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.resources import PortsOpener
from cern_assets.errors import CernAssetsError
from cern_assets.flows.parts import Ping, pings

KEY = dg.AssetKey(["operations", "parts"])
EVERY_SECONDS = 300
_AGAIN_SECONDS = 86_400.0
"""A verdict that stays the same is noted once a day: the sensor's ticks show that it is asked more often."""

type Verdict = tuple[bool, str]


def build_health(specs: Sequence[CollectionSpec]) -> dg.Definitions:
    """The asset, a check for each part that the collections need, and the sensor that evaluates them."""
    names = {name: spec for spec in reversed(specs) for name in _names(spec)}
    return dg.Definitions(
        assets=[
            dg.AssetSpec(
                KEY,
                group_name="all_operations",
                description="What all collections need: see the checks.",
            )
        ],
        asset_checks=[_check(name, spec) for name, spec in names.items()],
        sensors=[_sensor(specs)],
    )


def part_names(specs: Sequence[CollectionSpec]) -> list[str]:
    """The parts that collections need, each once: the names of the checks."""
    return list(dict.fromkeys(name for spec in specs for name in _names(spec)))


def _names(spec: CollectionSpec) -> list[str]:
    return [f"source_{spec.source}", f"files_{spec.source}", "store", f"repository_{spec.target}", "telemetry"]


def asked(specs: Sequence[CollectionSpec], ports: PortsOpener) -> dict[str, Verdict]:
    """Whether each part answers, and what it says or how to mend it; what several collections share is asked once."""
    found: dict[str, Verdict] = {}
    for spec in specs:
        try:
            with ports.opened(spec) as context:
                for kind, name, ping in pings(context):
                    check = f"{kind}_{name}" if name else kind
                    if check not in found:
                        found[check] = _verdict(ping)
        except CernAssetsError as error:  # a part that cannot even be made: the settings say nothing usable of it
            found |= {name: (False, str(error)) for name in _names(spec) if name not in found}
    return found


def _verdict(ping: Ping) -> Verdict:
    try:
        return True, shown(ping())
    except CernAssetsError as error:
        return False, str(error)


def _check(name: str, spec: CollectionSpec) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=KEY, name=name, description=f"Whether {name.replace('_', ' ')} answers.")
    def check(ports: dg.ResourceParam[PortsOpener]) -> dg.AssetCheckResult:
        passed, message = asked([spec], ports)[name]
        return dg.AssetCheckResult(passed=passed, metadata={"message": dg.MetadataValue.text(message)})

    return check


def _sensor(specs: Sequence[CollectionSpec]) -> dg.SensorDefinition:
    @dg.sensor(
        name="health_of_parts",
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks source, files, store, repository and telemetry whether they answer; the checks show it.",
    )
    def health(context: dg.SensorEvaluationContext, ports: dg.ResourceParam[PortsOpener]) -> dg.SkipReason:
        found = asked(specs, ports)
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
