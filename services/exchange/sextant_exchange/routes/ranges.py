"""Whether a request asks for a part of a container: one range of bytes (RFC 9110 §14).

A line that broke is gone on with instead of begun anew. What is asked for in another way than one
range is answered with the whole, as the standard allows: a header is never a reason to refuse.
"""

import re

from starlette.requests import Request

from sextant_shared.encoding import b64u

_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))", re.ASCII)


def etag_of(manifest_digest: bytes) -> str:
    """Return the validator of a container: no other has its manifest."""
    return f'"{b64u(manifest_digest)}"'


def asked_range(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Return first byte and the end, exclusive, of the range that is asked for; None for all."""
    if request.headers.get("if-range", etag) != etag:
        return None
    found = _RANGE.fullmatch(request.headers.get("range", "").strip().lower())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size
    else:
        start, end = int(first), size if last is None else min(size, int(last) + 1)
    return (start, end) if start < end else None


def content_range(start: int, end: int, size: int) -> str:
    """Return the header that says which bytes an answer has."""
    return f"bytes {start}-{end - 1}/{size}"
