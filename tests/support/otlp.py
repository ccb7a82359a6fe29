"""A receiver of OTLP over HTTP, in the test's own process: what a back end behind a collector gets.

It reads what came with the published protocol buffers; nothing of our own code decodes it.
"""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sextant_shared.chassis.settings import ServiceSettings

_READ: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


@dataclass(frozen=True)
class Span:
    """A span as it arrived."""

    trace: str
    id: str
    parent: str
    name: str
    resource: dict[str, Any]
    attributes: dict[str, Any]
    links: tuple[str, ...]

    @property
    def service(self) -> str:
        return str(self.resource["service.name"])


@dataclass(frozen=True)
class Line:
    """A log line as it arrived."""

    trace: str
    service: str
    level: str
    body: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A point of a metric as it arrived: a number, or how often a histogram was fed."""

    name: str
    service: str
    attributes: dict[str, Any]
    number: float
    exemplars: tuple[str, ...]


@dataclass
class Received:
    """Everything that came, in order."""

    url: str = ""
    requests: list[Any] = field(default_factory=list)

    def spans(self) -> list[Span]:
        """Return all spans."""
        return [
            Span(
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                name=span.name,
                resource=_attributes(of.resource.attributes),
                attributes=_attributes(span.attributes),
                links=tuple(link.trace_id.hex() for link in span.links),
            )
            for request in self._of(ExportTraceServiceRequest)
            for of in request.resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]

    def lines(self) -> list[Line]:
        """Return all log lines."""
        return [
            Line(
                trace=record.trace_id.hex(),
                service=str(_attributes(of.resource.attributes)["service.name"]),
                level=record.severity_text,
                body=record.body.string_value,
                attributes=_attributes(record.attributes),
            )
            for request in self._of(ExportLogsServiceRequest)
            for of in request.resource_logs
            for scope in of.scope_logs
            for record in scope.log_records
        ]

    def points(self) -> list[Point]:
        """Return all points of gauges and histograms."""
        return [
            Point(
                name=metric.name,
                service=str(_attributes(of.resource.attributes)["service.name"]),
                attributes=_attributes(point.attributes),
                number=_number(point),
                exemplars=tuple(one.trace_id.hex() for one in point.exemplars),
            )
            for request in self._of(ExportMetricsServiceRequest)
            for of in request.resource_metrics
            for scope in of.scope_metrics
            for metric in scope.metrics
            for point in (*metric.gauge.data_points, *metric.histogram.data_points)
        ]

    def _of(self, kind: type[Any]) -> list[Any]:
        return [request for request in self.requests if isinstance(request, kind)]


@contextmanager
def receiver() -> Iterator[Received]:
    """Yield what is heard at `url`, from the start of the block to its end."""
    heard = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            heard.requests.append(_READ[self.path].FromString(body))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings_of(folder: Path, **changes: Any) -> ServiceSettings:
    """Return the settings of a service that sends its telemetry."""
    needed = {"data_dir": folder, "port": 1, "base_url": "http://room.example"}
    return ServiceSettings(**{**needed, "metrics_interval_s": 3600, **changes})


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def _number(point: Any) -> float:
    if hasattr(point, "bucket_counts"):
        return float(point.count)
    return float(point.as_double or point.as_int)
