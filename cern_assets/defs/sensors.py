"""The sensor of a collection: what is new, changed or gone at the source becomes partitions and runs.

Its cursor is not Dagster's but the notes on the store (`documents/notes.py`): what is to be asked for is written there
before Dagster is told, and struck off only when a run has come to its end with it. So a tick may die anywhere.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.engine import DagsterEngine
from cern_assets.defs.partitions import recid_partitions
from cern_assets.defs.resources import PortsOpener
from cern_assets.documents.notes import NoteBook
from cern_assets.flows.discovery.look import Look, Watch
from cern_assets.settings import load_settings
from cern_assets.wiring import source_parts

LISTING_SECONDS = 40.0
"""A tick lists for so long; Dagster ends one after a minute (`DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS`)."""


def sensor_name(collection: str) -> str:
    """The name of a collection's sensor."""
    return f"{collection}_discovery"


def build_sensor(spec: CollectionSpec, job: UnresolvedAssetJobDefinition, *, batch_size: int) -> dg.SensorDefinition:
    """The sensor `<collection>_discovery`; it runs from the first only where the collection says so."""
    watched = dg.DefaultSensorStatus.RUNNING if spec.discovery.unattended else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name=sensor_name(spec.name),
        job=job,
        minimum_interval_seconds=spec.discovery.every_seconds,
        default_status=watched,
        description=f"Looks at the source for records of {spec.name} that are new, changed or gone, and runs them.",
    )
    def discovery(
        context: dg.SensorEvaluationContext, ports: dg.ResourceParam[PortsOpener]
    ) -> dg.SensorResult | dg.SkipReason:
        with alone(spec.name) as we_are, ports.opened(spec) as opened:
            if not we_are:
                return dg.SkipReason("Another look at this collection is going on.")
            book = NoteBook(opened.adapters.store, spec.name)
            before = book.read()
            engine = DagsterEngine(
                context.instance, spec.name, batch_size=batch_size, priority=spec.priority, segments=spec.segments
            )
            until = time.monotonic() + LISTING_SECONDS
            watch = Watch(opened.adapters.source, spec, source_parts(spec.source).parse_recid)
            look = watch.look(engine, before, now=time.time(), in_time=lambda: time.monotonic() < until)
            if look.notes != before:
                book.write(look.notes)
        if not look.asked:
            return dg.SkipReason(told(look))
        added = engine.unregistered(recid for asked in look.asked for recid in asked.seen)
        return dg.SensorResult(
            run_requests=[engine.request(asked) for asked in look.asked],
            dynamic_partitions_requests=[recid_partitions(spec.name).build_add_request(added)] if added else [],
        )

    return discovery


@contextmanager
def alone(collection: str) -> Iterator[bool]:
    """Whether this is the only process that looks, or changes notes; the lock ends with the process.

    It lies in the home, which all machines share; each may have a `DAGSTER_HOME` of its own, and an inventory may
    go on elsewhere than the sensor.
    """
    folder = load_settings().home / "discovery"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{collection}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def told(look: Look) -> str:
    """What a look found, in a sentence."""
    counts = [f"{len(recids)} {kind}" for kind, recids in vars(look.decision).items() if recids]
    return " ".join([f"{', '.join(counts) or 'Nothing new'}.", look.listing.reason]).strip()
