"""The one table from error code to problem document (RFC 9457), read in both directions.

Servers render a `PlatformError` by it; clients turn an answer back into the same error, so a
refusal deep inside keeps its meaning to the edge. Plain data, no framework.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, Finding, PlatformError, Severity

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:dxe:error:"
MAX_PROBLEM_BYTES = 1 << 20
_STATUS_UNAVAILABLE = 503
_BARE = {401: Code.AUTH, 403: Code.FORBIDDEN, 404: Code.NOT_FOUND, 409: Code.STATE}


@dataclass(frozen=True, slots=True)
class Row:
    """How one code appears over HTTP. `fix` is told when the error brings none of its own."""

    status: int
    title: str
    fix: str


_RECIPIENT_LOCAL = "Local to the recipient; the sender is told UNREADABLE or CONTENT."

TABLE: dict[Code, Row] = {
    Code.MALFORMED: Row(400, "Malformed", "Correct what does not fit."),
    Code.VERSION: Row(400, "Unknown version", "Use a version this service publishes."),
    Code.AUTH: Row(401, "Not authenticated", "Fetch a fresh access token and a fresh DPoP proof."),
    Code.SENDER: Row(403, "Another sender", "Send with the access key of the party that signed."),
    Code.FORBIDDEN: Row(403, "Not allowed", "Ask for the role that this action needs."),
    Code.NOT_FOUND: Row(404, "Not found", "Check the id; only your own party's items are shown."),
    Code.STATE: Row(409, "Not in this state", "Read the current state, then act on it."),
    Code.PRECONDITION: Row(412, "It moved on", "Read it again, then act on what it says now."),
    Code.DUPLICATE: Row(409, "Same id, other content", "Use a new id for other content."),
    Code.GONE: Row(410, "Given out no more", "Its manifest, receipt and events stay; read those."),
    Code.LENGTH_REQUIRED: Row(411, "Length required", "Send a Content-Length."),
    Code.TOO_LARGE: Row(413, "Too large", "Send less, or split it."),
    Code.KEY: Row(422, "Key not accepted", "Use an active, registered key of the right kind."),
    Code.SIGNATURE: Row(422, "Signature does not verify", "Sign the exact bytes that are sent."),
    Code.RECIPIENT: Row(422, "Recipient not accepted", "Seal to an active key of the recipient."),
    Code.POLICY: Row(422, "Against policy", "Read what the detail says was expected."),
    Code.CLOCK: Row(422, "Clock too far off", "Set the clock, then sign again."),
    Code.LENGTH: Row(422, "Length differs", "Send exactly the bytes that were announced."),
    Code.DIGEST: Row(422, "Digest differs", "Send exactly the bytes that were signed."),
    Code.RATE: Row(429, "Too many requests", "Wait as Retry-After says, then repeat."),
    Code.UNAVAILABLE: Row(_STATUS_UNAVAILABLE, "Not available now", "Repeat the same bytes later."),
    Code.INTEGRITY: Row(500, "Integrity fault", "Keep the evidence and tell the operator."),
    Code.INTERNAL: Row(500, "Internal error", "Repeat later; quote the trace id."),
    Code.NOT_RECIPIENT: Row(422, "Not a recipient", _RECIPIENT_LOCAL),
    Code.DECRYPT: Row(422, "Does not open", _RECIPIENT_LOCAL),
    Code.KEY_COMMITMENT: Row(422, "Committed to another key", _RECIPIENT_LOCAL),
    Code.BODY: Row(422, "Body altered", _RECIPIENT_LOCAL),
    Code.PADDING: Row(422, "Padding not zero", _RECIPIENT_LOCAL),
    Code.PLAINTEXT_COMMITMENT: Row(422, "Other content than committed", _RECIPIENT_LOCAL),
    Code.CONTENT: Row(422, "Content not readable", _RECIPIENT_LOCAL),
}
RECIPIENT_LOCAL = frozenset(code for code, row in TABLE.items() if row.fix == _RECIPIENT_LOCAL)


def status_of(code: Code) -> int:
    """Return the HTTP status of a code."""
    return TABLE[code].status


def problem_of(error: PlatformError, trace_id: str = "") -> dict[str, Any]:
    """Return the problem document of an error; empty members are left out."""
    row = TABLE[error.code]
    members: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{error.code}",
        "title": row.title,
        "status": row.status,
        "code": str(error.code),
        "detail": error.detail,
        "expected": error.expected,
        "received": error.received,
        "fix": error.fix or row.fix,
        "trace_id": trace_id,
        "findings": [{**asdict(f), "args": dict(f.args)} for f in error.findings],
        "evidence": error.evidence,
    }
    return {name: value for name, value in members.items() if value}


def error_of(status: int, body: bytes, retry_after_s: int | None = None) -> PlatformError:
    """Return the error that an answer with this status and body stands for.

    An answer that is no problem document of ours becomes `E_UNAVAILABLE` (5xx, 429) or
    `E_INTERNAL`; one without a body, as to HEAD, what its status says alone.
    """
    try:
        members = parse_json(body, max_bytes=MAX_PROBLEM_BYTES, max_depth=5)
        code = Code(str(members.get("code")))
    except (PlatformError, ValueError):
        is_passing = status in {429, 502, 503, 504}
        bare = Code.INTERNAL if body else _BARE.get(status, Code.INTERNAL)
        return PlatformError(
            Code.UNAVAILABLE if is_passing else bare,
            f"the server answered {status} without a problem document",
            retry_after_s=retry_after_s,
        )
    text = {name: str(members.get(name, "")) for name in ("detail", "expected", "received", "fix")}
    return PlatformError(
        code,
        text["detail"],
        expected=text["expected"],
        received=text["received"],
        fix=text["fix"],
        findings=_findings_of(members.get("findings")),
        retry_after_s=retry_after_s,
        evidence=_evidence_of(members.get("evidence")),
    )


def _findings_of(value: object) -> list[Finding]:
    items = [item for item in (value if isinstance(value, list) else []) if isinstance(item, dict)]
    return [_finding_of({str(name): member for name, member in item.items()}) for item in items]


def _finding_of(item: dict[str, Any]) -> Finding:
    args = item.get("args")
    return Finding(
        rule=str(item.get("rule", "")),
        severity=_severity_of(item.get("severity")),
        pointer=str(item.get("pointer", "")),
        message=str(item.get("message", "")),
        expected=str(item.get("expected", "")),
        received=str(item.get("received", "")),
        fix=str(item.get("fix", "")),
        law=str(item.get("law", "")),
        way=str(item.get("way", "")),
        args=tuple((str(k), str(v)) for k, v in args.items()) if isinstance(args, dict) else (),
        source=str(item.get("source", "")),
        answer=str(item.get("answer", "")),
        document=str(item.get("document", "")),
    )


def _severity_of(value: object) -> Severity:
    return next((known for known in Severity if known == value), Severity.MUST_FIX)


def _evidence_of(value: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
