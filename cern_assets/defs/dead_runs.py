"""The daemon's part in `living`: it looks for runs of dead processes, so that no command has to come by first."""

import dagster as dg

from cern_assets.defs.living import end_runs_of_the_dead

_EVERY_SECONDS = 30


@dg.sensor(
    name="dead_runs",
    minimum_interval_seconds=_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs failed whose process died with its machine or command: they would hold places for ever.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Starts nothing; what it did stands in the tick's reason."""
    ended = end_runs_of_the_dead(context.instance, workers=True)
    return dg.SkipReason(f"Marked failed, as their process died: {', '.join(ended)}." if ended else "No run is dead.")
