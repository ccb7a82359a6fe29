"""Numbers of a service for a Prometheus that comes and asks, beside or without a collector.

Responsible for their text (OpenMetrics 1.0) and for a listener of its own on this machine: numbers
are no part of what parties may call, so no edge leads to them. A service that died answers nothing,
and its silence is seen; a file of numbers would go on saying that all is well. Not responsible for
which numbers there are: `metrics`.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    Histogram,
    HistogramDataPoint,
    InMemoryMetricReader,
    MetricsData,
    Sum,
)
from opentelemetry.sdk.metrics.export import Metric as Sent

from sextant_shared.errors import Code, PlatformError

PATH = "/metrics"
LOOPBACK = "127.0.0.1"
_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_PATIENCE_S = 5.0  # callers are answered one after the other: none may hold the others up
# How Prometheus spells units: https://opentelemetry.io/docs/specs/otel/compatibility
_UNITS = {"s": "_seconds", "By": "_bytes", "1": "_ratio"}


class AskedReader(InMemoryMetricReader):
    """Answers who asks this machine's `port` for the numbers as they are at that moment."""

    def __init__(self, port: int) -> None:
        """Listen.

        Raises:
            PlatformError: `E_STATE` when somebody else has the port.
        """
        super().__init__()
        try:
            self._server = _Asked(port, self)
        except OSError as error:
            raise PlatformError(
                Code.STATE,
                f"METRICS_PORT {port} cannot be had: {error.strerror}",
                fix="Each process has a port of its own for its numbers.",
            ) from error
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    def text(self) -> str:
        """Return the numbers now."""
        return exposition(self.get_metrics_data())

    def shutdown(self, timeout_millis: float = 30_000, **options: Any) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        super().shutdown(timeout_millis=timeout_millis, **options)


class _Asked(HTTPServer):
    """One caller at a time: a Prometheus asks a few times in a minute."""

    def __init__(self, port: int, reader: AskedReader) -> None:
        super().__init__((LOOPBACK, port), _Answer)
        self.reader = reader

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the caller went away, or never spoke."""


class _Answer(BaseHTTPRequestHandler):
    """`GET /metrics`, and nothing else."""

    timeout = _PATIENCE_S
    server: _Asked

    def do_GET(self) -> None:
        """Answer with the numbers."""
        found = self.path.partition("?")[0] == PATH
        body = self.server.reader.text().encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", _CONTENT_TYPE if found else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name in the library
        """Say nothing: it is asked for ever."""


def prometheus_name(name: str, unit: str, *, grows: bool) -> str:
    """Return the name under which Prometheus keeps a metric."""
    total = "_total" if grows else ""
    return name.replace(".", "_") + _UNITS.get(unit, "") + total


def exposition(data: MetricsData | None) -> str:
    """Return numbers in the text format of OpenMetrics 1.0, the traces of histograms along."""
    lines: list[str] = []
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                lines += _family(metric)
    return "\n".join([*lines, "# EOF", ""])


def _family(metric: Sent) -> Iterator[str]:
    data = metric.data
    grows = isinstance(data, Sum) and data.is_monotonic
    name = prometheus_name(metric.name, metric.unit or "", grows=False)
    kind = "histogram" if isinstance(data, Histogram) else "counter" if grows else "gauge"
    yield f"# TYPE {name} {kind}"
    yield f"# HELP {name} {_escaped(metric.description or '')}"
    for point in data.data_points:
        labels = _labels(point.attributes or {})
        if isinstance(point, HistogramDataPoint):
            yield from _spread(name, labels, point)
        else:
            value = getattr(point, "value")  # noqa: B009 -- of all but exponential histograms
            yield f"{name}{'_total' if grows else ''}{_set(labels)} {_number(value)}"


def _spread(name: str, labels: list[str], point: HistogramDataPoint) -> Iterator[str]:
    bounds = [*point.explicit_bounds, float("inf")]
    seen = _by_bucket(point.explicit_bounds, point.exemplars)
    total = 0
    for place, (bound, count) in enumerate(zip(bounds, point.bucket_counts, strict=True)):
        total += count
        within = [*labels, f'le="{_number(bound)}"']
        yield f"{name}_bucket{_set(within)} {total}{_traced(seen.get(place))}"
    yield f"{name}_count{_set(labels)} {point.count}"
    yield f"{name}_sum{_set(labels)} {_number(point.sum)}"


def _by_bucket(bounds: Iterable[float], exemplars: Iterable[Exemplar]) -> dict[int, Exemplar]:
    """Return the newest exemplar of each bucket; a value at a bound lies in the bucket below."""
    places = list(bounds)
    ordered = sorted(exemplars, key=lambda one: one.time_unix_nano)
    return {bisect_left(places, one.value): one for one in ordered if one.trace_id}


def _traced(exemplar: Exemplar | None) -> str:
    if exemplar is None:
        return ""
    trace = f'trace_id="{exemplar.trace_id:032x}"'
    seconds, nanoseconds = divmod(exemplar.time_unix_nano, 1_000_000_000)
    return f" # {{{trace}}} {_number(exemplar.value)} {seconds}.{nanoseconds // 1_000_000:03}"


def _labels(attributes: Mapping[str, Any]) -> list[str]:
    return [
        f'{name.replace(".", "_")}="{_escaped(str(value))}"'
        for name, value in sorted(attributes.items())
    ]


def _set(labels: list[str]) -> str:
    return f"{{{','.join(labels)}}}" if labels else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(value) if isinstance(value, int) else repr(float(value))
