"""An ingest that is ended: in order, within seconds though the source's pace means a minute, and told how to go on."""

import os
import signal
from pathlib import Path

import dagster as dg
import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from cern_assets.defs.instance import open_instance
from cern_assets.settings import load_settings
from cern_assets_tests.services.command_line import finished, published_recids, started
from cern_assets_tests.services.dagster_ui import running_daemon

RECIDS = ("900003", "900009", "900001", "900002", "900004", "900005")
WITHIN_SECONDS = 30


def _variables(**more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name.startswith("CERN_ASSETS_")}
    return {**ours, **more}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_ingest_that_is_ended_says_what_is_done_and_goes_on_when_run_again(
    home: Path, number: signal.Signals
) -> None:
    slow = _variables(CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE="4", CERN_ASSETS_WORKERS="1")
    with started("ingest", *RECIDS, folder=home, **slow) as process:
        url = load_settings().repository_url
        while not published_recids(url):
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=WITHIN_SECONDS)
    done = len(published_recids(url))
    assert 0 < done < len(RECIDS)
    assert err.splitlines()[-1] == f"Ended early: {done} of {len(RECIDS)} are published. The same command goes on."
    assert process.returncode == 130
    assert f"{len(RECIDS)} in = {done} published + 0 redirected" in out
    with open_instance(load_settings().dagster_home) as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.CANCELED]
    assert "Traceback" not in err
    again = finished("ingest", *RECIDS, folder=home, **_variables())
    assert again.code == 0
    assert published_recids(url) == sorted(RECIDS)


def test_a_second_signal_ends_at_once_and_loses_nothing(home: Path) -> None:
    slow = _variables(CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE="4", CERN_ASSETS_WORKERS="1")
    with started("ingest", *RECIDS, folder=home, **slow) as process:
        url = load_settings().repository_url
        while not published_recids(url):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=WITHIN_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert finished("ingest", *RECIDS, folder=home, **_variables()).code == 0
    assert published_recids(url) == sorted(RECIDS)


def _killed_in_the_middle(home: Path) -> None:
    slow = _variables(CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE="4", CERN_ASSETS_WORKERS="1")
    with started("ingest", *RECIDS, folder=home, **slow) as process:
        while not published_recids(load_settings().repository_url):
            assert process.poll() is None
        process.kill()
        process.communicate(timeout=WITHIN_SECONDS)
    assert _statuses() == [dg.DagsterRunStatus.STARTED]


def _statuses() -> list[dg.DagsterRunStatus]:
    with open_instance(load_settings().dagster_home) as instance:
        return [run.status for run in instance.get_runs()]


def _goes_on(status: dg.DagsterRunStatus) -> bool:
    return status == dg.DagsterRunStatus.STARTED


def test_runs_of_a_process_that_was_killed_are_marked_failed_by_the_next_command(home: Path) -> None:
    _killed_in_the_middle(home)
    assert finished("ingest", *RECIDS, folder=home, **_variables()).code == 0
    assert set(_statuses()) == {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS}
    assert list((load_settings().dagster_home / "processes").iterdir()) == []
    with open_instance(load_settings().dagster_home) as instance:
        made = instance.get_materialized_partitions(dg.AssetKey(["opendata", "published_record"]))
    assert made == set(RECIDS), "also those whose events the killed process kept back"
    assert published_recids(load_settings().repository_url) == sorted(RECIDS)


def test_runs_of_a_process_that_was_killed_are_marked_failed_by_the_daemon_and_not_repeated_by_it(home: Path) -> None:
    _killed_in_the_middle(home)
    with running_daemon(home, _variables(DAGSTER_HOME=str(load_settings().dagster_home))) as daemon:

        @retry(retry=retry_if_result(_goes_on), stop=stop_after_delay(180), wait=wait_fixed(0.5))
        def status() -> dg.DagsterRunStatus:
            assert daemon.poll() is None
            return _statuses()[0]

        assert status() == dg.DagsterRunStatus.FAILURE
    assert _statuses() == [dg.DagsterRunStatus.FAILURE]
