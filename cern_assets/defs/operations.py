"""What `cern-assets doctor` asks of a Dagster instance that runs unattended."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import dagster as dg
from dagster._daemon.controller import get_daemon_statuses

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.alerts import conditions
from cern_assets.errors import ConfigurationError, TransientError


def questions(instance: dg.DagsterInstance, specs: Sequence[CollectionSpec]) -> Iterator[tuple[str, Callable[[], str]]]:
    """What is asked, by name; each says how it is, or raises an error of the package."""
    yield "dagster daemon", partial(daemon_says, instance)
    yield "conditions", partial(conditions_say, instance, specs)


def daemon_says(instance: dg.DagsterInstance) -> str:
    """Whether all daemons that the instance needs told lately that they live.

    Raises:
        ConfigurationError: one did not.
    """
    statuses = get_daemon_statuses(instance, instance.get_required_daemon_types(), ignore_errors=True)
    silent = sorted(kind for kind, status in statuses.items() if not status.healthy)
    if silent:
        raise ConfigurationError(
            f"Nothing runs by itself: these daemons of Dagster are silent: {', '.join(silent)}.",
            remedy="Have the machine run `dagster-daemon run -w workspace.yaml` (docs/how-to/runbooks.md).",
        )
    return f"{len(statuses)} daemons live"


def conditions_say(instance: dg.DagsterInstance, specs: Sequence[CollectionSpec]) -> str:
    """What the sensor `alerts` would tell.

    Raises:
        TransientError: something is wrong.
    """
    now = conditions(instance, specs)
    if now:
        raise TransientError("; ".join(now.values()) + ".", remedy="See docs/how-to/runbooks.md.")
    return "no job, sensor, check or asset is in a condition to be told of"
