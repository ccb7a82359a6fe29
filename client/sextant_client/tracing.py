"""The client's end of a trace: a W3C traceparent per operation, and spans as JSON lines.

Continues the current OpenTelemetry span when the host program has one; needs no OpenTelemetry SDK.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from opentelemetry import trace

from sextant_shared.clock import random_bytes

_NONE: Mapping[str, str] = MappingProxyType({})


class Tracer:
    """Spans of one operation: all share one trace id, the first is the root of the others."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        current = trace.get_current_span().get_span_context()
        self.trace_id = f"{current.trace_id:032x}" if current.is_valid else random_bytes(16).hex()
        self._parents = [f"{current.span_id:016x}"] if current.is_valid else []

    def traceparent(self) -> str:
        """Return the header that makes a server's span a child of the current one."""
        span_id = self._parents[-1] if self._parents else random_bytes(8).hex()
        return f"00-{self.trace_id}-{span_id}-01"

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, str] = _NONE) -> Iterator[None]:
        """Run the block in a span."""
        span_id = random_bytes(8).hex()
        parent = self._parents[-1] if self._parents else None
        self._parents.append(span_id)
        start, status = time.time_ns(), "error"
        try:
            yield
            status = "unset"
        finally:
            self._parents.pop()
            self._write(name, span_id, parent, start, status, attributes)

    def _write(
        self,
        name: str,
        span_id: str,
        parent: str | None,
        start: int,
        status: str,
        attributes: Mapping[str, str],
    ) -> None:
        if self._path is None:
            return
        line: dict[str, object] = {
            "trace_id": self.trace_id,
            "span_id": span_id,
            "parent_id": parent,
            "name": name,
            "service": "client",
            "kind": "client",
            "start": start,
            "end": time.time_ns(),
            "status": status,
            "attributes": dict(attributes),
            "links": [],
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
