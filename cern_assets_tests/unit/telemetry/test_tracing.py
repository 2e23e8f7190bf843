"""Spans and metrics: a journey is a trace, stages hold their calls, and nothing private is told."""

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from cern_assets.model.events import CallMade, Event, FileMoved, StageStarted, Waited
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets.telemetry.tracing import NAME, TracedSink, TraceIds, otlp_sink
from cern_assets_tests.services.command_line import finished
from cern_assets_tests.services.told import fact, outcome

SECRET = "s3cr3t-of-nobody"


def _call(status: int = 200) -> CallMade:
    return CallMade(
        system="opendata", method="GET", route="/api/records/*", http_status=status,
        elapsed_seconds=0.5, wait_seconds=2.0,
    )  # fmt: skip


def _journey() -> list[Event]:
    moved = FileMoved(key=f"a.root?authz={SECRET}", way="in", how="moved", size_bytes=7, elapsed_seconds=1.0)
    return [
        fact(1, "7", "raw_record", StageStarted(), run_id="r"),
        fact(2, "7", "raw_record", _call(), run_id="r"),
        outcome(3, "7", "raw_record", "done", elapsed_seconds=2.0).model_copy(update={"place": fact(
            3, "7", "raw_record", StageStarted(), run_id="r").place}),
        fact(4, "7", "raw_files", StageStarted(), run_id="r"),
        fact(5, "7", "raw_files", _call(503), run_id="r"),
        fact(6, "7", "raw_files", Waited(reason="retry", wait_seconds=0.25), run_id="r"),
        fact(7, "7", "raw_files", moved, run_id="r"),
        outcome(8, "7", "raw_files", "rejected", message=f"of somebody@example.org, token={SECRET}").model_copy(
            update={"place": fact(8, "7", "raw_files", StageStarted(), run_id="r").place}),
    ]  # fmt: skip


class _Memory:
    """A traced sink over a spool, with what it exported."""

    def __init__(self, folder: Path) -> None:
        self._spans, self._reader, ids = InMemorySpanExporter(), InMemoryMetricReader(), TraceIds()
        traces = TracerProvider(id_generator=ids)
        traces.add_span_processor(SimpleSpanProcessor(self._spans))
        meters = MeterProvider([self._reader])
        self.sink = TracedSink(SpoolSink(folder), traces, ids, meters.get_meter(NAME))

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._spans.get_finished_spans()}

    @property
    def metrics(self) -> set[str]:
        data = self._reader.get_metrics_data()
        assert data is not None
        return {each.name for part in data.resource_metrics for scope in part.scope_metrics for each in scope.metrics}


def test_a_journey_is_one_trace_of_stages_that_hold_what_was_done(tmp_path: Path) -> None:
    memory = _Memory(tmp_path)
    for event in _journey():
        memory.sink.emit([event])
    spans = memory.spans
    assert set(spans) == {"raw_record", "GET opendata", "raw_files", "wait retry", "file in"}
    assert len({span.context.trace_id for span in spans.values() if span.context}) == 1
    first, files, call = spans["raw_record"], spans["raw_files"], spans["GET opendata"]
    assert first.parent is None
    assert call.parent is not None
    assert files.context is not None
    assert call.parent.span_id == files.context.span_id
    assert call.kind is SpanKind.CLIENT
    assert call.status.status_code is StatusCode.ERROR
    assert call.end_time is not None
    assert call.start_time is not None
    assert call.end_time - call.start_time == 500_000_000
    assert first.attributes is not None
    assert first.attributes["cern_assets.recid"] == "7"
    assert first.attributes["cern_assets.status"] == "done"
    assert first.status.status_code is StatusCode.UNSET
    assert files.status.status_code is StatusCode.ERROR
    assert files.attributes is not None
    assert files.attributes["cern_assets.code"] == "ChecksumMismatch"
    assert memory.metrics == {f"{NAME}.{name}" for name in (
        "stage.duration", "call.duration", "wait.time", "file.size")}  # fmt: skip


def test_what_is_exported_tells_nothing_private(tmp_path: Path) -> None:
    memory = _Memory(tmp_path)
    memory.sink.emit(_journey())
    told = "".join(span.to_json() for span in memory.spans.values())
    assert "cern_assets.key" in told
    assert SECRET not in told
    assert "somebody@" not in told


def test_the_spool_has_every_event_all_the_same(tmp_path: Path) -> None:
    memory = _Memory(tmp_path)
    memory.sink.emit(_journey())
    with TelemetryStore(tmp_path) as store:
        assert len(list(store.rows("FROM known_events"))) == len(_journey())
        assert list(store.rows("FROM lost_events")) == []


class _Receiver(HTTPServer):
    """An OTLP receiver: what it was sent, by path, and with which headers."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.authorisations: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Receiving)


class _Receiving(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        assert isinstance(server, _Receiver)
        unpacked = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        server.bodies[self.path] = server.bodies.get(self.path, b"") + unpacked  # messages of protobuf add up
        server.authorisations.add(self.headers.get("Authorization", ""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


@contextmanager
def _receiver() -> Iterator[_Receiver]:
    with _Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _recids(body: bytes) -> set[str]:
    sent = ExportTraceServiceRequest.FromString(body)
    spans = [span for part in sent.resource_spans for scope in part.scope_spans for span in scope.spans]
    return {each.value.string_value for span in spans for each in span.attributes if each.key == "cern_assets.recid"}


def test_a_receiver_is_sent_spans_and_metrics_with_its_headers(tmp_path: Path) -> None:
    with _receiver() as server:
        address = f"http://127.0.0.1:{server.server_port}"
        sink, providers = otlp_sink(SpoolSink(tmp_path), address, "authorization=Bearer%20x", "ours")
        sink.emit(_journey())
        for provider in providers:
            provider.shutdown()
    assert _recids(server.bodies["/v1/traces"]) == {"7"}
    metrics = ExportMetricsServiceRequest.FromString(server.bodies["/v1/metrics"])
    (resource,) = {each.value.string_value for part in metrics.resource_metrics for each in part.resource.attributes
                   if each.key == "service.name"}  # fmt: skip
    assert resource == "ours"
    assert server.authorisations == {"Bearer x"}


def test_an_ingest_exports_its_stages_where_an_endpoint_is_set(home: Path) -> None:
    with _receiver() as server:
        settings = {name: value for name, value in os.environ.items() if name.startswith(("CERN_ASSETS_", "DAGSTER_"))}
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
        answer = finished("ingest", "--json", "900003", folder=home, **settings)
    assert answer.code == 0, answer.out
    assert _recids(server.bodies["/v1/traces"]) == {"900003"}


def test_without_an_endpoint_the_library_is_not_even_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from cern_assets.settings import load_settings; from cern_assets.wiring import build_telemetry; "
        "build_telemetry(load_settings()); sys.exit('opentelemetry' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
