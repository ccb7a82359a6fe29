"""Metrics: numbers of a service that an operator watches, over OpenTelemetry.

Responsible for the provider of a service and its export. A number is read when it is sent, from
whoever holds it: nothing is counted twice and no request waits. Like attributes of spans, numbers
and their names tell nothing of content. Every name stands in a table of docs.
"""

from collections.abc import Callable, Iterable, Sequence

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

Number = Callable[[], float | None]


class Metrics:
    """The numbers of one service; without a collector they are kept and sent nowhere."""

    def __init__(
        self,
        service: str,
        endpoint: str | None = None,
        interval_s: float = 60.0,
        readers: Sequence[MetricReader] = (),
    ) -> None:
        self._provider = MeterProvider(
            metric_readers=[*readers, *_exporting(endpoint, interval_s)],
            resource=Resource.create({"service.name": service, "service.namespace": "sextant"}),
            shutdown_on_exit=False,
        )
        self._meter = self._provider.get_meter("sextant")

    def observe(self, name: str, unit: str, description: str, number: Number) -> None:
        """Send what `number` returns whenever numbers are sent; None is not sent."""

        def read(_: CallbackOptions) -> Iterable[Observation]:
            value = number()
            return [] if value is None else [Observation(value)]

        self._meter.create_observable_gauge(name, [read], unit, description)

    def shutdown(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def _exporting(endpoint: str | None, interval_s: float) -> list[MetricReader]:
    if endpoint is None:
        return []
    exporter = OTLPMetricExporter(endpoint=endpoint, timeout=2)
    return [PeriodicExportingMetricReader(exporter, export_interval_millis=interval_s * 1000)]
