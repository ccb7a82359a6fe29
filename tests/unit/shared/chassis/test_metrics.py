"""Metrics reach a collector; without one they cost nothing and go nowhere."""

from pathlib import Path

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.resources import Resource

from sextant_shared.chassis.metrics import Metric, Metrics, Snapshot
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.errors import Code, PlatformError
from tests.support.otlp import receiver, settings_of


def test_a_number_is_read_when_it_is_sent_and_none_is_not_sent(tmp_path: Path) -> None:
    with receiver() as heard:
        url = f"{heard.url}/v1/metrics"
        metrics = Telemetry("room", settings_of(tmp_path, otlp_metrics_endpoint=url)).metrics
        metrics.observe(Metric("dxe.room.lag", "{entry}", "how far behind"), lambda: 7)
        metrics.observe(Metric("dxe.room.unknown", "{entry}", "not known yet"), lambda: None)
        metrics.shutdown(patience_s=2)
    assert [(point.name, point.number) for point in heard.points()] == [("dxe.room.lag", 7)]


def test_without_a_collector_nothing_is_sent() -> None:
    metrics = Metrics(Resource.create())
    metrics.observe(Metric("dxe.room.lag", "{entry}", "how far behind"), lambda: 1 / 0)
    metrics.shutdown()


@pytest.mark.anyio
async def test_a_store_that_does_not_answer_leaves_a_gap_and_comes_back() -> None:
    answers: list[int | PlatformError] = [3, PlatformError(Code.UNAVAILABLE, "away"), 4]

    async def look() -> int:
        answer = answers.pop(0)
        if isinstance(answer, PlatformError):
            raise answer
        return answer

    reader = InMemoryMetricReader()
    metrics = Metrics(Resource.create(), [reader])
    seen = Snapshot(metrics, look)
    seen.observe(Metric("dxe.room.waiting", "{thing}", "what waits"), float)
    found = [sent(reader)]
    for _ in range(3):
        await seen.refresh()
        found.append(sent(reader))
    assert found == [[], [3.0], [], [4.0]]
    metrics.shutdown()


def sent(reader: InMemoryMetricReader) -> list[float]:
    data = reader.get_metrics_data()
    return [
        point.value
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if isinstance(point, NumberDataPoint)
    ]
