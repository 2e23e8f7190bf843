"""Operations: what is wrong is told once to a real receiver, parts are asked, and old runs are forgotten with care."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.dependency import OpNode

from cern_assets.definitions import build_definitions
from cern_assets.defs import health
from cern_assets.defs.launch import MAX_RETRIES_TAG, ingest
from cern_assets.defs.operations import daemon_says
from cern_assets.defs.retention import forget_old_runs
from cern_assets.errors import ConfigurationError, TransientError
from cern_assets.model.identifiers import Recid
from cern_assets.settings import load_settings
from cern_assets_tests.services.command_line import Answer

type Run = Callable[..., Answer]
GOOD, MISSING = "900001", "999999"


@dataclass
class Receiver:
    """A webhook: what it was sent, and the status with which it answers."""

    url: str = ""
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if receiver.status == 200:
                receiver.bodies.append(body)
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the library calls it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks/secret"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        monkeypatch.setenv("CERN_ASSETS_ALERT_WEBHOOK", receiver.url)
        yield receiver


class Ticks:
    """Ticks of a sensor, each with the cursor of the one before."""

    def __init__(self, name: str, instance: dg.DagsterInstance) -> None:
        self._definitions = build_definitions()
        self._sensor = self._definitions.resolve_sensor_def(name)
        self._instance = instance
        self.cursor: str | None = None

    def tick(self) -> str:
        context = dg.build_sensor_context(
            instance=self._instance,
            cursor=self.cursor,
            resources={"ports": (self._definitions.resources or {})["ports"]}
            if self._sensor.required_resource_keys
            else None,
        )
        said = self._sensor(context)
        assert isinstance(said, dg.SkipReason)
        self.cursor = context.cursor
        return said.skip_message or ""


def _ingested(instance: dg.DagsterInstance, *recids: str) -> list[str]:
    runs = ingest(build_definitions(), instance, "opendata", [Recid(recid) for recid in recids], batch_size=10)
    return [run.run_id for run in runs]


def _died(instance: dg.DagsterInstance) -> None:
    """A run whose process died, and that Dagster does not begin again."""
    job = build_definitions().resolve_job_def("retention")
    instance.report_run_failed(instance.create_run_for_job(job, tags={MAX_RETRIES_TAG: "0"}), "its process died")


def test_a_condition_is_told_once_when_it_begins_and_once_when_it_is_over(
    receiver: Receiver, instance: dg.DagsterInstance
) -> None:
    alerts, rejected = Ticks("alerts", instance), "rejections opendata RecordNotFound"
    alerts.tick()
    assert receiver.bodies == []
    _ingested(instance, GOOD, MISSING)
    alerts.tick()
    _ingested(instance, MISSING)
    alerts.tick()
    (told,) = receiver.bodies
    assert list(told["began"]) == [rejected]
    assert told["text"] == "Began: opendata: 1 recids wait for a steward's decision (RecordNotFound)"


def test_runs_that_fail_as_a_whole_are_one_message_and_the_one_that_succeeds_is_another(
    receiver: Receiver, instance: dg.DagsterInstance
) -> None:
    alerts = Ticks("alerts", instance)
    job = build_definitions().resolve_job_def("retention")
    for _ in range(3):
        _died(instance)
        alerts.tick()
    assert [list(body["began"]) for body in receiver.bodies] == [["run retention"]]
    assert job.execute_in_process(instance=instance).success
    alerts.tick()
    assert [list(body["over"]) for body in receiver.bodies] == [[], ["run retention"]]


def test_what_a_receiver_did_not_take_is_sent_again(receiver: Receiver, instance: dg.DagsterInstance) -> None:
    alerts = Ticks("alerts", instance)
    _died(instance)
    receiver.status = 503
    with pytest.raises(TransientError, match="answered 503") as caught:
        alerts.tick()
    assert "secret" not in str(caught.value)
    receiver.status = 200
    alerts.tick()
    assert len(receiver.bodies) == 1


def test_a_part_that_does_not_answer_is_a_failing_check_and_a_condition(
    receiver: Receiver, instance: dg.DagsterInstance, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, alerts = Ticks("health_of_parts", instance), Ticks("alerts", instance)
    assert parts.tick() == "All parts answer."
    repository, token = load_settings().repository_url, load_settings().repository_token
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", "http://127.0.0.1:9")
    assert parts.tick() == "Does not answer: repository_default."
    alerts.tick()
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", repository)
    monkeypatch.setenv("CERN_ASSETS_REPOSITORY_TOKEN", token.get_secret_value())
    parts.tick()
    alerts.tick()
    name = "part repository_default"
    assert [(list(body["began"]), list(body["over"])) for body in receiver.bodies] == [([name], []), ([], [name])]
    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(health.KEY, "repository_default"), limit=10
    )
    assert len(records) == 3, "a verdict is noted when it changes"


def test_a_part_that_is_silent_is_told_within_the_tick_and_keeps_no_other_from_being_asked(
    instance: dg.DagsterInstance, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_ANSWER_SECONDS", 10.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, and nobody takes them up
        monkeypatch.setenv("CERN_ASSETS_REPOSITORY_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert Ticks("health_of_parts", instance).tick() == "Does not answer: repository_default."
    (record,) = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(health.KEY, "repository_default"), limit=10
    )
    event = record.event.dagster_event if record.event else None
    assert event is not None
    assert "It is silent" in str(event.asset_check_evaluation_data.metadata["message"].value)


def test_old_runs_are_forgotten_but_for_those_with_the_last_word_about_a_recid(
    instance: dg.DagsterInstance, home: Path, run: Run
) -> None:
    first, _ = _ingested(instance, GOOD, "900003"), _ingested(instance, MISSING)
    second = _ingested(instance, GOOD)
    third = _ingested(instance, GOOD)
    published = dg.AssetKey(["opendata", "published_record"])
    before = instance.get_materialized_partitions(published)
    assert before == {GOOD, "900003"}
    assert forget_old_runs(instance, older_than=datetime.now(UTC) - timedelta(days=1)) == (0, 0)
    deleted, kept = forget_old_runs(instance, older_than=datetime.now(UTC) + timedelta(days=1))
    assert (deleted, kept) == (1, 3)
    assert instance.get_run_by_id(second[0]) is None
    assert instance.get_run_by_id(first[0])
    assert instance.get_run_by_id(third[0])
    assert instance.get_materialized_partitions(published) == before
    assert run("ledger", "--json").states == {GOOD: "published", "900003": "published", MISSING: "rejected"}


def test_doctor_tells_of_a_daemon_that_is_silent_and_of_conditions_where_alerts_are_set_up(
    receiver: Receiver, instance: dg.DagsterInstance, run: Run
) -> None:
    with pytest.raises(ConfigurationError, match="silent: "):
        daemon_says(instance)
    _died(instance)
    answer = run("doctor", "--json")
    assert answer.code == 1
    failing = {part["part"]: part["message"] for part in answer.json["parts"] if not part["ok"]}
    assert failing.keys() == {"dagster daemon", "conditions"}
    assert "the last run of retention failed as a whole" in failing["conditions"]
    assert "secret" not in json.dumps(answer.json)


def test_runs_are_in_the_pool_of_what_they_use_target_source_or_store() -> None:
    definitions = build_definitions()

    def pools(job: str) -> set[str | None]:
        return {node.definition.pool for node in definitions.resolve_job_def(job).nodes if isinstance(node, OpNode)}

    assert pools("opendata_ingest") == pools("opendata_retry") == {"target_default"}
    assert pools("opendata_inventory") == {"source_opendata"}
    assert pools("opendata_ledger") == {"store"}
