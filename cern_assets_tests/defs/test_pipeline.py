"""The assets in Dagster: one bad recid costs only itself, the UI's events say what happened, documents load back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from cern_assets.collections.spec import CollectionSpec
from cern_assets.definitions import build_definitions
from cern_assets.defs.io_managers import DocumentsIOManager
from cern_assets.defs.launch import ingest
from cern_assets.defs.partitions import register_recids, registered_recids
from cern_assets.defs.pipeline import build_pipeline
from cern_assets.flows.journey import STAGES, AnyStage
from cern_assets.flows.stages import Context, Made, Stage, Summary, Task
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest
from cern_assets.model.metadata import Metadata
from cern_assets.settings import load_settings
from cern_assets_tests.services.ledgers import read_ledger
from cern_assets_tests.services.world import World

GOOD, BAD, OTHER = Recid("900001"), Recid("900011"), Recid("900003")
NAMES = [stage.name for stage in STAGES]


def _range(first: str, last: str) -> dict[str, str]:
    return {f"dagster/asset_partition_range_{end}": recid for end, recid in (("start", first), ("end", last))}


def _materialized(instance: dg.DagsterInstance, stage: str) -> set[str]:
    return instance.get_materialized_partitions(dg.AssetKey(["opendata", stage]))


def _materialization(instance: dg.DagsterInstance, stage: str, recid: str) -> dg.AssetMaterialization:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey(["opendata", stage]), asset_partitions=[recid]), limit=1
    ).records
    materialization = records[0].asset_materialization
    assert materialization is not None
    return materialization


def test_a_bad_recid_stops_where_it_is_bad_and_takes_no_other_with_it(instance: dg.DagsterInstance) -> None:
    runs = list(ingest(build_definitions(), instance, "opendata", [GOOD, BAD, OTHER], batch_size=100))
    assert [run.success for run in runs] == [True], "a rejected record is for a steward to decide about"
    assert _materialized(instance, "raw_record") == {GOOD, BAD, OTHER}
    for stage in ("raw_files", "archive", "published_record"):
        assert _materialized(instance, stage) == {GOOD, OTHER}
    observed = instance.fetch_observations(dg.AssetKey(["opendata", "raw_files"]), limit=5).records
    assert [record.partition_key for record in observed] == [BAD]
    assert "adler32" in str(observed[0].asset_observation and observed[0].asset_observation.metadata["message"])


def test_the_ledger_of_the_instance_balances_and_gives_the_reason(instance: dg.DagsterInstance) -> None:
    list(ingest(build_definitions(), instance, "opendata", [GOOD, BAD], batch_size=100))
    register_recids(instance, "opendata", [OTHER])
    ledger = read_ledger(
        load_settings().telemetry_dir, [("opendata", recid) for recid in registered_recids(instance, "opendata")]
    )
    assert ledger.totals == {
        "in": 3, "published": 1, "rejected": 1, "pending": 1, "waiting": 0, "withdrawn": 0, "unregistered": 0,
        "redirected": 0, "left_out": 0,
    }  # fmt: skip
    assert ledger.balanced
    assert {row["recid"]: row["code"] for row in ledger.entries}[BAD] == "ChecksumMismatch"


def test_a_quarter_of_a_million_recids_can_be_added_at_once(instance: dg.DagsterInstance) -> None:
    many = [Recid(str(number)) for number in range(250_001)]
    assert register_recids(instance, "many", many) == len(many)
    assert register_recids(instance, "many", many[:3]) == 0
    assert registered_recids(instance, "many") == many


def test_each_materialization_says_what_it_stands_for(instance: dg.DagsterInstance, sample_portal_url: str) -> None:
    list(ingest(build_definitions(), instance, "opendata", [GOOD], batch_size=100))
    for stage in NAMES:
        metadata = _materialization(instance, stage, GOOD).metadata
        assert metadata["source_page"].value == f"{sample_portal_url}/record/{GOOD}"
        assert metadata["status"].value == "done"
    files = _materialization(instance, "raw_files", GOOD)
    assert files.metadata["files"].value == files.metadata["verified_files"].value == 3
    assert files.metadata["size_bytes"].value == 1_770_000
    assert len((files.tags or {})["dagster/data_version"]) == 64
    published = _materialization(instance, "published_record", GOOD).metadata["published_record"].value
    assert str(published).startswith(f"{load_settings().repository_url}/records/")


@dataclass(frozen=True)
class _OfWorld:
    """A `ports` resource that hands out a test's own context."""

    context: Context

    @contextmanager
    def opened(self, spec: CollectionSpec) -> Iterator[Context]:
        assert spec.name == self.context.collection.name
        yield self.context


def _run(
    world: World, instance: dg.DagsterInstance, recid: str, stages: Sequence[AnyStage]
) -> dg.ExecuteInProcessResult:
    register_recids(instance, "opendata", [Recid(recid)])
    pipeline = build_pipeline(CollectionSpec(name="opendata", source="opendata"), batch_size=10, stages=stages)
    resources = {"ports": _OfWorld(world.context), "documents": DocumentsIOManager()}
    definitions = dg.Definitions(assets=[pipeline], resources=resources)
    job = definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, partition_key=recid, raise_on_error=False)


def test_a_recid_that_waits_is_observed_with_its_reason_and_does_not_fail_the_run(
    instance: dg.DagsterInstance, world: World, recid: str
) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    record = world.source.fetch(Recid(recid)).record
    assert record is not None
    next(world.source.folder.rglob("a.root")).unlink()
    on_tape = tuple(file.model_copy(update={"availability": "on demand"}) for file in record.files)
    world.source.put_record(record.model_copy(update={"files": on_tape}))
    assert _run(world, instance, recid, STAGES).success
    (observed,) = instance.fetch_observations(dg.AssetKey(["opendata", "raw_files"]), limit=5).records
    assert observed.asset_observation is not None
    assert observed.asset_observation.metadata["status"].value == "waiting"
    assert "on tape" in str(observed.asset_observation.metadata["message"])


def test_a_new_stage_is_a_row_of_the_table_and_nothing_else(
    instance: dg.DagsterInstance, world: World, recid: str
) -> None:
    def count(_context: Context, task: Task) -> Made[Manifest]:
        return Made(task.body("raw_files", Manifest))

    sixth: AnyStage = Stage(
        name="counted",
        kind="table",
        description="A stage made up by a test.",
        body=Manifest,
        needs={"raw_files": lambda manifest: len(manifest.files)},
        make=count,
        summarise=lambda manifest: Summary(files=len(manifest.files)),
    )
    world.source.put(recid, files={"a.root": b"x"})
    assert _run(world, instance, recid, (*STAGES, sixth)).success
    assert _materialization(instance, "counted", recid).metadata["files"].value == 1


def test_only_the_selected_stages_of_a_recid_run(instance: dg.DagsterInstance) -> None:
    register_recids(instance, "opendata", [GOOD])
    definitions = build_definitions()
    job = definitions.resolve_implicit_global_asset_job_def()
    selection = [dg.AssetKey(["opendata", name]) for name in ("raw_record", "metadata")]
    result = job.execute_in_process(instance=instance, partition_key=GOOD, asset_selection=selection)
    assert result.success
    assert {name for name in NAMES if _materialized(instance, name)} == {"raw_record", "metadata"}


def test_a_rejected_recid_run_again_does_just_the_stages_it_lacks(instance: dg.DagsterInstance, home: Path) -> None:
    definitions = build_definitions()
    list(ingest(definitions, instance, "opendata", [BAD], batch_size=100))
    list(ingest(definitions, instance, "opendata", [BAD], batch_size=100))
    assert _materialization(instance, "raw_record", BAD).metadata["status"].value == "unchanged"
    assert _materialized(instance, "published_record") == set()


def test_documents_load_in_a_notebook_one_or_many_at_a_time(instance: dg.DagsterInstance) -> None:
    definitions = build_definitions()
    list(ingest(definitions, instance, "opendata", [GOOD, OTHER], batch_size=100))
    deposit = definitions.load_asset_value(["opendata", "metadata"], partition_key=GOOD, instance=instance)
    assert isinstance(deposit, Metadata)
    assert deposit.payload["access"] == {"record": "public", "files": "public"}
    register_recids(instance, "opendata", [BAD])
    with pytest.raises(KeyError, match="materialize it first"):
        definitions.load_asset_value(["opendata", "metadata"], partition_key=BAD, instance=instance)


def test_a_downstream_asset_of_somebody_else_reads_and_writes_documents_for_a_range(
    instance: dg.DagsterInstance,
) -> None:
    definitions = build_definitions()
    list(ingest(definitions, instance, "opendata", [GOOD, OTHER], batch_size=100))

    @dg.asset(
        key=["copies", "metadata"],
        ins={"deposits": dg.AssetIn(key=["opendata", "metadata"])},
        partitions_def=dg.DynamicPartitionsDefinition(name="opendata_recid"),
        backfill_policy=dg.BackfillPolicy.single_run(),
        io_manager_key="documents",
    )
    def copies(deposits: dict[str, Metadata]) -> dict[str, Metadata]:
        return deposits

    extended = dg.Definitions.merge(definitions, dg.Definitions(assets=[copies]))
    job = extended.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=instance, asset_selection=[copies.key], tags=_range(GOOD, OTHER))
    assert result.success
    for recid in (GOOD, OTHER):
        copied = extended.load_asset_value(["copies", "metadata"], partition_key=recid, instance=instance)
        assert copied == extended.load_asset_value(["opendata", "metadata"], partition_key=recid, instance=instance)


def test_recids_are_registered_once_and_in_order(instance: dg.DagsterInstance) -> None:
    assert register_recids(instance, "opendata", [GOOD, BAD, GOOD]) == 2
    assert register_recids(instance, "opendata", [OTHER, BAD]) == 1
    assert registered_recids(instance, "opendata") == [GOOD, BAD, OTHER]


def test_a_rejected_recid_that_is_run_again_when_its_cause_is_mended_becomes_green(
    instance: dg.DagsterInstance, world: World, recid: str
) -> None:
    world.source.put(recid, files={"a.root": b"right"})
    (place,) = world.source.folder.rglob("a.root")
    place.write_bytes(b"wrong")
    assert _run(world, instance, recid, STAGES).success, "nobody but the source can mend it"
    assert recid not in _materialized(instance, "published_record")
    place.write_bytes(b"right")
    assert _run(world, instance, recid, STAGES).success
    assert all(recid in _materialized(instance, stage.name) for stage in STAGES)
