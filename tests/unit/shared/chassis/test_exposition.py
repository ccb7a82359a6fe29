"""A Prometheus that asks is given the numbers of the moment, in its own format."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource

from deploy.local.processes import free_port
from sextant_shared.chassis.exposition import AskedReader, exposition
from sextant_shared.chassis.metrics import REFUSED, REQUESTS, Metric, Metrics
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.errors import PlatformError
from tests.support.otlp import settings_of

LAG = Metric("dxe.room.lag", "{entry}", "how far behind")


@pytest.fixture
def asked() -> Iterator[tuple[AskedReader, Metrics]]:
    """A service's metrics, with a listener for who asks."""
    reader = AskedReader(0)
    metrics = Metrics(Resource.create(), [reader])
    yield reader, metrics
    metrics.shutdown(patience_s=1)


def ask(reader: AskedReader, path: str = "/metrics") -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{reader.port}{path}", timeout=5, trust_env=False)


def text_of(metrics: Metrics, reader: InMemoryMetricReader) -> list[str]:
    lines = exposition(reader.get_metrics_data()).splitlines()
    metrics.shutdown()
    return lines


def test_a_port_that_is_taken_is_said_and_not_served_over(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PlatformError, match=f"METRICS_PORT {port} cannot be had"):
            Telemetry("room", settings_of(tmp_path, metrics_port=port))


def test_nothing_but_the_numbers_is_served(asked: tuple[AskedReader, Metrics]) -> None:
    assert ask(asked[0], "/").status_code == 404
    assert ask(asked[0], "/metrics/more").status_code == 404
    url = f"http://127.0.0.1:{asked[0].port}/metrics"
    assert httpx.post(url, timeout=5, trust_env=False).status_code == 501


def test_who_asks_gets_the_number_of_that_moment(asked: tuple[AskedReader, Metrics]) -> None:
    reader, metrics = asked
    lag = iter((3, 0))
    metrics.observe(LAG, lambda: next(lag))
    assert "dxe_room_lag 3\n" in ask(reader).text
    answer = ask(reader)
    assert "dxe_room_lag 0\n" in answer.text
    assert answer.headers["content-type"].startswith("application/openmetrics-text")


def test_a_service_that_stopped_answers_nobody(tmp_path: Path) -> None:
    port = free_port()
    telemetry = Telemetry("room", settings_of(tmp_path, metrics_port=port))
    url = f"http://127.0.0.1:{port}/metrics"
    assert httpx.get(url, timeout=5, trust_env=False).text.endswith("# EOF\n")
    telemetry.shutdown()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, timeout=5, trust_env=False)


def test_a_count_says_that_it_only_grows() -> None:
    reader = InMemoryMetricReader()
    metrics = Metrics(Resource.create(), [reader])
    metrics.observe(REFUSED, lambda: {"reads": 2, "uploads": 0})
    assert text_of(metrics, reader) == [
        "# TYPE dxe_service_refused counter",
        f"# HELP dxe_service_refused {REFUSED.tells}",
        'dxe_service_refused_total{kind="reads"} 2',
        'dxe_service_refused_total{kind="uploads"} 0',
        "# EOF",
    ]


def test_a_slow_answer_leads_to_its_trace(tmp_path: Path) -> None:
    reader = InMemoryMetricReader()
    traced = settings_of(tmp_path, trace_file=tmp_path / "spans.jsonl")
    telemetry = Telemetry("room", traced, [reader])
    with telemetry.request(None), telemetry.span("work") as span:
        telemetry.metrics.measured(REQUESTS, 0.005, {"http.route": "/v1/x"})
        telemetry.metrics.measured(REQUESTS, 42.0, {"http.route": "/v1/x"})
        trace = f"{span.get_span_context().trace_id:032x}"
    lines = exposition(reader.get_metrics_data()).splitlines()
    telemetry.shutdown()
    name, at = "http_server_request_duration_seconds", 'http_route="/v1/x"'
    slow = next(line for line in lines if 'le="+Inf"' in line)
    assert slow.startswith(f'{name}_bucket{{{at},le="+Inf"}} 2 # {{trace_id="{trace}"}} 42.0 ')
    quick = next(line for line in lines if 'le="0.005"' in line)
    assert quick.startswith(f'{name}_bucket{{{at},le="0.005"}} 1 # {{trace_id="{trace}"}} 0.005 ')
    assert f"{name}_count{{{at}}} 2" in lines
    assert f"{name}_sum{{{at}}} 42.005" in lines


@settings(max_examples=30, deadline=None)
@given(part=st.text())
def test_no_value_of_a_label_leaves_its_line(part: str) -> None:
    reader = InMemoryMetricReader()
    metrics = Metrics(Resource.create(), [reader])
    metrics.observe(Metric("dxe.x", "1", "told", by="file"), lambda: {part: 1})
    lines = exposition(reader.get_metrics_data()).split("\n")
    metrics.shutdown()
    assert len(lines) == 5
    found = re.fullmatch(r'dxe_x_ratio\{file="((?:[^"\\\n]|\\[\\"n])*)"\} 1', lines[2])
    assert found is not None
    escapes = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}
    assert re.sub(r"\\.", lambda match: escapes[match[0]], found[1]) == part
