"""One declaration is one trace in all services, as it arrives behind a real collector."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.debian import NoProgramError
from sextant_shared.chassis.loglines import LogLines
from sextant_shared.chassis.telemetry import ENVELOPE_ID, current_trace_id
from tests.integration.declarations.contents import declaration
from tests.support.collector import collecting, skip_or_fail
from tests.support.otlp import Received, Span, receiver
from tests.support.platform import XAL, Platform, running

pytestmark = pytest.mark.anyio
ROOMS = ("audit", "exchange", "declarations")
REQUESTS, HANDLED = "http.server.request.duration", "messaging.process.duration"
OURS = "127.0.0.2"
PATIENCE_S = 20.0


@pytest.fixture
def behind() -> Iterator[tuple[Received, str]]:
    """What arrives behind a collector, and the collector's address."""
    with receiver() as heard:
        try:
            with collecting(heard.url) as url:
                yield heard, url
        except NoProgramError as error:
            skip_or_fail(error)


def sending(folder: Path, url: str) -> Platform:
    """Return a platform whose services and parties send all they have to a collector."""
    sent = {
        "otlp_endpoint": f"{url}/v1/traces",
        "otlp_metrics_endpoint": f"{url}/v1/metrics",
        "otlp_logs_endpoint": f"{url}/v1/logs",
        "metrics_interval_s": 3600,  # once, when it stops
        "trace_parent": "link",
    }
    overrides = {room: dict(sent) for room in ROOMS}
    overrides["exchange"]["trace_peers"] = (OURS,)
    overrides["audit"]["trace_peers"] = (OURS, "127.0.0.1")  # nobody else calls it in this test
    platform = Platform(folder, overrides={"trace": {"on": True}, **overrides})
    for wire in platform.own_wires.values():
        wire.address = OURS
    return platform


def until(holds: Callable[[], bool]) -> None:
    """Wait until what was sent has arrived."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not arrive"
        time.sleep(0.02)


async def test_one_declaration_is_one_tree_over_all_services_with_its_numbers_and_lines(
    behind: tuple[Received, str], tmp_path: Path
) -> None:
    heard, url = behind
    platform = sending(tmp_path, url)
    async with running(platform):
        with platform.telemetry.request(None), platform.telemetry.span("declare"):
            sender = current_trace_id()
            declared = await platform.declare(XAL, declaration())
            settings = (
                platform.audit_settings(),
                platform.exchange_settings(),
                platform.declarations_settings(),
            )
            for room, of in zip(ROOMS, settings, strict=True):
                lines = LogLines(room, of)  # what `serve` gives to a process for its lines
                lines.take({"event": "tried", "level": "warning", "room": room})
                lines.shutdown()
        await platform.settled()

    def tree() -> list[Span]:
        spans = heard.spans()
        traces = {s.trace for s in spans if s.attributes.get(ENVELOPE_ID) == declared.id}
        return [span for span in spans if span.trace in traces]

    def is_whole() -> bool:
        """What was sent in several batches has arrived, in whatever order."""
        spans = tree()
        lost = {span.parent for span in spans} - {""} - {span.id for span in spans}
        is_all = {span.service for span in spans} == set(ROOMS)
        return is_all and not lost and "deposit reply" in {span.name for span in spans}

    until(lambda: {point.service for point in heard.points() if point.exemplars} >= set(ROOMS))
    until(lambda: {line.service for line in heard.lines()} == set(ROOMS))
    until(is_whole)

    spans, trace = tree(), tree()[0].trace
    ids = [span.id for span in spans]
    assert len(ids) == len(set(ids))
    (root,) = [span for span in spans if not span.parent]
    assert (root.service, root.name) == ("exchange", "POST /v1/envelopes")
    assert root.links == (sender,)  # a caller's trace is linked, and nobody's parent
    assert trace != sender
    assert {span.parent for span in spans} - {""} <= set(ids)
    handled = [span for span in spans if span.name == "process verification"]
    assert [span.links for span in handled] == [(trace,)]
    exemplars = {(p.service, p.name) for p in heard.points() if trace in p.exemplars}
    # Of each series and bucket the newest is kept: the log has taken other entries since.
    assert exemplars >= {("exchange", REQUESTS), ("declarations", HANDLED)}
    assert {line.trace for line in heard.lines()} == {sender}
