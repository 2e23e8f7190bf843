"""What Dagster loads: `dagster dev -w workspace.yaml`, `dg dev`, and `from cern_assets.definitions import defs`."""

import dagster as dg

from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.pipeline import build_collection
from cern_assets.defs.resources import PortsOpener, PortsResource
from cern_assets.settings import load_settings
from cern_assets.wiring import SOURCES


def build_definitions(*, ports: PortsOpener | None = None) -> dg.Definitions:
    """The assets of all sources with what they need; tests and commands pass ports of their own."""
    batch_size = load_settings().batch_size
    shared = dg.Definitions(
        resources={"ports": ports or PortsResource(), "documents": DocumentsIOManager()},
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(shared, *(build_collection(source, batch_size=batch_size) for source in SOURCES))


# Dagster executes this module to load it, so this is the one place where something is built at import.
defs = build_definitions()
