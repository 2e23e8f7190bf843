"""A collection that is partitioned by segment: the same journey, told to Dagster in sums and in the ledger by recid."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.partition_status_cache import AssetPartitionStatus

from cern_assets.collections.segments import segment_names
from cern_assets.collections.spec import CollectionSpec
from cern_assets.definitions import build_definitions
from cern_assets.defs.checks import standing_of
from cern_assets.defs.engine import DagsterEngine
from cern_assets.defs.partitions import partitions_of, register_recids
from cern_assets.defs.recid_runs import config_of
from cern_assets.defs.retries import retry_name
from cern_assets.defs.segment_runs import BY_A_LIST
from cern_assets.flows.journey import STAGES
from cern_assets.model.identifiers import Recid
from cern_assets_tests.services.ticks import Daemon

FIRST, SECOND = segment_names(2)
IN_FIRST, IN_SECOND = [Recid("900011")], [Recid("900001"), Recid("900003")]
"""Of the first, the one record is rejected; the second's are carried."""
NAMES = [stage.name for stage in STAGES]
COLLECTION = """
type: cern_assets.RecordCollection
attributes: {source: opendata, selection: {recids: [900001, 900003, 900011]}, segments: 2}
"""


@pytest.fixture
def definitions(home: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    (home / "collections").mkdir()
    (home / "collections" / "large.yaml").write_text(COLLECTION)
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(home / "collections"))
    return build_definitions()


@pytest.fixture
def registered(instance: dg.DagsterInstance) -> dg.DagsterInstance:
    register_recids(instance, "large", [*IN_SECOND, *IN_FIRST])
    return instance


def run(definitions: dg.Definitions, instance: dg.DagsterInstance, **given: object) -> bool:
    """The collection's own job, as a button or a backfill launches it."""
    job = definitions.resolve_job_def("large_ingest")
    return job.execute_in_process(instance=instance, raise_on_error=False, **given).success  # type: ignore[arg-type]


def made(instance: dg.DagsterInstance, stage: str) -> set[str]:
    return instance.get_materialized_partitions(dg.AssetKey(["large", stage]))


def states(instance: dg.DagsterInstance) -> dict[str, AssetPartitionStatus | None]:
    """How the segments stand in Dagster's pages, at the last stage."""
    asset, segments = dg.AssetKey(["large", "published_record"]), dg.StaticPartitionsDefinition([FIRST, SECOND])
    return dict(instance.get_status_by_partition(asset, [FIRST, SECOND], segments) or {})


def sums(instance: dg.DagsterInstance, stage: str, segment: str) -> dict[str, object]:
    asked = dg.AssetRecordsFilter(asset_key=dg.AssetKey(["large", stage]), asset_partitions=[segment])
    materialization = instance.fetch_materializations(asked, limit=1).records[0].asset_materialization
    assert materialization is not None
    return {name: value.value for name, value in materialization.metadata.items()}


def test_a_run_over_a_segment_brings_its_recids_and_no_other(
    definitions: dg.Definitions, registered: dg.DagsterInstance
) -> None:
    assert run(definitions, registered, partition_key=SECOND)
    assert [made(registered, stage) for stage in NAMES] == [{SECOND}] * 5
    assert sums(registered, "published_record", SECOND) == {"done": 2}
    counts = standing_of(registered, "large").counts
    assert (counts["published"], counts["pending"]) == (2, 1)


def test_a_segment_run_again_finds_what_is_done(definitions: dg.Definitions, registered: dg.DagsterInstance) -> None:
    assert run(definitions, registered, partition_key=SECOND)
    assert run(definitions, registered, partition_key=SECOND)
    assert sums(registered, "published_record", SECOND) == {"unchanged": 2}


def test_a_rejected_recid_makes_no_segment_red_and_stands_in_the_ledger(
    definitions: dg.Definitions, registered: dg.DagsterInstance
) -> None:
    ends = {"dagster/asset_partition_range_start": FIRST, "dagster/asset_partition_range_end": SECOND}
    assert run(definitions, registered, tags=ends), "a range of segments is one run as well"
    assert made(registered, "published_record") == {FIRST, SECOND}
    assert sums(registered, "raw_files", FIRST) == {"rejected": 1}
    (rejected,) = standing_of(registered, "large").rejected
    assert (rejected["recid"], rejected["code"]) == (IN_FIRST[0], "ChecksumMismatch")


def damaged(home: Path) -> None:
    """Telemetry cannot be read any more."""
    (home / "telemetry" / "compact").mkdir(parents=True)
    (home / "telemetry" / "compact" / "catalog.json").write_text("{")


def refusing(home: Path) -> None:
    """Dagster's database takes no evaluation of a check any more."""
    with closing(sqlite3.connect(next((home / "dagster").rglob("index.db")))) as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON asset_check_executions BEGIN SELECT RAISE(ABORT, 'locked'); END"
        )


@pytest.mark.parametrize("trouble", [damaged, refusing])
def test_a_segment_is_made_though_the_checks_cannot_be_evaluated(
    definitions: dg.Definitions, registered: dg.DagsterInstance, home: Path, trouble: Callable[[Path], None]
) -> None:
    trouble(home)
    assert run(definitions, registered, partition_key=SECOND)
    assert made(registered, "published_record") == {SECOND}
    check = dg.AssetCheckKey(dg.AssetKey(["large", "published_record"]), "standing")
    assert not registered.event_log_storage.get_asset_check_execution_history(check, limit=1), "nor were they evaluated"


def test_a_recid_that_fails_leaves_its_segment_unmade_from_there_on_and_the_next_one_made(
    definitions: dg.Definitions, registered: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", "http://127.0.0.1:1")
    assert not run(definitions, registered, partition_key=SECOND)
    assert [SECOND in made(registered, stage) for stage in NAMES] == [True, True, True, True, False]
    assert run(definitions, registered, partition_key=FIRST), "its one recid is rejected before it gets there"


def test_a_list_of_recids_and_a_retry_are_runs_of_the_same_collection(
    definitions: dg.Definitions, registered: dg.DagsterInstance
) -> None:
    assert run(definitions, registered, run_config=config_of("large", IN_SECOND[:1]))
    assert standing_of(registered, "large").counts["published"] == 1
    assert made(registered, "published_record") == set(), "a recid of the segment is still to be brought"
    retry = definitions.resolve_job_def(retry_name("large"))
    assert retry.execute_in_process(instance=registered).success
    assert standing_of(registered, "large").counts["published"] == 2


def test_a_red_segment_turns_green_with_the_list_that_mends_the_last_of_its_recids(
    definitions: dg.Definitions, registered: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("CERN_ASSETS_REPOSITORY_URL", "http://127.0.0.1:1")
        assert not run(definitions, registered, partition_key=SECOND)
    assert states(registered)[SECOND] is AssetPartitionStatus.FAILED
    assert run(definitions, registered, run_config=config_of("large", IN_SECOND[:1]))
    assert states(registered)[SECOND] is AssetPartitionStatus.FAILED, "one of its recids is still to be mended"
    assert run(definitions, registered, run_config=config_of("large", IN_SECOND[1:]))
    assert states(registered) == {SECOND: AssetPartitionStatus.MATERIALIZED, FIRST: None}
    assert sums(registered, "raw_record", SECOND) == {"done": 2}, "what was green is left alone"
    assert sums(registered, "published_record", SECOND) == {BY_A_LIST: 1}


def test_the_recids_of_a_segment_load_as_one_value(definitions: dg.Definitions, registered: dg.DagsterInstance) -> None:
    run(definitions, registered, partition_key=SECOND)
    loaded = definitions.load_asset_value(["large", "metadata"], partition_key=SECOND, instance=registered)
    assert isinstance(loaded, dict)
    assert set(loaded) == set(IN_SECOND)


def test_the_sensor_knows_which_recids_a_run_over_segments_holds(
    definitions: dg.Definitions, registered: dg.DagsterInstance
) -> None:
    engine = DagsterEngine(registered, "large", batch_size=10, segments=2)
    job = definitions.resolve_job_def("large_ingest")
    started = dg.DagsterRunStatus.STARTED
    registered.create_run_for_job(job, status=started, tags={"dagster/partition": FIRST})
    assert engine.under_way() == set(IN_FIRST)
    ends = {"dagster/asset_partition_range_start": FIRST, "dagster/asset_partition_range_end": SECOND}
    registered.create_run_for_job(job, status=started, tags=ends)
    assert engine.under_way() == {*IN_FIRST, *IN_SECOND}


def test_the_sensor_brings_what_is_new_and_its_partitions_stay_the_segments(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    daemon = Daemon(instance, collection="large", definitions=definitions)
    (recids,) = daemon.tick()
    assert set(recids) == {*IN_FIRST, *IN_SECOND}
    assert standing_of(instance, "large").counts["published"] == 2
    assert daemon.tick() == []
    assets = definitions.resolve_asset_graph()
    found = assets.get(dg.AssetKey(["large", "metadata"])).partitions_def
    assert found == partitions_of(CollectionSpec(name="large", source="opendata", segments=2))
