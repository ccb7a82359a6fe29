"""Answers that may be cached: a strong ETag of the bytes, and 304 for who holds them already."""

from starlette.requests import Request
from starlette.responses import Response

from sextant_shared.encoding import b64u, sha256


def cacheable(request: Request, data: bytes, media_type: str, cache: str) -> Response:
    """Return `data` with its ETag under a Cache-Control, or 304 without it."""
    tag = f'"{b64u(sha256(data)[:16])}"'
    headers = {"Cache-Control": cache, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)
