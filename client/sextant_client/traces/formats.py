"""Spans out of the formats that operators meet, each as its makers document it.

- our own lines (`TRACE_FILE`): one JSON object a span;
- OTLP as JSON: `{"resourceSpans": […]}`, as a collector's file exporter writes it a line at a time,
  and as Tempo answers it (`batches`, or `trace` around it). Ids are hex; Tempo's are Base64;
- Jaeger's query API: `{"data": [{"spans": […], "processes": {…}}]}`, times in microseconds;
- Phoenix's REST API: `{"data": [{"context": {…}, …}]}`, times as RFC 3339, no kind and no links.

What other programs wrote is read, not trusted: a document that is none of these is refused with its
place, and a value of another type than documented with it.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sextant_client.traces.spans import Link, Span
from sextant_shared.errors import Code, PlatformError

_OTLP_KINDS = ("internal", "internal", "server", "client", "producer", "consumer")
_OTLP_STATUS = ("unset", "ok", "error")
_ID_BYTES = {"trace": 16, "span": 8}
_MICRO, _NANO = 1_000, 1_000_000_000


def read_spans(data: bytes, place: str) -> list[Span]:
    """Return the spans of a document, or of one document a line; `place` is told when it is none.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    documents = _documents(data, place)
    spans = []
    for where, document in documents:
        try:
            spans += list(_spans_of(document))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise PlatformError(
                Code.MALFORMED,
                f"{where} holds spans in no form that is read here",
                expected="lines of TRACE_FILE, OTLP as JSON, or what Jaeger, Tempo, Phoenix answer",
                received=f"{type(error).__name__}: {error}"[:200],
            ) from error
    return spans


def _documents(data: bytes, place: str) -> list[tuple[str, Any]]:
    """Return the JSON documents with their places: the whole, or its lines."""
    try:
        return [(place, json.loads(data))]
    except (ValueError, RecursionError):
        lines = data.split(b"\n")
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append((f"{place}:{number}", json.loads(line)))
        except (ValueError, RecursionError) as error:
            if 1 < number == len(lines):
                break  # the last line is still being written
            raise PlatformError(
                Code.MALFORMED, f"{place}:{number} is no JSON: {type(error).__name__}"
            ) from error
    return found


def _spans_of(document: Mapping[str, Any]) -> Iterator[Span]:
    if "span_id" in document and "start" in document:
        yield _of_line(document)
    elif "data" in document:
        for part in document["data"] or ():
            yield from [_of_phoenix(part)] if "context" in part else _of_jaeger(part)
    else:
        inner = document.get("trace", document)
        batches = inner["batches"] if "batches" in inner else inner["resourceSpans"]
        for batch in batches or ():
            yield from _of_otlp(batch)


def _of_line(line: Mapping[str, Any]) -> Span:
    return Span(
        trace=str(line["trace_id"]),
        id=str(line["span_id"]),
        parent=line["parent_id"] and str(line["parent_id"]),
        name=str(line["name"]),
        service=str(line["service"]),
        kind=str(line["kind"]),
        start=int(line["start"]),
        end=int(line["end"]),
        status=str(line["status"]),
        attributes=dict(line["attributes"]),
        links=tuple(
            Link(trace=str(one["trace_id"]), span=str(one["span_id"])) for one in line["links"]
        ),
    )


def _of_otlp(batch: Mapping[str, Any]) -> Iterator[Span]:
    resource = _otlp_attributes(batch.get("resource", {}))
    service = str(resource.get("service.name", ""))
    scopes = batch.get("scopeSpans") or batch.get("instrumentationLibrarySpans") or ()
    for scope in scopes:
        for span in scope.get("spans") or ():
            parent = span.get("parentSpanId") or ""
            yield Span(
                trace=_id(span["traceId"], "trace"),
                id=_id(span["spanId"], "span"),
                parent=_id(parent, "span") if parent else None,
                name=str(span.get("name", "")),
                service=service,
                kind=_named(span.get("kind", 0), _OTLP_KINDS, "SPAN_KIND_"),
                start=int(span["startTimeUnixNano"]),
                end=int(span["endTimeUnixNano"]),
                status=_named(span.get("status", {}).get("code", 0), _OTLP_STATUS, "STATUS_CODE_"),
                attributes=_otlp_attributes(span),
                links=tuple(
                    Link(trace=_id(one["traceId"], "trace"), span=_id(one["spanId"], "span"))
                    for one in span.get("links") or ()
                ),
            )


def _otlp_attributes(of: Mapping[str, Any]) -> dict[str, Any]:
    return {pair["key"]: _otlp_value(pair.get("value", {})) for pair in of.get("attributes") or ()}


def _otlp_value(value: Mapping[str, Any]) -> Any:
    if "intValue" in value:  # a 64-bit integer is a text in JSON of protocol buffers
        return int(value["intValue"])
    return next(iter(value.values()), None)


def _named(value: int | str, names: tuple[str, ...], prefix: str) -> str:
    """Return an enumeration's name, which JSON holds as its number or as prefix and name."""
    if isinstance(value, int):
        return names[value] if 0 <= value < len(names) else names[0]
    return value.removeprefix(prefix).lower()


def _id(text: str, of: str) -> str:
    """Return an id as hex: the OTLP specification says hex, plain protocol buffers say Base64."""
    size = _ID_BYTES[of]
    if len(text) == 2 * size:
        return bytes.fromhex(text).hex()
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text!r} is no id of a {of}") from error
    if len(raw) != size:
        raise ValueError(f"{text!r} is no id of a {of}")
    return raw.hex()


def _of_jaeger(trace: Mapping[str, Any]) -> Iterator[Span]:
    services = {key: one["serviceName"] for key, one in trace["processes"].items()}
    for span in trace["spans"]:
        tags = {tag["key"]: tag["value"] for tag in span.get("tags") or ()}
        own = _jaeger_id(span["traceID"], 32)
        parent, links = None, []
        for one in span.get("references") or ():
            at = Link(trace=_jaeger_id(one["traceID"], 32), span=_jaeger_id(one["spanID"], 16))
            if one["refType"] == "CHILD_OF" and at.trace == own and parent is None:
                parent = at.span
            else:
                links.append(at)
        start = int(span["startTime"]) * _MICRO
        yield Span(
            trace=own,
            id=_jaeger_id(span["spanID"], 16),
            parent=parent,
            name=str(span["operationName"]),
            service=str(services[span["processID"]]),
            kind=str(tags.get("span.kind", "internal")),
            start=start,
            end=start + int(span["duration"]) * _MICRO,
            status=_jaeger_status(tags),
            attributes=tags,
            links=tuple(links),
        )


def _jaeger_id(text: str, digits: int) -> str:
    """Return an id with the zeros that older versions leave out."""
    return f"{int(text, 16):0{digits}x}"


def _jaeger_status(tags: Mapping[str, Any]) -> str:
    if tags.get("error") in {True, "true"}:
        return "error"
    return str(tags.get("otel.status_code", "unset")).lower()


def _of_phoenix(span: Mapping[str, Any]) -> Span:
    attributes = dict(span["attributes"])
    return Span(
        trace=str(span["context"]["trace_id"]),
        id=str(span["context"]["span_id"]),
        parent=span["parent_id"] and str(span["parent_id"]),
        name=str(span["name"]),
        service=str(attributes.get("service.name", "")),
        start=_nanoseconds(span["start_time"]),
        end=_nanoseconds(span["end_time"]),
        status=str(span["status_code"]).lower(),
        attributes=attributes,
    )


def _nanoseconds(text: str) -> int:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * _NANO + since.microseconds * _MICRO
