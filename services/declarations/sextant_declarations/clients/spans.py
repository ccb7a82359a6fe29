"""The `Trace` port over OpenTelemetry: one declaration is one trace through all services.

A delivery carries the context of the span that created it; processing it continues that trace as
its child and links to it as well, as messaging conventions ask. One that is tried again more than
an hour after it was sealed begins a trace of its own, linked: back ends put a trace together once,
and keep it as one page. Outbox rows do the same. What a batch delivers belongs to several traces:
the call runs inside the oldest, and each other trace gets a span of its own over the same time,
linked to it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from opentelemetry.trace import SpanKind

from sextant_declarations.domain.deliveries import Lease
from sextant_declarations.domain.owed import Origin, made_at
from sextant_shared.chassis.metrics import Metric
from sextant_shared.chassis.telemetry import (
    ATTEMPT,
    BATCH_COUNT,
    DESTINATION,
    ENVELOPE_ID,
    ENVELOPE_SIZE,
    ENVELOPE_TYPE,
    MESSAGE_ID,
    OPERATION,
    Telemetry,
    current_traceparent,
)
from sextant_shared.clock import Clock, monotonic, system_clock

QUEUE = "verification"
LATE_S = 3600.0
PROCESSING = Metric(
    "messaging.process.duration",
    "s",
    "how long deliveries were handled, from their lease to what was decided",
    "more than some seconds for most: a rule or the database is slow; exemplars lead to traces",
    is_spread=True,
)


@dataclass(frozen=True)
class Spans:
    """Spans of this service."""

    telemetry: Telemetry
    clock: Clock = system_clock

    @contextmanager
    def processing(self, lease: Lease) -> Iterator[None]:
        """Continue the delivery's trace while it is processed, or begin one for a late retry."""
        is_late = lease.attempts > 1 and self._is_late(made_at(lease.id))
        with self.telemetry.span(
            "process verification",
            kind=SpanKind.CONSUMER,
            parent=None if is_late else lease.traceparent,
            links=[lease.traceparent] if lease.traceparent else [],
            attributes={
                OPERATION: "process",
                DESTINATION: QUEUE,
                MESSAGE_ID: str(lease.seq),
                ATTEMPT: lease.attempts,
                ENVELOPE_ID: lease.id,
                ENVELOPE_TYPE: lease.type,
                ENVELOPE_SIZE: lease.size,
            },
        ):
            began = monotonic()
            try:
                yield
            finally:
                self.telemetry.metrics.measured(PROCESSING, monotonic() - began)

    @contextmanager
    def delivering(self, what: str, origins: Sequence[Origin]) -> Iterator[None]:
        """Continue the traces of outbox rows while they are delivered; late ones are linked."""
        late = {one.traceparent for one in origins if self._is_late(one.retried_since)}
        distinct = list(dict.fromkeys(one.traceparent for one in origins if one.traceparent))
        running = [text for text in distinct if text not in late]
        oldest, others = (running[0], running[1:]) if running else (None, [])
        with ExitStack() as stack:
            for other in others:
                linked = [oldest] if oldest else []
                stack.enter_context(self.telemetry.span(what, parent=other, links=linked))
            stack.enter_context(
                self.telemetry.span(
                    what,
                    kind=SpanKind.PRODUCER,
                    parent=oldest,
                    links=[text for text in distinct if text != oldest],
                    attributes={BATCH_COUNT: len(origins)},
                )
            )
            yield

    @contextmanager
    def inside(self, what: str) -> Iterator[None]:
        """Show a part of the work as a span of its own."""
        with self.telemetry.span(what):
            yield

    def current(self) -> str | None:
        """Return the traceparent of the span we are in."""
        return current_traceparent()

    def _is_late(self, since: float | None) -> bool:
        return since is not None and self.clock() - since > LATE_S
