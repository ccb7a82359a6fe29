"""Metrics: numbers of a service that an operator watches, over OpenTelemetry.

Responsible for the provider of a service and the numbers that every service has. A number is read
when it is sent, from whoever holds it: nothing is counted twice and no request waits. Like
attributes of spans, numbers and their names tell nothing of content, and nothing of who deals with
whom. Every name stands in a table of docs, with when to look.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from opentelemetry.metrics import CallbackOptions, Histogram, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
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
    `is_spread` says that many measurements are counted by size, as a histogram.
    What `grows` is counted from the start of the process and never falls. `across` says what the
    numbers of several processes come to: what each counts for itself is added up; of what all of
    them see, the worst is shown.
    """

    name: str
    unit: str
    tells: str
    look: str = ""
    by: str = ""
    is_spread: bool = False
    grows: bool = False
    across: Literal["max", "min", "sum"] = "max"


REQUESTS = Metric(
    "http.server.request.duration",
    "s",
    "requests by method, route and status, and how long they took; the intake is those of"
    " `POST /v1/envelopes` with 201 and 202",
    "no deposit in an hour that usually has some; many 5xx",
    is_spread=True,
)
IN_FLIGHT = Metric(
    "dxe.service.in_flight",
    "{request}",
    "requests under way: uploads, other writes, reads, requests for tokens",
    "together near `MAX_IN_FLIGHT`, or one near its own bound",
    by="kind",
    across="sum",
)
REFUSED = Metric(
    "dxe.service.refused",
    "{request}",
    "requests since the start that found no place and were told to come back",
    "it grows for minutes",
    by="kind",
    grows=True,
    across="sum",
)
DISK_FREE = Metric(
    "dxe.service.disk.free",
    "By",
    "free where the data lies",
    "it lasts for less than a week",
    across="min",
)
BALLAST = Metric(
    "dxe.service.disk.ballast",
    "By",
    "held by the ballast file, which an operator releases when the disk is full",
    "it is 0: it was released; fill it again once there is room",
    across="min",
)
CLOCK_SOUND = Metric(
    "dxe.service.clock.sound",
    "1",
    "1 while the clock is believed, else 0",
    "it is 0",
    across="min",
)
CERTIFICATES = Metric(
    "dxe.service.certificate.left",
    "s",
    "how long the certificates of each of the `CERTIFICATE_FILES` hold; 0 for one that cannot be"
    " read",
    "below two weeks",
    by="file",
    across="min",
)
OF_EVERY_SERVICE = (
    REQUESTS,
    IN_FLIGHT,
    REFUSED,
    DISK_FREE,
    BALLAST,
    CLOCK_SOUND,
    CERTIFICATES,
)


class Metrics:
    """The numbers of one service; without a collector they are kept and sent nowhere."""

    def __init__(
        self,
        resource: Resource,
        readers: Sequence[MetricReader] = (),
        *,
        interval_s: float = 60.0,
    ) -> None:
        self.is_sent = bool(readers)
        self.interval_s = interval_s
        self._provider = MeterProvider(
            metric_readers=readers,
            resource=resource,
            shutdown_on_exit=False,
        )
        self._meter = self._provider.get_meter("sextant")
        self._spread: dict[str, Histogram] = {}

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
        attributes: dict[str, str | int] = {
            "http.request.method": scope["method"],
            "http.response.status_code": status,
        }
        if route is not None:  # a path that no route knows would make a series of its own
            attributes["http.route"] = route.path
        self.measured(REQUESTS, seconds, attributes)

    def measured(
        self, metric: Metric, seconds: float, attributes: Mapping[str, str | int] | None = None
    ) -> None:
        """Count how long something took. The trace under way, if it is recorded, goes along."""
        if metric.name not in self._spread:
            self._spread[metric.name] = self._meter.create_histogram(
                metric.name,
                metric.unit,
                metric.tells,
                explicit_bucket_boundaries_advisory=BUCKETS,
            )
        self._spread[metric.name].record(seconds, attributes)

    def shutdown(self, patience_s: float = 0.0) -> None:
        """Send what is left, if somebody takes it in time."""
        with suppress(Exception):  # the provider raises whatever its readers could not do in time
            self._provider.shutdown(timeout_millis=max(1.0, patience_s * 1000))


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
