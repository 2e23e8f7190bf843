"""Dagster's daemon in a test's hands: ticks of a collection's sensor, which may end anywhere, and their runs."""

from dataclasses import dataclass, field

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from cern_assets.definitions import build_definitions
from cern_assets.defs.recid_runs import listed_recids
from cern_assets.defs.sensors import sensor_name

RUN_KEY_TAG = "dagster/run_key"


@dataclass
class Daemon:
    """Does with a sensor's answer what Dagster's daemon does: partitions first, then one run for a key."""

    instance: dg.DagsterInstance
    collection: str = "opendata"
    definitions: dg.Definitions = field(default_factory=build_definitions)

    def evaluate(self, name: str = "") -> dg.SensorResult | dg.SkipReason:
        """A tick up to its answer, which is lost if nobody does anything with it; of discovery, or the sensor named."""
        sensor = self.definitions.resolve_sensor_def(name or sensor_name(self.collection))
        resources = self.definitions.resources or {}
        needed = {"ports": resources["ports"]} if sensor.required_resource_keys else None
        context = dg.build_sensor_context(instance=self.instance, resources=needed)
        answer = sensor(context)
        assert isinstance(answer, dg.SensorResult | dg.SkipReason)
        return answer

    def add_partitions(self, answer: dg.SensorResult) -> None:
        for request in answer.dynamic_partitions_requests or []:
            assert isinstance(request, dg.AddDynamicPartitionsRequest)
            self.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)

    def create(self, answer: dg.SensorResult) -> list[dg.DagsterRun]:
        """The runs of an answer, those that its keys do not have yet, or have and never handed to the queue."""
        runs = []
        for request in answer.run_requests or []:
            assert request.run_key
            made = self.instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: request.run_key}))
            waiting = [run for run in made if run.status is dg.DagsterRunStatus.NOT_STARTED]
            runs += waiting if made else [self._created(request)]
        return runs

    def execute(self, run: dg.DagsterRun) -> None:
        execute_run(InMemoryJob(self._job()), run, self.instance)

    def tick(self, name: str = "") -> list[list[str]]:
        """A whole tick, and its runs to their end; the recids of each run."""
        answer = self.evaluate(name)
        if isinstance(answer, dg.SkipReason):
            return []
        self.add_partitions(answer)
        runs = self.create(answer)
        for run in runs:
            self.execute(run)
        return [self.recids(run) for run in runs]

    def recids(self, run: dg.DagsterRun) -> list[str]:
        return list(listed_recids(self.collection, run.run_config))

    def _created(self, request: dg.RunRequest) -> dg.DagsterRun:
        tags = {**request.tags, RUN_KEY_TAG: str(request.run_key)}
        return self.instance.create_run_for_job(job_def=self._job(), run_config=request.run_config, tags=tags)

    def _job(self) -> dg.JobDefinition:
        return self.definitions.resolve_job_def(f"{self.collection}_ingest")
