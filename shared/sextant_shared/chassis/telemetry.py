"""Telemetry of one service: its metrics, and traces: one declaration is one through all services.

Responsible for the provider of traces, for what is recorded, and for carrying a trace context
across a queue row as a W3C `traceparent`. Not responsible for where they go: `exporting`.
Attributes hold opaque ids, digests and counts only: never content, key material, names of persons
or declared values.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sextant_shared.chassis.exporting import (
    LEFT_OUT,
    metric_readers,
    resource_of,
    span_processors,
)
from sextant_shared.chassis.metrics import Metrics
from sextant_shared.chassis.settings import ServiceSettings

_PROPAGATOR = TraceContextTextMapPropagator()

# Attribute names; a test compares every exported attribute with this list and the HTTP conventions.
ENVELOPE_ID = "dxe.envelope.id"
ENVELOPE_TYPE = "dxe.envelope.type"
ENVELOPE_SIZE = "dxe.envelope.size"
LOG_INDEX = "dxe.log.index"
VERDICT = "dxe.verdict"
FINDING_COUNT = "dxe.finding.count"
MESSAGE_ID = "messaging.message.id"
OPERATION = "messaging.operation.name"
DESTINATION = "messaging.destination.name"
ATTEMPT = "dxe.delivery.attempt"
BATCH_COUNT = "messaging.batch.message_count"
WITNESS = "dxe.witness.name"
WITNESS_LAG = "dxe.witness.lag"
WITNESS_STATUS = "http.response.status_code"
ERROR_TYPE = "error.type"

Attributes = Mapping[str, str | int]


_drawn: ContextVar[bool] = ContextVar("drawn", default=False)


class _Drawn(TraceIdRatioBased):
    """Samples what `Telemetry.request` has drawn, and a share of what else begins a trace."""

    def should_sample(
        self, parent_context: Context | None, trace_id: int, *args: Any, **options: Any
    ) -> SamplingResult:
        """Decide for the first span of a trace."""
        if _drawn.get():
            return SamplingResult(Decision.RECORD_AND_SAMPLE, options.get("attributes"))
        return super().should_sample(parent_context, trace_id, *args, **options)


class Telemetry:
    """Tracer and metrics of one service; without exporters it records nothing and costs little."""

    def __init__(
        self,
        service: str,
        settings: ServiceSettings | None = None,
        readers: Sequence[MetricReader] = (),
    ) -> None:
        """`readers` are given the metrics beside the collector that the settings name."""
        resource = resource_of(service, settings)
        self._patience_s = settings.otlp_timeout_s if settings else 0.0
        self.metrics = Metrics(
            resource,
            [*readers, *metric_readers(settings)],
            interval_s=settings.metrics_interval_s if settings else 60.0,
        )
        ratio = settings.trace_sample_ratio if settings and settings.tracing else 0.0
        self.provider = TracerProvider(
            resource=resource,
            sampler=ParentBased(root=_Drawn(ratio)),
            shutdown_on_exit=False,
        )
        self.enabled = bool(settings and settings.tracing)
        self._ratio = ratio
        self.tracer = self.provider.get_tracer("sextant")
        for processor in span_processors(service, settings) if settings else ():
            self.provider.add_span_processor(processor)

    @contextmanager
    def request(self, parent: str | None) -> Iterator[bool]:
        """Draw whether this request is recorded and say so; if not, only its ids are there.

        Drawn before the framework's telemetry runs: to build a span that nobody will see cost more
        than the parse of a manifest. `parent` is the caller's `traceparent`, where it is accepted.
        """
        caller = _span_context(parent) if parent else None
        is_recorded = caller.trace_flags.sampled if caller else self._draws()
        if is_recorded:
            token = _drawn.set(True)
            try:
                yield True
            finally:
                _drawn.reset(token)
            return
        ids = self.provider.id_generator
        trace_id = caller.trace_id if caller else ids.generate_trace_id()
        unseen = trace.SpanContext(trace_id, ids.generate_span_id(), is_remote=False)
        # By hand: `use_span` is made for spans that record what goes wrong, and costs double.
        attached = attach(trace.set_span_in_context(trace.NonRecordingSpan(unseen)))
        try:
            yield False
        finally:
            detach(attached)

    def _draws(self) -> bool:
        return random.random() < self._ratio  # noqa: S311 -- a sample, nothing to be guarded

    def shutdown(self) -> None:
        """Send what is left, within `otlp_timeout_s` for spans and for numbers."""
        self.provider.shutdown()
        self.metrics.shutdown(self._patience_s)

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: str | None = None,
        links: Sequence[str] = (),
        attributes: Attributes | None = None,
    ) -> Iterator[Span]:
        """Run the block in a span; `parent` and `links` are stored `traceparent` texts.

        Without `parent` the current span is the parent. Exceptions set the status, not events:
        their messages could carry content.
        """
        with self.tracer.start_as_current_span(
            name,
            context=_context_of(parent) if parent else None,
            kind=kind,
            links=[link for text in links if (link := _link_of(text))],
            attributes=dict(attributes or {}),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_status(StatusCode.ERROR)
                span.set_attribute(ERROR_TYPE, str(getattr(error, "code", type(error).__name__)))
                raise


def current_traceparent() -> str | None:
    """Return the current span as a `traceparent`, to be stored with a row; None outside a span."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str:
    """Return the current trace id as 32 hex digits, empty outside a span."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def link_current(traceparent: str) -> None:
    """Link the current span to a `traceparent` of somebody else; another text is ignored."""
    context = _span_context(traceparent)
    if context:
        trace.get_current_span().add_link(context)


def leave_out_current() -> None:
    """Have the current span sent nowhere: a call that is made all day and brought nothing."""
    trace.get_current_span().set_attribute(LEFT_OUT, value=True)


def trace_id_of(traceparent: str | None) -> str:
    """Return the trace id inside a `traceparent`, empty for None or another text."""
    context = _span_context(traceparent) if traceparent else None
    return f"{context.trace_id:032x}" if context else ""


def _context_of(traceparent: str) -> Context:
    return _PROPAGATOR.extract({"traceparent": traceparent}, context=Context())


def _span_context(traceparent: str) -> trace.SpanContext | None:
    context = trace.get_current_span(_context_of(traceparent)).get_span_context()
    return context if context.is_valid else None


def _link_of(traceparent: str) -> Link | None:
    context = _span_context(traceparent)
    return Link(context) if context else None
