"""Ingesting a list of recids through Dagster, without a daemon: the runs are recorded like any other."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import dagster as dg

from cern_assets.defs.partitions import contiguous_ranges, register_recids, registered_recids
from cern_assets.defs.resources import PortsOpener
from cern_assets.flows.stages import Ports
from cern_assets.model.identifiers import Recid
from cern_assets.ports import TelemetryEvent, TelemetrySink

RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"

type Watch = Callable[[TelemetryEvent], None]


@dataclass(frozen=True)
class Launched:
    """A run that has ended: its id and whether every recid of it went all the way."""

    run_id: str
    success: bool


def ingest(
    definitions: dg.Definitions, instance: dg.DagsterInstance, source: str, recids: Sequence[Recid], batch_size: int
) -> Iterator[Launched]:
    """Register the recids as partitions and run all stages for them, a range of neighbours a run, in this process."""
    register_recids(instance, source, recids)
    job = definitions.resolve_job_def(f"{source}_ingest")
    for first, last in contiguous_ranges(registered_recids(instance, source), recids, batch_size):
        result = job.execute_in_process(
            instance=instance,
            tags={RANGE_START_TAG: first, RANGE_END_TAG: last},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
        yield Launched(run_id=result.run_id, success=result.success)


@dataclass(frozen=True)
class WatchedPorts:
    """A `ports` resource whose events are also shown to a watcher, for a progress bar."""

    inner: PortsOpener
    watch: Watch

    @contextmanager
    def opened(self, source: str) -> Iterator[Ports]:
        """The inner resource's ports, with a telemetry sink that tells the watcher too."""
        with self.inner.opened(source) as ports:
            yield replace(ports, telemetry=_Tee(ports.telemetry, self.watch))


@dataclass(frozen=True)
class _Tee:
    sink: TelemetrySink
    watch: Watch

    def ping(self) -> str:
        return self.sink.ping()

    def emit(self, event: TelemetryEvent) -> None:
        self.sink.emit(event)
        self.watch(event)
