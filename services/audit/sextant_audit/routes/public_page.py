"""The log's page for people: static files of this package, and the policy a browser holds them to.

Responsible for which files are served and with which headers. Not responsible for what they show:
the page asks the log's public routes like any other reader, and checks receipts by itself.

Rules:

* Only files of the list are served; no name leads anywhere else.
* The policy allows nothing but the page's own scripts, styles and questions to this log. Nothing
  inline, nothing from elsewhere, no form that could be sent.
"""

from collections.abc import Iterator
from importlib.resources import files

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.errors import Code, PlatformError

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_INDEX = "index.html"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_REASON = "the log's page, for everybody"


def page_router() -> APIRouter:
    """Return the router of the page and its files."""
    router = guarded_router(tags=["page"])
    held = dict(_held())

    def served(request: Request, name: str) -> Response:
        data, media_type = held[name]
        # Asked for anew each time: a page must not meet the scripts of another version.
        response = cacheable(request, data, media_type, "no-cache")
        response.headers.update(_HEADERS)
        return response

    @router.get("/", include_in_schema=False, **open_to_all(_REASON))
    async def page(request: Request) -> Response:
        """Return the page."""
        return served(request, _INDEX)

    @router.get("/page/{name}", include_in_schema=False, **open_to_all(_REASON))
    async def file(request: Request, name: str) -> Response:
        """Return a style, a script or the icon of the page."""
        if name not in held or name == _INDEX:
            raise PlatformError(
                Code.NOT_FOUND,
                "the page has no such file",
                expected=", ".join(sorted(set(held) - {_INDEX})),
                received=name[:80],
            )
        return served(request, name)

    return router


def _held() -> Iterator[tuple[str, tuple[bytes, str]]]:
    """Yield the files of the page, read once: name, content, media type."""
    for file in files("sextant_audit").joinpath("routes", "page").iterdir():
        media_type = _TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            yield file.name, (file.read_bytes(), media_type)
