"""Metrics reach a collector; without one they cost nothing and go nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from sextant_shared.chassis.metrics import Metric, Metrics, Snapshot
from sextant_shared.errors import Code, PlatformError


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/metrics", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_number_is_read_when_it_is_sent_and_none_is_not_sent() -> None:
    with collector() as (url, received):
        metrics = Metrics("room", url, interval_s=3600)
        metrics.observe(Metric("dxe.room.lag", "{entry}", "how far behind"), lambda: 7)
        metrics.observe(Metric("dxe.room.unknown", "{entry}", "not known yet"), lambda: None)
        metrics.shutdown()
    assert [path for path, _ in received] == ["/v1/metrics"]
    body = received[0][1]
    assert b"dxe.room.lag" in body
    assert b"dxe.room.unknown" not in body


def test_without_a_collector_nothing_is_sent() -> None:
    metrics = Metrics("room")
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
    metrics = Metrics("room", readers=[reader])
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
