"""Renders errors as problem documents, also those of the framework itself."""

from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_shared.chassis.telemetry import current_trace_id
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.strict import bounds_of, pointer_of, words_of
from sextant_shared.protocol.problems import (
    MEDIA_TYPE,
    RECIPIENT_LOCAL,
    problem_of,
    status_of,
)

_FROM_STATUS = {
    400: Code.MALFORMED,
    404: Code.NOT_FOUND,
    405: Code.MALFORMED,
    413: Code.TOO_LARGE,
    415: Code.MALFORMED,
}
_LOGGED = (Code.FORBIDDEN, Code.INTEGRITY, Code.INTERNAL)  # what an operator must hear of
_PASSING = (Code.RATE, Code.UNAVAILABLE)
RETRY_AFTER_S = 2
_ECHO = 80
REQUEST = "REQUEST"  # the rule of findings about a request, in no rule pack
_log = structlog.get_logger("sextant.request")


def problem_response(
    error: PlatformError, *, status: int | None = None, trace_id: str | None = None
) -> Response:
    """Return the answer for an error. What is local to a recipient never leaves."""
    hidden = error.code in RECIPIENT_LOCAL
    shown = PlatformError(Code.INTERNAL, "an unexpected error") if hidden else error
    headers = {}
    seconds = shown.retry_after_s
    if seconds is None and shown.code in _PASSING:
        seconds = RETRY_AFTER_S  # whoever is told to come back is told when
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    if shown.code is Code.RATE:
        # draft-ietf-httpapi-ratelimit-headers: nothing is left, and when there is again
        headers["RateLimit"] = f'"share";r=0;t={seconds}'
    if shown.code is Code.AUTH:
        headers["WWW-Authenticate"] = 'DPoP algs="Ed25519"'
    document = problem_of(shown, current_trace_id() if trace_id is None else trace_id)
    document["status"] = status or status_of(shown.code)
    return JSONResponse(
        document, status_code=document["status"], headers=headers, media_type=MEDIA_TYPE
    )


async def on_platform_error(request: Request, error: Exception) -> Response:
    """Handler of `PlatformError`."""
    if not isinstance(error, PlatformError):
        raise error
    if error.code in _LOGGED or error.code in RECIPIENT_LOCAL:
        _log.warning(
            "refused",
            code=str(error.code),
            detail=error.detail,
            received=error.received,
            evidence=error.evidence,
        )
    response = problem_response(error)
    if error.code is Code.AUTH and (identity := getattr(request.app.state, "identity", None)):
        response.headers["WWW-Authenticate"] = identity.challenge
    return response


async def on_http_error(_request: Request, error: Exception) -> Response:
    """Handler of what the framework refuses by itself (unknown path, method)."""
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error.__cause__, PlatformError):  # raised by us while it was reading the body
        return problem_response(error.__cause__)
    code = _FROM_STATUS.get(error.status_code, Code.INTERNAL)
    refusal = PlatformError(code, str(error.detail), fix="See /docs for paths and methods.")
    response = problem_response(refusal, status=error.status_code)
    response.headers.update(error.headers or {})
    return response


async def on_invalid_request(_request: Request, error: Exception) -> Response:
    """Handler of parameters and bodies that do not fit: all findings at once."""
    if not isinstance(error, RequestValidationError):
        raise error
    findings = [_finding(item) for item in error.errors()]
    places = "one place" if len(findings) == 1 else f"{len(findings)} places"
    return problem_response(
        PlatformError(
            Code.MALFORMED,
            f"the request does not fit in {places}",
            fix="Correct the places that the findings name.",
            findings=findings,
        )
    )


def _finding(item: dict[str, Any]) -> Finding:
    received = item.get("input")
    return Finding(
        rule=REQUEST,
        severity=Severity.MUST_FIX,
        pointer=pointer_of(tuple(item.get("loc", ()))),
        message=words_of(str(item.get("type", "")), str(item.get("msg", ""))),
        expected=bounds_of(item.get("ctx")),
        received=str(received)[:_ECHO] if isinstance(received, str | int) else "",
    )
