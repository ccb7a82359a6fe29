"""One trace for one declaration, also where one call serves many."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from sextant_declarations.clients.spans import Spans
from sextant_declarations.domain.owed import DueEntry, Origin, made_at
from sextant_shared.chassis.telemetry import Telemetry, current_traceparent
from sextant_shared.clock import parse_timestamp, uuid7
from sextant_shared.models.entries import format_entry
from tests.support.entries import sample_of
from tests.unit.declarations.world import World

FIRST = f"00-{1:032x}-{1:016x}-01"
SECOND = f"00-{2:032x}-{2:016x}-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[Spans]:
    telemetry = Telemetry("declarations")
    telemetry.provider = TracerProvider()
    telemetry.provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.tracer = telemetry.provider.get_tracer("test")
    yield Spans(telemetry)
    telemetry.shutdown()


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    trace_id: int = span.context.trace_id
    return trace_id


def test_processing_continues_the_deliverys_trace_and_links_to_it(
    spans: Spans, exporter: InMemorySpanExporter
) -> None:
    world = World()
    lease = world.lease(world.declare(), traceparent=FIRST)
    with spans.processing(lease), spans.inside("open and check"):
        inside = current_traceparent()
    part, whole = exporter.get_finished_spans()
    assert (whole.name, whole.kind) == ("process verification", SpanKind.CONSUMER)
    assert trace_of(whole) == trace_of(part) == 1
    assert [link.context.trace_id for link in whole.links] == [1]
    assert inside is not None
    assert inside.split("-")[1] == f"{1:032x}"
    said = " ".join(str(value) for value in (whole.attributes or {}).values())
    assert lease.id in said
    assert lease.sender not in said


@pytest.mark.parametrize(
    ("attempts", "later_s", "parent"), [(1, 7200, 1), (2, 3000, 1), (2, 3700, None)]
)
def test_only_a_retry_of_more_than_an_hour_begins_its_own_trace_and_links_the_first(
    spans: Spans, exporter: InMemorySpanExporter, attempts: int, later_s: float, parent: int | None
) -> None:
    lease = replace(
        World().lease(World().declare(), traceparent=FIRST, attempts=attempts),
        id=uuid7(lambda: 1e9),
    )
    with replace(spans, clock=lambda: 1e9 + later_s).processing(lease):
        pass
    (span,) = exporter.get_finished_spans()
    assert (span.parent.span_id if span.parent else None) == parent
    assert (trace_of(span) == 1) == (parent is not None)
    assert [link.context.trace_id for link in span.links] == [1]


def test_a_batch_shows_in_each_trace_it_serves(
    spans: Spans, exporter: InMemorySpanExporter
) -> None:
    with spans.delivering("append entries", [Origin(one) for one in (FIRST, SECOND, FIRST, None)]):
        inside = current_traceparent()
    done = exporter.get_finished_spans()
    assert sorted(trace_of(span) for span in done) == [1, 2]
    assert inside is not None
    assert inside.split("-")[1] == f"{1:032x}"
    linked = {trace_of(s): [link.context.trace_id for link in s.links] for s in done}
    assert linked == {1: [2], 2: [1]}


def test_a_row_that_is_tried_again_after_an_hour_is_linked_and_the_others_go_on(
    spans: Spans, exporter: InMemorySpanExporter
) -> None:
    at_nine = replace(spans, clock=lambda: 1e9)
    with at_nine.delivering("append entries", [Origin(FIRST, 1e9 - 3700), Origin(SECOND, 1e9)]):
        pass
    (span,) = exporter.get_finished_spans()
    assert trace_of(span) == 2
    assert [link.context.trace_id for link in span.links] == [1]
    exporter.clear()
    with at_nine.delivering("deposit reply", [Origin(FIRST, 1e9 - 3700)]):
        pass
    (span,) = exporter.get_finished_spans()
    assert span.parent is None
    assert trace_of(span) not in {1, 2}
    assert [link.context.trace_id for link in span.links] == [1]


def test_only_what_was_tried_before_says_since_when() -> None:
    id_, sample = uuid7(lambda: 1e9), sample_of("declaration.opened")
    leaf = format_entry(sample)
    for attempts, since in ((0, None), (1, parse_timestamp(sample.t))):
        entry = DueEntry(row=1, leaf=leaf, traceparent=FIRST, attempts=attempts)
        assert entry.origin == Origin(FIRST, since)
    assert made_at(id_) == 1e9


def test_rows_without_a_trace_begin_their_own(spans: Spans, exporter: InMemorySpanExporter) -> None:
    with spans.delivering("deposit reply", [Origin(None)]):
        pass
    (span,) = exporter.get_finished_spans()
    assert span.parent is None
