"""Red means mend: what Dagster shows red is what failed around a record; a record that is rejected waits for a word."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
import pytest
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from cern_assets.collections.spec import CollectionSpec
from cern_assets.defs.checks import build_checks, recids_to_retry, report_standing
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.partitions import recid_partitions, register_recids
from cern_assets.defs.pipeline import build_pipeline
from cern_assets.defs.recid_runs import config_of
from cern_assets.defs.retries import build_retry
from cern_assets.errors import SourceUnavailableError
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets_tests.services.world import World

SPEC = CollectionSpec(name="opendata", source="opendata")


@dataclass(frozen=True)
class _OfWorld:
    context: Context

    @contextmanager
    def opened(self, spec: CollectionSpec) -> Iterator[Context]:
        assert spec.name == self.context.collection.name
        yield self.context


@dataclass(frozen=True)
class _Runs:
    """Runs of the pipeline over a world, by a list of recids or by a range as the UI's backfills make them."""

    world: World
    instance: dg.DagsterInstance
    good: Recid
    rejected: Recid
    failed: Recid

    @property
    def all(self) -> tuple[Recid, ...]:
        return self.good, self.rejected, self.failed

    def by_list(self, *recids: Recid) -> bool:
        return self._run(run_config=config_of("opendata", recids))

    def by_range(self, first: Recid, last: Recid) -> bool:
        ends = {"start": first, "end": last}
        return self._run(tags={f"dagster/asset_partition_range_{end}": recid for end, recid in ends.items()})

    def retry(self) -> bool:
        job = build_retry(SPEC, batch_size=10)
        resources = {"ports": _OfWorld(self.world.context)}
        return job.execute_in_process(instance=self.instance, resources=resources, raise_on_error=False).success

    def red(self, stage: str) -> set[str]:
        """As Dagster's pages count them: from what it keeps, brought up to date."""
        return self._counted(stage, "failed")

    def green(self, stage: str) -> set[str]:
        return self._counted(stage, "materialized")

    def _counted(self, stage: str, what: str) -> set[str]:
        partitions = recid_partitions("opendata")
        kept = get_and_update_asset_status_cache_value(self.instance, dg.AssetKey(["opendata", stage]), partitions)
        assert kept is not None
        return set(getattr(kept, f"deserialize_{what}_partition_subsets")(partitions).get_partition_keys())

    def _run(self, **given: object) -> bool:
        definitions = dg.Definitions(
            assets=[build_pipeline(SPEC, batch_size=10)],
            resources={"ports": _OfWorld(self.world.context), "documents": DocumentsIOManager()},
        )
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=self.instance, raise_on_error=False, **given)  # type: ignore[arg-type]
        return result.success


@pytest.fixture
def runs(world: World, instance: dg.DagsterInstance, recid: str) -> _Runs:
    """A world with a good record, one that cannot be carried, and one that meets a fault."""
    good, rejected, failed = (world.source.put(f"{recid}{end}", files={f"{end}.root": b"right"}) for end in (1, 2, 3))
    next(world.source.folder.rglob("2.root")).write_bytes(b"wrong")
    world.source.fail(failed, SourceUnavailableError("It does not answer."))
    register_recids(instance, "opendata", (good, rejected, failed))
    return _Runs(world, instance, good, rejected, failed)


def test_a_run_that_meets_only_rejections_succeeds_and_nothing_of_it_is_red(runs: _Runs) -> None:
    assert runs.by_list(runs.good, runs.rejected)
    assert runs.green("raw_record") == {runs.good, runs.rejected}
    assert runs.green("published_record") == {runs.good}
    assert [runs.red(stage) for stage in STAGE_NAMES] == [set()] * 5


@pytest.mark.parametrize("way", ["a list", "a range"])
def test_of_a_run_that_fails_only_what_failed_around_its_record_is_red(runs: _Runs, way: str) -> None:
    done = runs.by_list(*runs.all) if way == "a list" else runs.by_range(runs.good, runs.failed)
    assert not done
    assert [runs.red(stage) for stage in STAGE_NAMES] == [{runs.failed}] * 5
    assert runs.green("raw_record") == {runs.good, runs.rejected}


def test_a_red_recid_that_is_then_rejected_is_red_no_more(runs: _Runs) -> None:
    runs.world.source.fail(runs.rejected, SourceUnavailableError("It does not answer."))
    assert not runs.by_range(runs.rejected, runs.rejected)
    assert runs.red("raw_files") == {runs.rejected}, "which Dagster keeps in mind now"
    record = runs.world.source.put(runs.rejected, files={"2.root": b"right"})
    next(runs.world.source.folder.rglob("2.root")).write_bytes(b"wrong")
    assert runs.by_list(record)
    assert [runs.red(stage) for stage in STAGE_NAMES] == [set()] * 5


def test_a_red_that_the_ui_counted_meanwhile_is_forgotten_by_the_checks(runs: _Runs) -> None:
    runs.by_list(*runs.all)
    asset = dg.AssetKey(["opendata", "raw_files"])
    runs.red("raw_files")
    kept = runs.instance.get_asset_records([asset])[0].asset_entry.cached_status
    assert kept is not None
    stale = recid_partitions("opendata").empty_subset().with_partition_keys([runs.failed, runs.rejected])
    late = kept._replace(serialized_failed_partition_subset=stale.serialize())
    runs.instance.update_asset_cached_status_data(asset, late)
    assert runs.red("raw_files") == {runs.failed, runs.rejected}
    report_standing(runs.instance, "opendata")
    assert runs.red("raw_files") == {runs.failed}


def test_retrying_takes_what_may_succeed_and_leaves_rejected_ones_alone(runs: _Runs) -> None:
    runs.by_list(*runs.all)
    assert recids_to_retry(runs.instance, "opendata") == [runs.failed]
    asked = len(runs.world.source.asked)
    assert not runs.retry()
    assert {recid for recid, _ in runs.world.source.asked[asked:]} == {runs.failed}
    runs.world.source.put(runs.failed, files={"3.root": b"right"})
    assert runs.retry()
    assert runs.green("published_record") == {runs.good, runs.failed}
    assert runs.red("published_record") == set()
    assert recids_to_retry(runs.instance, "opendata") == []


def test_the_checks_of_a_collection_tell_what_waits_for_a_word_and_what_is_to_be_mended(runs: _Runs) -> None:
    runs.by_list(*runs.all)
    key = dg.AssetKey(["opendata", "published_record"])
    told = {}
    for name in ("rejections", "standing"):
        (execution,) = runs.instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, name), limit=1
        )
        assert execution.event is not None
        assert execution.event.dagster_event is not None
        told[name] = execution.event.dagster_event.asset_check_evaluation_data
    assert not told["rejections"].passed
    assert not told["standing"].passed
    table = told["rejections"].metadata["list"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [row.data["recid"] for row in table.records] == [runs.rejected]
    assert table.records[0].data["reason"] == "ChecksumMismatch"
    counts = {name: value.value for name, value in told["standing"].metadata.items() if name != "list"}
    assert (counts["published"], counts["rejected"], counts["failing"], counts["pending"]) == (1, 1, 1, 0)


def test_the_checks_can_be_asked_for_by_themselves(runs: _Runs) -> None:
    runs.by_list(runs.good)
    definitions = dg.Definitions(
        assets=[build_pipeline(SPEC, batch_size=10)],
        asset_checks=build_checks("opendata"),
        resources={"ports": _OfWorld(runs.world.context), "documents": DocumentsIOManager()},
        jobs=[dg.define_asset_job("look", selection=dg.AssetSelection.all_asset_checks())],
    )
    result = definitions.resolve_job_def("look").execute_in_process(instance=runs.instance)
    assert [evaluation.passed for evaluation in result.get_asset_check_evaluations()] == [True, True]


def test_a_list_in_a_run_that_names_no_partition_is_refused_before_anything_is_done(runs: _Runs) -> None:
    assert not runs.by_list(runs.good, Recid("12345"))
    assert not runs.by_list(Recid("../12345"))
    assert runs.world.source.asked == []
