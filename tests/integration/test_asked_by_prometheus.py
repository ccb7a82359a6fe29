"""A real Prometheus asks a service: it takes every number, under the names the alerts ask for."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.processes import free_port
from sextant_shared.chassis.metrics import DISK_FREE, IN_FLIGHT, REFUSED, REQUESTS
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import system_clock
from tests.support.otlp import settings_of
from tests.support.promtool import promtool

pytestmark = [pytest.mark.processes, pytest.mark.long]
PATIENCE_S = 60.0
CONFIG = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: sextant/room
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@contextmanager
def prometheus(folder: Path, asked: int) -> Iterator[httpx.Client]:
    """Yield a client of a Prometheus that asks one port each second."""
    (folder / "prometheus.yml").write_text(CONFIG.format(port=asked))
    port = free_port()
    command = [str(promtool().with_name("prometheus")), f"--config.file={folder}/prometheus.yml"]
    command += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    command += ["--enable-feature=exemplar-storage", "--log.level=error"]
    process = subprocess.Popen(command)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as client:
            yield client
    finally:
        process.terminate()
        process.wait(10)


def told(client: httpx.Client, question: str, **words: str) -> list[dict[str, Any]]:
    """Return what Prometheus knows, once it knows something."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            data = client.get(question, params=words).json()["data"]
        except (httpx.TransportError, ValueError):
            data = []  # it starts
        found: list[dict[str, Any]] = data["result"] if isinstance(data, dict) else data
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"Prometheus never knew {words}")


def test_prometheus_takes_numbers_counts_spreads_and_the_trace_of_a_slow_answer(
    tmp_path: Path,
) -> None:
    port = free_port()
    given = settings_of(tmp_path, metrics_port=port, trace_file=tmp_path / "spans.jsonl")
    telemetry = Telemetry("room", given)
    telemetry.metrics.observe(DISK_FREE, lambda: 7)
    telemetry.metrics.observe(IN_FLIGHT, lambda: {'a "path\\of\nmine"': 3})
    telemetry.metrics.observe(REFUSED, lambda: {"reads": 2})
    with telemetry.request(None), telemetry.span("work") as span:
        telemetry.metrics.measured(REQUESTS, 0.7, {"http.route": "/v1/envelopes"})
        trace = f"{span.get_span_context().trace_id:032x}"
    name = "http_server_request_duration_seconds"
    with prometheus(tmp_path, port) as client:
        (free,) = told(client, "/query", query="dxe_service_disk_free_bytes")
        (busy,) = told(client, "/query", query="dxe_service_in_flight")
        (refused,) = told(client, "/query", query="dxe_service_refused_total")
        (slow,) = told(client, "/query", query=f'{name}_bucket{{le="0.5"}} == 0')
        (exemplars,) = told(
            client,
            "/query_exemplars",
            query=f"{name}_bucket",
            start=str(system_clock() - 600),
            end=str(system_clock() + 60),
        )
    telemetry.shutdown()
    assert (free["metric"]["job"], free["value"][1]) == ("sextant/room", "7")
    assert (busy["metric"]["kind"], busy["value"][1]) == ('a "path\\of\nmine"', "3")
    assert refused["value"][1] == "2"
    assert slow["metric"]["http_route"] == "/v1/envelopes"
    assert exemplars["exemplars"][0]["labels"] == {"trace_id": trace}
