"""Metrics: numbers of a service that an operator watches, over OpenTelemetry.

Responsible for the provider of a service, its export, and the numbers that every service has. A
number is read when it is sent, from whoever holds it: nothing is counted twice and no request
waits. Like attributes of spans, numbers and their names tell nothing of content, and nothing of
who deals with whom. Every name stands in a table of docs, with when to look.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from starlette.types import Scope

from sextant_shared.errors import PlatformError

T = TypeVar("T")
Number = Callable[[], float | Mapping[str, float] | None]
"""One number, one for each value of the metric's attribute, or None: then nothing is sent."""

# Seconds, as the HTTP conventions of OpenTelemetry want them.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


@dataclass(frozen=True, slots=True)
class Metric:
    """One number by name and unit (UCUM): what it tells, and when somebody has to look.

    `by` is the attribute that tells its parts apart; it has few values, never a party's name.
    What `grows` is counted from the start of the process and never falls.
    """

    name: str
    unit: str
    tells: str
    look: str = ""
    by: str = ""
    grows: bool = False


REQUESTS = Metric(
    "http.server.request.duration",
    "s",
    "requests by method, route and status, and how long they took; the intake is those of"
    " `POST /v1/envelopes` with 201 and 202",
    "no deposit in an hour that usually has some; many 5xx",
)
IN_FLIGHT = Metric(
    "dxe.service.in_flight",
    "{request}",
    "requests under way: uploads, other writes, reads, requests for tokens",
    "together near `MAX_IN_FLIGHT`, or one near its own bound",
    by="kind",
)
REFUSED = Metric(
    "dxe.service.refused",
    "{request}",
    "requests since the start that found no place and were told to come back",
    "it grows for minutes",
    by="kind",
    grows=True,
)
DISK_FREE = Metric(
    "dxe.service.disk.free", "By", "free where the data lies", "it lasts for less than a week"
)
BALLAST = Metric(
    "dxe.service.disk.ballast",
    "By",
    "held by the ballast file, which an operator releases when the disk is full",
    "it is 0: it was released; fill it again once there is room",
)
CLOCK_SOUND = Metric(
    "dxe.service.clock.sound", "1", "1 while the clock is believed, else 0", "it is 0"
)
OF_EVERY_SERVICE = (REQUESTS, IN_FLIGHT, REFUSED, DISK_FREE, BALLAST, CLOCK_SOUND)


class Metrics:
    """The numbers of one service; without a collector they are kept and sent nowhere."""

    def __init__(
        self,
        service: str,
        endpoint: str | None = None,
        interval_s: float = 60.0,
        readers: Sequence[MetricReader] = (),
    ) -> None:
        self.is_sent = endpoint is not None or bool(readers)
        self.interval_s = interval_s
        self._provider = MeterProvider(
            metric_readers=[*readers, *_exporting(endpoint, interval_s)],
            resource=Resource.create({"service.name": service, "service.namespace": "sextant"}),
            shutdown_on_exit=False,
        )
        self._meter = self._provider.get_meter("sextant")
        self._requests = self._meter.create_histogram(
            REQUESTS.name,
            REQUESTS.unit,
            REQUESTS.tells,
            explicit_bucket_boundaries_advisory=BUCKETS,
        )

    def observe(self, metric: Metric, number: Number) -> None:
        """Send what `number` returns whenever numbers are sent; None is not sent."""

        def read(_: CallbackOptions) -> Iterable[Observation]:
            value = number()
            if value is None:
                return []
            if isinstance(value, Mapping):
                return [Observation(part, {metric.by: name}) for name, part in value.items()]
            return [Observation(value)]

        meter = self._meter
        make = meter.create_observable_counter if metric.grows else meter.create_observable_gauge
        make(metric.name, [read], metric.unit, metric.tells)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request that was answered. Its trace, if it is recorded, goes along."""
        route = scope.get("route")
        attributes = {"http.request.method": scope["method"], "http.response.status_code": status}
        if route is not None:  # a path that no route knows would make a series of its own
            attributes["http.route"] = route.path
        self._requests.record(seconds, attributes)

    def shutdown(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class Snapshot(Generic[T]):
    """What a store said when it was asked last: numbers are read at any moment, off the loop."""

    def __init__(self, metrics: Metrics, look: Callable[[], Awaitable[T]]) -> None:
        self._metrics = metrics
        self._look = look
        self._seen: T | None = None

    def observe(self, metric: Metric, number: Callable[[T], float | Mapping[str, float]]) -> None:
        """Send a number of what was seen; nothing while the store cannot be asked."""

        def read() -> float | Mapping[str, float] | None:
            seen = self._seen
            return None if seen is None else number(seen)

        self._metrics.observe(metric, read)

    async def refresh(self) -> None:
        """Ask the store now. One that does not answer leaves no number: a gap is an alarm too."""
        try:
            self._seen = await self._look()
        except PlatformError:
            self._seen = None

    async def run(self) -> None:
        """Ask for ever, as often as numbers are sent."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._metrics.interval_s)


def _exporting(endpoint: str | None, interval_s: float) -> list[MetricReader]:
    if endpoint is None:
        return []
    exporter = OTLPMetricExporter(endpoint=endpoint, timeout=2)
    return [PeriodicExportingMetricReader(exporter, export_interval_millis=interval_s * 1000)]
