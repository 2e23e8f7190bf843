"""The sensor: what grows, changes and goes at the source is followed, and no way of dying loses a recid."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from cern_assets.definitions import build_definitions
from cern_assets.defs import engine
from cern_assets.defs.engine import DagsterEngine
from cern_assets.defs.instance import open_instance
from cern_assets.defs.partitions import register_recids
from cern_assets.defs.retries import retry_name
from cern_assets.defs.sensors import alone
from cern_assets.defs.waiting import waiting_name
from cern_assets.documents.leases import LeaseTerms, leased
from cern_assets.documents.notes import NoteBook
from cern_assets.model.discovery import Notes
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import JsonObject
from cern_assets.places import build_store
from cern_assets.settings import load_settings
from cern_assets_tests.services.command_line import Answer, published_recids
from cern_assets_tests.services.growing import GrowingCollection, growing_portal
from cern_assets_tests.services.ticks import Daemon

COLLECTION = """
type: cern_assets.RecordCollection
attributes:
  source: opendata
  selection: {all: true}
  discovery: {unattended: true, full_every_hours: 0, revisit_minutes: 0}
"""


@pytest.fixture
def portal(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GrowingCollection]:
    """A portal that a collection of everything watches with each tick."""
    (home / "collections").mkdir()
    (home / "collections" / "opendata.yaml").write_text(COLLECTION)
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(home / "collections"))
    monkeypatch.setenv("CERN_ASSETS_WITHDRAW_AFTER_SECONDS", "0")
    with growing_portal() as (collection, url):
        monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", url)
        monkeypatch.setenv("CERN_ASSETS_OPENDATA_FILES_URL", url)
        collection.put("1", "2", "3")
        yield collection


@pytest.fixture
def daemon(portal: GrowingCollection, instance: dg.DagsterInstance) -> Daemon:
    return Daemon(instance)


def notes() -> Notes:
    return NoteBook(build_store(load_settings()), "opendata").read()


def answered(daemon: Daemon) -> dg.SensorResult:
    answer = daemon.evaluate()
    assert isinstance(answer, dg.SensorResult), answer
    return answer


def settle(daemon: Daemon) -> None:
    """Tick until there is nothing to do."""
    while daemon.tick():
        pass


def published() -> list[str]:
    return published_recids(load_settings().repository_url)


def test_new_recids_become_partitions_and_one_run(daemon: Daemon) -> None:
    assert daemon.tick() == [["3", "2", "1"]], "in the order of the source"
    assert published() == ["1", "2", "3"]
    assert daemon.tick() == []
    assert notes().known.keys() == {"1", "2", "3"}
    assert notes().asked == ()


def test_what_grows_changes_and_goes_is_followed(
    daemon: Daemon, portal: GrowingCollection, run: Callable[..., Answer]
) -> None:
    settle(daemon)
    portal.put("4")
    portal.put("2", title="Another title of")
    portal.touch("3")
    portal.take_away("1")
    assert sorted(recid for recids in daemon.tick() for recid in recids) == ["2", "3", "4"]
    assert daemon.tick() == [["1"]], "the second listing confirms that it is gone"
    settle(daemon)
    assert run("ledger", "--json").states == {
        "1": "withdrawn", "2": "published", "3": "published", "4": "published"
    }  # fmt: skip
    portal.put("1")
    assert daemon.tick() == [["1"]]
    assert run("ledger", "--json").states["1"] == "published"


def test_a_portal_that_forgot_most_of_its_records_withdraws_nothing_without_a_stewards_word(
    daemon: Daemon, portal: GrowingCollection, run: Callable[..., Answer]
) -> None:
    settle(daemon)
    portal.take_away("1")
    portal.take_away("2")
    assert [daemon.tick() for _ in range(3)] == [[], [], []]
    said = run("discover", "--json")
    assert (said.code, said.json["held"], said.json["withdrawn"]) == (0, ["2", "1"], [])
    assert "--allow-withdrawals" in run("discover").out
    assert run("discover", "--allow-withdrawals", "2").code == 0
    assert sorted(recid for recids in daemon.tick() for recid in recids) == ["1", "2"]
    settle(daemon)
    assert notes().gone == {"1", "2"}


def test_a_tick_that_was_killed_after_its_notes_asks_for_the_same_again(daemon: Daemon) -> None:
    lost = answered(daemon)
    again = answered(daemon)
    assert [request.run_key for request in again.run_requests or []] == [
        request.run_key for request in lost.run_requests or []
    ]
    assert daemon.tick() == [["3", "2", "1"]]
    assert daemon.tick() == []


def test_a_tick_that_was_killed_between_partitions_and_runs_loses_nothing(
    daemon: Daemon, portal: GrowingCollection
) -> None:
    daemon.add_partitions(answered(daemon))
    portal.put("4")
    assert sorted(daemon.tick()) == [["3", "2", "1"], ["4"]]
    assert published() == ["1", "2", "3", "4"]


def test_a_run_that_was_made_and_not_handed_over_is_handed_over_once(daemon: Daemon) -> None:
    answer = answered(daemon)
    daemon.add_partitions(answer)
    (made,) = daemon.create(answer)
    assert daemon.tick() == [["3", "2", "1"]]
    assert daemon.instance.get_runs_count() == 1
    assert daemon.tick() == []
    assert made.run_id == daemon.instance.get_runs()[0].run_id


def test_two_ticks_at_once_ask_for_one_run(daemon: Daemon) -> None:
    with alone("opendata") as first:
        assert first
        assert isinstance(daemon.evaluate(), dg.SkipReason), "the other one waits for its next turn"
    first_answer, second_answer = answered(daemon), answered(daemon)
    for answer in (first_answer, second_answer):
        daemon.add_partitions(answer)
    runs = {run.run_id for answer in (first_answer, second_answer) for run in daemon.create(answer)}
    assert len(runs) == 1


def test_of_two_machines_that_share_a_home_and_no_instance_s_folder_one_looks(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alone("opendata") as first:
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
        with alone("opendata") as second, alone("another") as third:
            assert (first, second, third) == (True, False, True)


def test_a_run_that_is_under_way_is_not_asked_for_again_and_one_that_never_started_is(daemon: Daemon) -> None:
    answer = answered(daemon)
    daemon.add_partitions(answer)
    (run,) = daemon.create(answer)
    daemon.instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.PIPELINE_STARTING.value, run.job_name), run.run_id
    )
    assert daemon.tick() == []
    daemon.instance.report_run_failed(run, "It could not be launched.")
    assert daemon.tick() == [], "Dagster is going to start it again by itself"
    daemon.instance.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    assert daemon.tick() == [], "Dagster has given up, and there is a pause first"
    (asked,) = notes().asked
    assert (asked.attempt, asked.key) == (2, f"{run.tags['dagster/run_key']}#2")
    NoteBook(build_store(load_settings()), "opendata").write(replace(notes(), asked=(replace(asked, not_before=0.0),)))
    assert daemon.tick() == [["3", "2", "1"]]
    assert published() == ["1", "2", "3"]


def test_a_run_that_dagster_was_to_begin_again_and_forgot_is_asked_for_again(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = answered(daemon)
    daemon.add_partitions(answer)
    (run,) = daemon.create(answer)
    daemon.instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.PIPELINE_STARTING.value, run.job_name), run.run_id
    )
    daemon.instance.report_run_failed(run, "Its worker died.")
    daemon.instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    assert (daemon.tick(), notes().asked[0].attempt) == ([], 1)
    record = daemon.instance.get_run_record_by_id(run.run_id)
    assert record is not None
    assert record.end_time is not None, "by which its age is known"
    monkeypatch.setattr(engine, "_BEGUN_AGAIN_SECONDS", 0.0)
    assert (daemon.tick(), notes().asked[0].attempt) == ([], 2)


def test_recids_that_stop_are_not_run_again_until_the_source_says_something_else(
    daemon: Daemon, portal: GrowingCollection
) -> None:
    missing: JsonObject = {"uri": "root://eospublic.cern.ch//eos/opendata/elsewhere", "size": 1}
    portal.records["2"] = {**portal.records["2"], "files": [missing]}  # type: ignore[list-item]  # a Mapping is no dict
    settle(daemon)
    assert published() == ["1", "3"]
    assert daemon.tick() == []
    portal.put("2")
    assert daemon.tick() == [["2"]]
    assert published() == ["1", "2", "3"]


def test_a_source_that_does_not_answer_changes_nothing(
    daemon: Daemon, portal: GrowingCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(daemon)
    before = notes()
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CERN_ASSETS_ATTEMPTS", "1")
    with pytest.raises(Exception, match="no usable answer"):
        daemon.evaluate()
    assert notes() == before


def test_lost_notes_cost_a_look_at_each_record_and_nothing_else(daemon: Daemon, home: Path) -> None:
    settle(daemon)
    (home / "store" / "discovery" / "opendata.json").unlink()
    assert daemon.tick() == [["3", "2", "1"]]
    assert published() == ["1", "2", "3"]


def test_a_sensor_runs_from_the_first_only_where_its_collection_says_so(
    portal: GrowingCollection, instance: dg.DagsterInstance, home: Path
) -> None:
    def status() -> dg.DefaultSensorStatus:
        return Daemon(instance).definitions.resolve_sensor_def("opendata_discovery").default_status

    assert status() is dg.DefaultSensorStatus.RUNNING
    (home / "collections" / "opendata.yaml").write_text(COLLECTION.replace("unattended: true, ", ""))
    assert status() is dg.DefaultSensorStatus.STOPPED


def test_a_dry_look_says_what_would_be_done_and_does_nothing(
    daemon: Daemon, instance: dg.DagsterInstance, run: Callable[..., Answer]
) -> None:
    said = run("discover", "--json")
    assert said.code == 0
    assert (said.json["listed"], said.json["new"], said.json["runs"]) == (3, ["3", "2", "1"], 1)
    assert "3 listed, 0 known" in run("discover").out
    assert notes() == Notes()
    assert instance.get_dynamic_partitions("opendata_recid") == []
    assert json.dumps(said.json)


def test_the_inventory_finds_what_no_book_agrees_on_and_the_sensor_heals_it(
    daemon: Daemon, instance: dg.DagsterInstance, home: Path, run: Callable[..., Answer]
) -> None:
    def inventory() -> bool:
        job = daemon.definitions.resolve_job_def("opendata_inventory")
        return job.execute_in_process(instance=instance, raise_on_error=False).success

    settle(daemon)
    assert inventory()
    instance.delete_dynamic_partition("opendata_recid", "1")
    next((home / "store" / "documents" / "opendata" / "published_record").rglob("2.json")).unlink()
    assert daemon.tick() == [], "by its notes all is well"
    assert not inventory()
    assert notes().known.keys() == {"3"}
    settle(daemon)
    assert inventory()
    assert run("ledger", "--json").states == dict.fromkeys(("1", "2", "3"), "published")
    assert published() == ["1", "2", "3"]


def test_an_instance_that_is_lost_is_filled_again_by_the_inventory(daemon: Daemon, home: Path) -> None:
    settle(daemon)
    with open_instance(home / "another-dagster") as instance:
        anew = Daemon(instance)
        job = anew.definitions.resolve_job_def("opendata_inventory")
        assert anew.tick() == [], "by the notes all is well"
        assert not job.execute_in_process(instance=instance, raise_on_error=False).success
        settle(anew)
        assert job.execute_in_process(instance=instance, raise_on_error=False).success
        assert sorted(instance.get_dynamic_partitions("opendata_recid")) == ["1", "2", "3"]
        made = instance.get_materialized_partitions(dg.AssetKey(["opendata", "published_record"]))
        assert made == {"1", "2", "3"}
    assert published() == ["1", "2", "3"]


def test_an_inventory_over_a_listing_that_is_not_whole_proves_nothing(
    daemon: Daemon, portal: GrowingCollection, instance: dg.DagsterInstance
) -> None:
    settle(daemon)
    portal.unlisted = 1
    job = daemon.definitions.resolve_job_def("opendata_inventory")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    (failed,) = (event.step_failure_data for event in result.all_events if event.is_step_failure)
    assert failed.user_failure_data is not None
    assert "The source counts 4 and lists 3." in (failed.user_failure_data.description or "")


def test_a_recid_that_had_to_wait_goes_on_by_itself_after_the_next_inventory(
    daemon: Daemon, instance: dg.DagsterInstance, run: Callable[..., Answer]
) -> None:
    settings, recid = load_settings(), Recid("2")
    store = build_store(settings)
    with leased(
        store, source="opendata", repository=settings.repository_url, recid=recid, terms=LeaseTerms()
    ):  # somebody else publishes it
        settle(daemon)
    assert run("ledger", "--json").states["2"] == "waiting"
    assert daemon.tick() == []
    job = daemon.definitions.resolve_job_def("opendata_inventory")
    assert job.execute_in_process(instance=instance, raise_on_error=False).success, "waiting is no disagreement"
    assert daemon.tick() == [["2"]]
    assert run("ledger", "--json").states["2"] == "published"


def test_a_recid_that_had_to_wait_is_looked_at_again_without_a_run_that_waits_for_it(
    daemon: Daemon, portal: GrowingCollection, run: Callable[..., Answer]
) -> None:
    settings, again = load_settings(), waiting_name("opendata")
    store, recid = build_store(settings), Recid("2")
    with leased(
        store, source="opendata", repository=settings.repository_url, recid=recid, terms=LeaseTerms()
    ):  # somebody else publishes it
        settle(daemon)
        assert daemon.tick(again) == [["2"]], "not ready yet"
        assert run("ledger", "--json").states["2"] == "waiting"
    run("decide", "hold", "2", "--by", "a steward", "--why", "a question is open")
    daemon.definitions = build_definitions()
    assert daemon.tick(again) == [["2"]]
    assert run("ledger", "--json").states["2"] == "waiting"
    assert daemon.tick(again) == [], "who is held by a steward waits for the steward"


def test_a_few_that_changed_do_not_queue_behind_many_that_are_new(daemon: Daemon) -> None:
    runs = DagsterEngine(daemon.instance, "opendata", batch_size=100, priority=5)
    assert (runs.tags_of(10)["dagster/priority"], runs.tags_of(11)["dagster/priority"]) == ("6", "5")
    asked = answered(daemon)
    assert [request.tags["dagster/priority"] for request in asked.run_requests or []] == ["1"]


def test_what_a_run_of_the_retry_job_may_bring_is_under_way(daemon: Daemon, instance: dg.DagsterInstance) -> None:
    register_recids(instance, "opendata", [Recid("1"), Recid("2")])
    engine = DagsterEngine(instance, "opendata", batch_size=100)
    assert engine.under_way() == frozenset()
    job = daemon.definitions.resolve_job_def(retry_name("opendata"))
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert engine.under_way() == {"1", "2"}
