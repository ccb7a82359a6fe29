"""How telemetry leaves a service: where to, in what batches, and what happens when nobody takes it.

Responsible for the exporters of spans, metrics and log lines over OTLP/HTTP, and for the resource
that says whose they are. A collector that is down, slow or silent costs what was to be sent and
nothing else: what waits is bounded in memory, a try ends after `otlp_timeout_s`, and a stop is held
no longer than that for each of the three.
"""

import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from sextant_shared import __version__
from sextant_shared.chassis.exposition import AskedReader
from sextant_shared.chassis.settings import ServiceSettings

EXPORT_INTERVAL_MS = 500  # a demo or an operator should not wait long for the last spans
BATCH = 512  # spans or lines in one request
QUEUE = 2048
TIMEOUT_S = 2.0
SERVICE_NAME = "service.name"
LEFT_OUT = "dxe.left_out"  # on spans that are sent nowhere


def resource_of(service: str, settings: ServiceSettings | None) -> Resource:
    """Return whose telemetry it is: the service, its version, and which of its processes."""
    attributes = {
        SERVICE_NAME: service,
        "service.namespace": "sextant",
        "service.version": __version__,
    }
    if settings:
        attributes["service.instance.id"] = f"{socket.gethostname()}:{settings.port}"
        attributes["deployment.environment.name"] = settings.environment
    return Resource.create(attributes)


class Sending(BatchSpanProcessor):
    """Spans in batches, in the background; a stop waits for them for a bounded time."""

    def __init__(
        self, exporter: SpanExporter, *, queue: int = QUEUE, patience_s: float = TIMEOUT_S
    ) -> None:
        super().__init__(
            exporter,
            max_queue_size=queue,
            schedule_delay_millis=EXPORT_INTERVAL_MS,
            max_export_batch_size=min(BATCH, queue),
        )
        self._patience_ms = int(patience_s * 1000)

    def on_end(self, span: ReadableSpan) -> None:
        """Have the span sent, unless it is marked as one to leave out."""
        if not (span.attributes or {}).get(LEFT_OUT):
            super().on_end(span)

    def shutdown(self) -> None:
        """Send what is left, if somebody takes it in time."""
        self._batch_processor.shutdown(timeout_millis=self._patience_ms)


class SendingLines(BatchLogRecordProcessor):
    """The same for lines of the log."""

    def __init__(self, endpoint: str, *, queue: int, patience_s: float) -> None:
        super().__init__(
            OTLPLogExporter(endpoint=endpoint, timeout=patience_s),
            max_queue_size=queue,
            schedule_delay_millis=EXPORT_INTERVAL_MS,
            max_export_batch_size=min(BATCH, queue),
        )
        self._patience_ms = int(patience_s * 1000)

    def shutdown(self) -> None:
        """Send what is left, if somebody takes it in time."""
        self._batch_processor.shutdown(timeout_millis=self._patience_ms)


class NamedSpans(SpanProcessor):
    """Says the service in each span too: some back ends keep no resource."""

    def __init__(self, service: str) -> None:
        self._service = service

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 -- the signature of a processor
        """Name the service."""
        span.set_attribute(SERVICE_NAME, self._service)


class FileSpanExporter(SpanExporter):
    """Appends one JSON line per span; times are unix nanoseconds.

    A file that is `full` is put aside as `NAME.before.jsonl`, in place of the one before.
    """

    def __init__(self, path: Path, full: int) -> None:
        self._path = path
        self._before = path.with_name(f"{path.stem}.before{path.suffix}")
        self._full = full
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the spans; a full disk costs spans, never a request."""
        lines = "".join(json.dumps(_plain(span)) + "\n" for span in spans).encode()
        try:
            with self._lock:
                return self._append(lines)
        except OSError:
            return SpanExportResult.FAILURE

    def _append(self, lines: bytes) -> SpanExportResult:
        # In one write: whoever reads meanwhile, or after a full disk, finds whole lines.
        with self._path.open("ab", buffering=0) as file:
            began = file.tell()
            if file.write(lines) != len(lines):
                file.truncate(began)
                return SpanExportResult.FAILURE
        if began + len(lines) >= self._full:
            self._path.replace(self._before)
        return SpanExportResult.SUCCESS


def span_processors(service: str, settings: ServiceSettings) -> list[SpanProcessor]:
    """Return what takes the spans of a service to where its settings say."""
    bounds: dict[str, Any] = {
        "queue": settings.otlp_queue,
        "patience_s": settings.otlp_timeout_s,
    }
    found: list[SpanProcessor] = [NamedSpans(service)] if settings.trace_service_name else []
    if settings.trace_file:
        file = FileSpanExporter(settings.trace_file, settings.trace_file_bytes)
        found.append(Sending(file, **bounds))
    if settings.otlp_endpoint:
        exporter = OTLPSpanExporter(
            endpoint=settings.otlp_endpoint, timeout=settings.otlp_timeout_s
        )
        found.append(Sending(exporter, **bounds))
    return found


def metric_readers(settings: ServiceSettings | None) -> list[MetricReader]:
    """Return what sends the numbers of a service, and what gives them to whoever asks.

    Raises:
        PlatformError: `E_STATE` when the port for askers is taken.
    """
    found: list[MetricReader] = []
    if settings is not None and settings.metrics_port is not None:
        found.append(AskedReader(settings.metrics_port))
    if settings is not None and settings.otlp_metrics_endpoint is not None:
        exporter = OTLPMetricExporter(
            endpoint=settings.otlp_metrics_endpoint, timeout=settings.otlp_timeout_s
        )
        interval_ms = settings.metrics_interval_s * 1000
        found.append(PeriodicExportingMetricReader(exporter, export_interval_millis=interval_ms))
    return found


def _plain(span: ReadableSpan) -> dict[str, Any]:
    context, parent = span.context, span.parent
    return {
        "trace_id": f"{context.trace_id:032x}" if context else "",
        "span_id": f"{context.span_id:016x}" if context else "",
        "parent_id": f"{parent.span_id:016x}" if parent else None,
        "name": span.name,
        "service": str(span.resource.attributes.get("service.name", "")),
        "kind": span.kind.name.lower(),
        "start": span.start_time,
        "end": span.end_time,
        "status": span.status.status_code.name.lower(),
        "attributes": dict(span.attributes or {}),
        "links": [
            {"trace_id": f"{link.context.trace_id:032x}", "span_id": f"{link.context.span_id:016x}"}
            for link in span.links
        ],
    }
