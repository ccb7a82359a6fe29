"""A span, whichever format it came in, and which spans belong to one declaration."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import UUID7_PATTERN

ENVELOPE_ID = "dxe.envelope.id"  # the attribute by which the services name an envelope
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_ENVELOPE_ID = re.compile(UUID7_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A span of this or another trace that a span is about."""

    trace: str
    span: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One piece of work; times are unix nanoseconds, ids lower-case hex."""

    trace: str
    id: str
    parent: str | None
    name: str
    service: str
    kind: str = "internal"
    start: int
    end: int
    status: str = "unset"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[Link, ...] = ()

    def as_line(self) -> dict[str, Any]:
        """Return the span as services write it to a `TRACE_FILE`."""
        return {
            "trace_id": self.trace,
            "span_id": self.id,
            "parent_id": self.parent,
            "name": self.name,
            "service": self.service,
            "kind": self.kind,
            "start": self.start,
            "end": self.end,
            "status": self.status,
            "attributes": dict(self.attributes),
            "links": [{"trace_id": link.trace, "span_id": link.span} for link in self.links],
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a trace, or all traces in which an envelope occurs."""

    trace: str = ""
    envelope: str = ""

    @classmethod
    def of(cls, text: str) -> "Wanted":
        """Return what an id of a person means.

        Raises:
            PlatformError: `E_MALFORMED`.
        """
        given = text.strip().lower()
        if _TRACE_ID.fullmatch(given):
            return cls(trace=given)
        if _ENVELOPE_ID.fullmatch(given):
            return cls(envelope=given)
        raise PlatformError(
            Code.MALFORMED,
            "this is the id of no trace and of no envelope",
            expected="32 hex digits, or an envelope's id (UUIDv7)",
            received=text,
            fix="`sextant status ENVELOPE-ID` and every receipt show both.",
        )

    def __str__(self) -> str:
        return f"trace {self.trace}" if self.trace else f"envelope {self.envelope}"

    def traces_in(self, spans: Iterable[Span]) -> set[str]:
        """Return the traces that are meant, as far as `spans` show."""
        if self.trace:
            return {self.trace}
        return {s.trace for s in spans if s.attributes.get(ENVELOPE_ID) == self.envelope}

    def among(self, spans: Sequence[Span]) -> list[Span]:
        """Return the spans of the traces that are meant, each once, in the order of time."""
        traces = self.traces_in(spans)
        found = {(span.trace, span.id): span for span in spans if span.trace in traces}
        return sorted(found.values(), key=lambda span: (span.start, -span.end, span.id))
