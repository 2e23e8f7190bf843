"""Events as OpenTelemetry's spans and metrics, beside the spool; imported only where an endpoint is configured.

A trace is the journey of a recid in a run; a span is a stage of it, with a span inside for each call, file, archive and
wait. They are made when their events are noted, with the times that the events tell. What a span says is what a line of
the spool says: addresses without secrets, no e-mail addresses, and no words of an error, only its kind.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from opentelemetry.metrics import Meter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.util.types import AttributeValue

from cern_assets.model.events import (
    ArchiveWritten,
    CallMade,
    Event,
    Fact,
    FileMoved,
    Place,
    StageEnded,
    StageStarted,
    Waited,
)
from cern_assets.model.outcomes import SUCCESSFUL
from cern_assets.ports import TelemetrySink
from cern_assets.telemetry.lines import without_private

NAME = "cern_assets"
_MOST_OPEN = 10_000
"""Stages that began and of which no end was told, as their run broke off: beyond so many, the oldest are given up."""

type _Attributes = dict[str, AttributeValue]


class TraceIds(RandomIdGenerator):
    """Trace ids that follow from what the trace is about: stages of one journey meet, whoever notes them."""

    def __init__(self) -> None:
        self._about = threading.local()

    def about(self, place: Place) -> None:
        """Say what the next trace of this thread is about."""
        self._about.text = f"{place.run_id}\0{place.collection}\0{place.recid}"

    def generate_trace_id(self) -> int:
        """128 bits, never zero."""
        return int.from_bytes(hashlib.sha256(self._about.text.encode("utf-8", "replace")).digest()[:16]) or 1


class _Meters:
    """What is counted; labels have few values, so no recid is among them."""

    def __init__(self, meter: Meter) -> None:
        self.stages = meter.create_histogram(f"{NAME}.stage.duration", "s", "Time of a stage for a recid.")
        self.calls = meter.create_histogram(f"{NAME}.call.duration", "s", "Time of a request to another system.")
        self.waits = meter.create_counter(f"{NAME}.wait.time", "s", "Time in which work stood still.")
        self.bytes = meter.create_counter(f"{NAME}.file.size", "By", "Bytes of files in and out, or spared.")
        self.archives = meter.create_counter(f"{NAME}.archive.size", "By", "Bytes of archives.")


class Flushed(Protocol):
    """A provider of spans or metrics, at its end."""

    def shutdown(self) -> None:
        """Export what is held, and stop."""


class TracedSink:
    """A sink that exports what it hands on; an event that cannot be exported is noted all the same."""

    def __init__(self, inner: TelemetrySink, traces: TracerProvider, ids: TraceIds, meter: Meter) -> None:
        self._inner = inner
        self._tracer = traces.get_tracer(NAME)
        self._ids = ids
        self._meters = _Meters(meter)
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, ...], Span] = OrderedDict()

    def ping(self) -> str:
        """Where events go; whether a receiver answers is its own affair."""
        return f"{self._inner.ping()}, and exported as OpenTelemetry"

    def emit(self, events: Sequence[Event]) -> None:
        """Note, then export.

        Raises:
            StorageFullError, StorageUnavailableError: as the inner sink.
        """
        try:
            self._inner.emit(events)
        finally:
            for event in events:
                self._tell(event)

    def _tell(self, event: Event) -> None:
        fact, place = event.fact, event.place
        if isinstance(fact, StageStarted):
            self._begin(event)
        elif isinstance(fact, StageEnded):
            self._end(event, fact)
        elif isinstance(fact, CallMade | FileMoved | ArchiveWritten | Waited):
            self._detail(event, fact)
            self._count(place, fact)

    def _begin(self, event: Event) -> None:
        place = event.place
        self._ids.about(place)
        about = {
            "recid": without_private(place.recid),
            "stage": place.stage,
            "collection": place.collection,
            "source": place.source,
            "run_id": place.run_id,
            "repository": without_private(place.repository),
        }
        span = self._tracer.start_span(place.stage, attributes=_named(about), start_time=_nanoseconds(event.ts))
        with self._lock:
            before = self._open.pop(_key(place), None)
            self._open[_key(place)] = span
            lost = [before] if before else []
            while len(self._open) > _MOST_OPEN:
                lost.append(self._open.popitem(last=False)[1])
        for each in lost:
            each.end(_nanoseconds(event.ts))

    def _end(self, event: Event, fact: StageEnded) -> None:
        with self._lock:
            span = self._open.pop(_key(event.place), None)
        if span is None:  # its beginning was noted by another process
            self._begin(event.model_copy(update={"ts": fact.started}))
            return self._end(event, fact)
        span.set_attributes(
            _named({"status": fact.status, "size_bytes": fact.size_bytes, "files": fact.files, "code": fact.code})
        )
        if fact.status not in SUCCESSFUL:
            span.set_status(StatusCode.ERROR, fact.code)
        span.end(_nanoseconds(event.ts))
        labels = {"stage": event.place.stage, "status": fact.status, "collection": event.place.collection}
        self._meters.stages.record(fact.elapsed_seconds, _named(labels))
        return None

    def _detail(self, event: Event, fact: CallMade | FileMoved | ArchiveWritten | Waited) -> None:
        with self._lock:
            span = self._open.get(_key(event.place))
        if span is None:
            return
        until = _nanoseconds(event.ts)
        name, kind, took = _shape(fact)
        child = self._tracer.start_span(
            name, set_span_in_context(span), kind, attributes=_attributes(event.place, fact),
            start_time=until - int(took * 1e9),
        )  # fmt: skip
        if isinstance(fact, CallMade) and not 0 < fact.http_status < 500:
            child.set_status(StatusCode.ERROR, str(fact.http_status or "no answer"))
        child.end(until)

    def _count(self, place: Place, fact: CallMade | FileMoved | ArchiveWritten | Waited) -> None:
        labels = {"stage": place.stage, "collection": place.collection}
        if isinstance(fact, CallMade):
            called: _Attributes = {
                **labels,
                "system": fact.system,
                "method": fact.method,
                "http_status": fact.http_status,
            }
            self._meters.calls.record(fact.elapsed_seconds, _named(called))
            if fact.wait_seconds:
                self._meters.waits.add(fact.wait_seconds, _named({**labels, "reason": "pace"}))
        elif isinstance(fact, Waited):
            self._meters.waits.add(fact.wait_seconds, _named({**labels, "reason": fact.reason}))
        elif isinstance(fact, FileMoved):
            self._meters.bytes.add(fact.size_bytes, _named({**labels, "way": fact.way, "how": fact.how}))
        else:
            self._meters.archives.add(fact.size_bytes, _named({**labels, "how": fact.how}))


def otlp_sink(
    inner: TelemetrySink, endpoint: str, headers: str, service: str
) -> tuple[TracedSink, tuple[Flushed, Flushed]]:
    """A sink that exports to an OTLP receiver over HTTP, and what is to be shut down at the end (it is at exit).

    `endpoint` is the base address, `headers` are `name=value,name=value` as in `OTEL_EXPORTER_OTLP_HEADERS`. All other
    variables `OTEL_*` are the library's own to read.
    """
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.util.re import parse_env_headers

    resource = Resource.create({"service.name": service})
    sent = parse_env_headers(headers, liberal=True)
    ids = TraceIds()
    traces = TracerProvider(resource=resource, id_generator=ids)
    base = endpoint.rstrip("/")
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces", headers=sent)))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{base}/v1/metrics", headers=sent))
    meters = MeterProvider([reader], resource=resource)
    return TracedSink(inner, traces, ids, meters.get_meter(NAME)), (traces, meters)


def _key(place: Place) -> tuple[str, ...]:
    return place.run_id, place.collection, place.recid, place.stage


def _shape(fact: CallMade | FileMoved | ArchiveWritten | Waited) -> tuple[str, SpanKind, float]:
    """The name of a detail's span, its kind, and how long it took in seconds."""
    if isinstance(fact, CallMade):
        return f"{fact.method} {fact.system}", SpanKind.CLIENT, fact.elapsed_seconds
    if isinstance(fact, Waited):
        return f"wait {fact.reason}", SpanKind.INTERNAL, fact.wait_seconds
    return (
        ("archive" if isinstance(fact, ArchiveWritten) else f"file {fact.way}"),
        SpanKind.INTERNAL,
        fact.elapsed_seconds,
    )


def _attributes(place: Place, fact: Fact) -> _Attributes:
    told = fact.model_dump(exclude={"kind", "elapsed_seconds"})
    clean = {name: without_private(value) if isinstance(value, str) else value for name, value in told.items()}
    return _named({"recid": without_private(place.recid), "stage": place.stage, **clean})


def _named(values: Mapping[str, AttributeValue]) -> _Attributes:
    return {f"{NAME}.{name}": value for name, value in values.items() if value != ""}


def _nanoseconds(ts: str) -> int:
    return round(datetime.fromisoformat(ts).replace(tzinfo=UTC).timestamp() * 1e6) * 1000
