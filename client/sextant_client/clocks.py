"""How far this machine's clock is from a server's, measured by the `Date` of an answer."""

from email.utils import parsedate_to_datetime

import httpx

from sextant_shared.errors import Code, PlatformError

TOLERATED_S = 30.0
_OF_TIME = (Code.CLOCK, Code.AUTH)


def offset_of(answer: httpx.Response, now: float) -> float | None:
    """Return how many seconds this clock is ahead; None when the answer tells no time.

    `Date` has whole seconds, and the answer took a while: right to about a second.
    """
    try:
        return now - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def with_offset(error: PlatformError, answer: httpx.Response, now: float) -> PlatformError:
    """Return a refusal for time with the measured offset and what mends it; others as they are."""
    offset = offset_of(answer, now) if error.code in _OF_TIME else None
    if offset is None:
        return error
    off = abs(offset) > TOLERATED_S
    if not off and error.code is Code.AUTH:
        return error  # refused for another reason
    fix = (
        "Set this machine's clock, then try again; seal anew what it sealed."
        if off
        else "This machine's clock is right now: seal again under a new id."
    )
    measured = f"this machine's clock is {offset:+.0f} s from the server's"
    return PlatformError(
        error.code,
        error.detail,
        expected=error.expected,
        received=f"{error.received}; {measured}" if error.received else measured,
        fix=fix,
        findings=error.findings,
        evidence=error.evidence,
    )
