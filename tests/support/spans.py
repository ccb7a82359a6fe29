"""One declaration's spans, and the same in every format that back ends answer with."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sextant_client.traces.spans import ENVELOPE_ID, Link, Span

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "000000000000000000000000000000a7"
ENVELOPE = "0190b5a0-0000-7000-8000-000000000001"
BEGIN = 1_790_000_000_000_000_000
MS = 1_000_000


def span(number: int, parent: int | None, start: int, end: int, **changes: Any) -> Span:
    """Return a span that lasts from `start` to `end`, in milliseconds."""
    given: dict[str, Any] = {
        "trace": TRACE,
        "id": f"{number:016x}",
        "parent": f"{parent:016x}" if parent else None,
        "name": f"work {number}",
        "service": "exchange",
        "start": BEGIN + start * MS,
        "end": BEGIN + end * MS,
    }
    return Span(**{**given, **changes})


STORY = (
    span(
        1, None, 0, 80, name="POST /v1/envelopes", kind="server", attributes={ENVELOPE_ID: ENVELOPE}
    ),
    span(
        2,
        1,
        300,
        420,
        name="process verification",
        service="declarations",
        kind="consumer",
        attributes={ENVELOPE_ID: ENVELOPE, "dxe.envelope.size": 17},
        links=(Link(trace=TRACE, span=f"{1:016x}"), Link(trace=OTHER, span=f"{9:016x}")),
    ),
    span(3, 2, 310, 400, name="POST /v1/entries", service="audit", status="error"),
)


def otlp(*, base64_ids: bool = False, names: bool = False) -> list[dict[str, Any]]:
    """Return the spans as OTLP in JSON, by resource; Tempo's ids are Base64, its enums names."""
    kinds = {"internal": 1, "server": 2, "consumer": 5}

    def id_(text: str) -> str:
        return base64.b64encode(bytes.fromhex(text)).decode() if base64_ids else text

    def written(one: Span) -> dict[str, Any]:
        error: dict[str, Any] = {"code": "STATUS_CODE_ERROR" if names else 2}
        return {
            "traceId": id_(one.trace),
            "spanId": id_(one.id),
            **({"parentSpanId": id_(one.parent)} if one.parent else {}),
            "name": one.name,
            "kind": f"SPAN_KIND_{one.kind.upper()}" if names else kinds[one.kind],
            "startTimeUnixNano": str(one.start),
            "endTimeUnixNano": str(one.end),
            "attributes": [
                {"key": key, "value": _otlp_value(value)} for key, value in one.attributes.items()
            ],
            "links": [{"traceId": id_(x.trace), "spanId": id_(x.span)} for x in one.links],
            "status": error if one.status == "error" else {},
        }

    return [
        {
            "resource": {
                "attributes": [{"key": "service.name", "value": {"stringValue": one.service}}]
            },
            "scopeSpans": [{"scope": {"name": "sextant"}, "spans": [written(one)]}],
        }
        for one in STORY
    ]


def jaeger() -> dict[str, Any]:
    """Return the spans as Jaeger's query service answers them; it leaves zeros out of ids."""

    def written(one: Span) -> dict[str, Any]:
        above = [("CHILD_OF", one.trace, one.parent)] if one.parent else []
        references = above + [("FOLLOWS_FROM", link.trace, link.span) for link in one.links]
        error = {"key": "error", "type": "bool", "value": True}
        return {
            "traceID": one.trace.lstrip("0"),
            "spanID": one.id,
            "operationName": one.name,
            "references": [
                {"refType": kind, "traceID": trace, "spanID": at} for kind, trace, at in references
            ],
            "startTime": one.start // 1000,
            "duration": (one.end - one.start) // 1000,
            "tags": [
                {"key": "span.kind", "type": "string", "value": one.kind},
                *({"key": k, "type": "string", "value": v} for k, v in one.attributes.items()),
                *([error] if one.status == "error" else []),
            ],
            "logs": [],
            "processID": f"p-{one.service}",
            "warnings": None,
        }

    processes = {f"p-{one.service}": {"serviceName": one.service, "tags": []} for one in STORY}
    whole = {"traceID": TRACE, "spans": [written(one) for one in STORY], "processes": processes}
    return {"data": [whole], "total": 0, "limit": 0, "offset": 0, "errors": None}


def phoenix() -> dict[str, Any]:
    """Return the spans as Phoenix answers them: no kind, no links, the service an attribute."""

    def at(nanoseconds: int) -> str:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat()

    def written(one: Span) -> dict[str, Any]:
        return {
            "id": "U3Bhbjox",
            "name": one.name,
            "context": {"trace_id": one.trace, "span_id": one.id},
            "span_kind": "UNKNOWN",
            "parent_id": one.parent,
            "start_time": at(one.start),
            "end_time": at(one.end),
            "status_code": one.status.upper(),
            "status_message": "",
            "attributes": {**one.attributes, "service.name": one.service},
            "events": [],
        }

    return {"data": [written(one) for one in STORY], "next_cursor": None}


def _otlp_value(value: Any) -> Mapping[str, Any]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
