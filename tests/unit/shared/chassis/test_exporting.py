"""Spans and log lines reach a collector; one that is down costs them, and never holds a stop."""

import logging
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from sextant_shared.chassis.exporting import Sending
from sextant_shared.chassis.loglines import LogLines
from sextant_shared.chassis.logs import setup_logs
from sextant_shared.chassis.telemetry import Telemetry, current_trace_id
from tests.support.otlp import receiver, settings_of


@pytest.fixture
def silence() -> Iterator[str]:
    """A collector that takes connections and answers nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def logging_afterwards() -> Iterator[None]:
    """Logging as it was before, after the test."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, structlog.get_config())
    yield
    root.handlers[:], root.level = before[:2]
    structlog.configure(**before[2])


@pytest.mark.parametrize("where", ["silence", "nobody"])
def test_a_collector_that_is_down_costs_spans_and_holds_no_stop(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(where)
    settings = settings_of(
        tmp_path,
        otlp_endpoint=f"{url}/v1/traces",
        otlp_metrics_endpoint=f"{url}/v1/metrics",
        otlp_timeout_s=0.2,
        otlp_queue=64,
    )
    telemetry = Telemetry("room", settings)
    began = time.monotonic()
    for number in range(1000):
        with telemetry.request(None), telemetry.span(f"work {number}"):
            pass
    worked = time.monotonic()
    telemetry.shutdown()
    # To wait for the collector with each batch would take three seconds, the SDK's own stop thirty.
    assert worked - began < 2
    assert time.monotonic() - worked < 2


class Stuck(SpanExporter):
    """A collector that takes the first batch only when it is let go."""

    def __init__(self) -> None:
        self.go = Event()
        self.taken: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.go.wait(5)
        self.taken += [span.name for span in spans]
        return SpanExportResult.SUCCESS


def test_what_waits_for_a_collector_is_bounded_and_the_newest_is_kept() -> None:
    stuck = Stuck()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Sending(stuck, queue=8))
    tracer = provider.get_tracer("test")
    for number in range(1000):
        tracer.start_span(str(number)).end()
    stuck.go.set()
    provider.shutdown()
    assert stuck.taken[-1] == "999"
    assert len(stuck.taken) <= 2 * 8  # one batch under way, one queue behind it


def test_spans_say_whose_they_are_and_name_the_service_inside_when_asked(tmp_path: Path) -> None:
    with receiver() as heard:
        for named in (False, True):
            settings = settings_of(
                tmp_path, otlp_endpoint=f"{heard.url}/v1/traces", trace_service_name=named
            )
            telemetry = Telemetry("room", settings)
            with telemetry.request(None), telemetry.span("work"):
                pass
            telemetry.shutdown()
    plain, named_span = heard.spans()
    assert plain.service == named_span.service == "room"
    assert plain.resource["service.instance.id"] == f"{socket.gethostname()}:1"
    assert plain.resource["deployment.environment.name"] == "development"
    assert (plain.attributes, named_span.attributes) == ({}, {"service.name": "room"})


@pytest.mark.usefixtures("logging_afterwards")
def test_a_line_reaches_the_collector_in_its_trace_and_leaves_content_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiver() as heard:
        settings = settings_of(tmp_path, otlp_logs_endpoint=f"{heard.url}/v1/logs")
        lines = LogLines("room", settings)
        setup_logs("room", current_trace_id, lines.take)
        telemetry = Telemetry("room")
        with telemetry.request(None):
            trace = current_trace_id()
            structlog.get_logger("t").warning("entries.owed", count=3, parts=["a"], why="x" * 5000)
            error = ValueError("forty tonnes of a secret")
            structlog.get_logger("t").error("unexpected error", exc_info=error)
        logging.getLogger("library").warning("a library warns")
        logging.getLogger("opentelemetry.exporter").warning("the collector is down")
        lines.shutdown()
    owed, failed, library = heard.lines()
    assert (owed.trace, owed.service, owed.level) == (trace, "room", "WARNING")
    assert owed.body == "entries.owed"
    assert (owed.attributes["count"], len(owed.attributes["why"])) == (3, 1024)
    assert "parts" not in owed.attributes
    assert failed.attributes == {"exception.type": "ValueError"}
    assert (library.trace, library.body) == ("", "a library warns")
    written = capsys.readouterr().err
    assert "forty tonnes" in written
    assert "the collector is down" in written
    assert "forty tonnes" not in str(heard.requests)


@pytest.mark.usefixtures("logging_afterwards")
def test_a_collector_of_lines_that_is_down_holds_no_stop(tmp_path: Path, nobody: str) -> None:
    settings = settings_of(tmp_path, otlp_logs_endpoint=f"{nobody}/v1/logs", otlp_timeout_s=0.2)
    lines = LogLines("room", settings)
    setup_logs("room", current_trace_id, lines.take)
    for number in range(100):
        structlog.get_logger("t").warning("owed", number=number)
    began = time.monotonic()
    lines.shutdown()
    assert time.monotonic() - began < 1
