"""Guards that only the runs of dead processes of this host are marked failed."""

import json
import socket
import subprocess
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG

from cern_assets.defs.instance import open_instance
from cern_assets.defs.living import PROCESS_TAG, _lives_since, end_runs_of_the_dead, living_process, process_of


@dg.job
def _nothing() -> None:
    pass


def _started(instance: dg.DagsterInstance, process: str | None) -> str:
    tags = {PROCESS_TAG: process} if process else {}
    run = instance.create_run_for_job(_nothing, tags=tags, status=dg.DagsterRunStatus.STARTED)
    return run.run_id


def test_a_run_whose_process_lives_goes_on_and_one_whose_process_is_gone_has_failed(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        with living_process(instance) as process:
            run_id = _started(instance, process)
            assert end_runs_of_the_dead(instance) == []
        assert end_runs_of_the_dead(instance) == [run_id]
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE
        assert end_runs_of_the_dead(instance) == []


@pytest.mark.parametrize("process", ["another-host/1-abc", None])
def test_runs_of_other_hosts_and_of_dagster_itself_are_left_alone(tmp_path: Path, process: str | None) -> None:
    with open_instance(tmp_path) as instance:
        _started(instance, process)
        assert end_runs_of_the_dead(instance) == []


def test_a_repetition_by_dagster_is_not_taken_for_a_run_of_the_process_whose_tags_it_has(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        with living_process(instance) as process:
            first = _started(instance, process)
        assert end_runs_of_the_dead(instance) == [first]
        instance.create_run_for_job(
            _nothing,
            tags={PROCESS_TAG: process},
            status=dg.DagsterRunStatus.STARTED,
            parent_run_id=first,
            root_run_id=first,
        )
        assert end_runs_of_the_dead(instance) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../dagster.yaml", "1-a/../../dagster.yaml"])
def test_a_tag_that_leads_elsewhere_is_no_living_process_and_touches_no_file(name: str, tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        (tmp_path / "processes" / "1-a").mkdir(parents=True)
        run_id = _started(instance, f"{socket.gethostname()}/{name}")
        assert end_runs_of_the_dead(instance) == [run_id]
        assert (tmp_path / "dagster.yaml").exists()


@pytest.mark.parametrize(("born_later", "dead"), [(False, False), (True, True)])
def test_a_run_of_the_daemon_is_dead_when_its_process_is_gone_or_its_number_is_anothers(
    tmp_path: Path, born_later: bool, dead: bool
) -> None:
    with open_instance(tmp_path) as instance:
        tags = {GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": "/tmp/a-socket"})}
        run = instance.create_run_for_job(_nothing, tags=tags, status=dg.DagsterRunStatus.STARTED)
        with subprocess.Popen(["sleep", "600"]) as process:
            instance.report_engine_event("Started process for run.", run, EngineEventData.in_process(process.pid))
            told = process_of(instance, run)
            assert told is not None
            assert _lives_since(told[0], told[1] - (3600 if born_later else 0)) is not dead
            assert end_runs_of_the_dead(instance, workers=True) == []
            process.kill()
        assert end_runs_of_the_dead(instance) == [], "commands may be on another machine"
        assert end_runs_of_the_dead(instance, workers=True) == [run.run_id]
