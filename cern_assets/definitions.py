"""What Dagster loads: `dagster dev -w workspace.yaml`, `dg dev`, and `from cern_assets.definitions import defs`."""

import dagster as dg

from cern_assets.defs.dead_runs import dead_runs
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.pipeline import build_collection
from cern_assets.defs.resources import PortsOpener, PortsResource
from cern_assets.settings import load_settings
from cern_assets.wiring import collections_of


def build_definitions(*, ports: PortsOpener | None = None) -> dg.Definitions:
    """The assets of all collections with what they need; tests and commands pass ports of their own."""
    settings = load_settings()
    shared = dg.Definitions(
        resources={"ports": ports or PortsResource(), "documents": DocumentsIOManager()},
        executor=dg.in_process_executor,
        sensors=[dead_runs],
    )
    parts = [build_collection(spec, batch_size=settings.batch_size) for spec in collections_of(settings)]
    return dg.Definitions.merge(shared, *parts)


# Dagster executes this module to load it, so this is the one place where something is built at import.
defs = build_definitions()
