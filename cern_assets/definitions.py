"""What Dagster loads: `dagster dev -w workspace.yaml`, `dg dev`, and `from cern_assets.definitions import defs`."""

import dagster as dg

from cern_assets.defs.alerts import build_alerts
from cern_assets.defs.compaction import compacted_events, hourly_compaction
from cern_assets.defs.dead_runs import dead_runs
from cern_assets.defs.health import build_health
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.pipeline import build_collection
from cern_assets.defs.resources import PortsOpener, PortsResource
from cern_assets.defs.retention import daily_retention, retention
from cern_assets.settings import load_settings
from cern_assets.wiring import collections_of


def build_definitions(*, ports: PortsOpener | None = None) -> dg.Definitions:
    """The assets of all collections with what they need; tests and commands pass ports of their own."""
    settings = load_settings()
    specs = collections_of(settings)
    shared = dg.Definitions(
        assets=[compacted_events],
        jobs=[retention],
        resources={"ports": ports or PortsResource(), "documents": DocumentsIOManager()},
        executor=dg.in_process_executor,
        sensors=[dead_runs, build_alerts(specs)],
        schedules=[hourly_compaction, daily_retention],
    )
    parts = [build_collection(spec, batch_size=settings.batch_size) for spec in specs]
    return dg.Definitions.merge(shared, build_health(specs), *parts)


# Dagster executes this module to load it, so this is the one place where something is built at import.
defs = build_definitions()
