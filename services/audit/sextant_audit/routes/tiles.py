"""The C2SP tlog-tiles read path: `/checkpoint`, `/tile/…`, `/tile/entries/…`.

Every tile has one path; every other spelling is not found. Tiles never change, so they may be
cached for ever; the checkpoint may not be cached at all.
"""

import asyncio
import gzip
from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sextant_audit.domain.reading import Reading
from sextant_shared.chassis.api_docs import answer, binary
from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.routing import action, guarded_router, open_to_all
from sextant_shared.merkle.tiles import parse_tile_path
from sextant_shared.protocol.access import Action

_PREFIX = b"/tile/"
_FOREVER = "max-age=31536000, immutable"
_GZIP_LEVEL = 6
# The endpoints read the path as it was sent, so the framework does not know of it.
_PATH = {
    "parameters": [
        {
            "name": "path",
            "in": "path",
            "required": True,
            "description": "Place of the tile (C2SP tlog-tiles); its slashes are not escaped.",
            "schema": {"type": "string"},
        }
    ]
}


def tiles_router(reading: Callable[[], Reading], *, entries_public: bool) -> APIRouter:
    """Return the router of the read path."""
    router = guarded_router(tags=["tiles"])
    tile = {200: binary("Tile", "application/octet-stream")}
    head = {200: answer("Signed note", "text/plain", {"type": "string"})}
    bundles = (
        open_to_all("this log serves its entries to all", responses=tile)
        if entries_public
        else action(Action.LOG_READ_ENTRIES, responses=tile)
    )
    hashes = open_to_all("hashes hide the entries they are of", responses=tile)
    for options in (bundles, hashes):
        options["openapi_extra"] |= _PATH
    bundle_scope = "public" if entries_public else "private"

    @router.get(
        "/checkpoint",
        response_class=Response,
        **open_to_all("anyone may hold the log to its heads", responses=head),
    )
    async def checkpoint(request: Request) -> Response:
        """Return the published checkpoint: a signed note (C2SP tlog-checkpoint)."""
        return cacheable(
            request, reading().checkpoint().encode(), "text/plain; charset=utf-8", "no-cache"
        )

    # Declared before the hash tiles: the first route that matches answers.
    @router.get("/tile/entries/{path:path}", response_class=Response, **bundles)
    async def entry_bundle(request: Request) -> Response:
        """Return entries, each after its length in two bytes (C2SP tlog-tiles, log entries)."""
        data = await reading().tile(parse_tile_path(_tile_path(request)))
        return await _compressed(request, data, f"{bundle_scope}, {_FOREVER}")

    @router.get("/tile/{path:path}", response_class=Response, **hashes)
    async def hash_tile(request: Request) -> Response:
        """Return the hashes of a full or partial tile (C2SP tlog-tiles, Merkle tree)."""
        data = await reading().tile(parse_tile_path(_tile_path(request)))
        return cacheable(request, data, "application/octet-stream", f"public, {_FOREVER}")

    return router


def _tile_path(request: Request) -> str:
    """Return the path after `/tile/` as it was sent: escapes would be a second spelling."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.removeprefix(_PREFIX).decode("latin-1")


async def _compressed(request: Request, data: bytes, cache: str) -> Response:
    """Return a bundle, compressed for callers that accept it: entries are text."""
    accepted = {part.split(";")[0].strip() for part in _accept_encoding(request).split(",")}
    if "gzip" not in accepted:
        response = cacheable(request, data, "application/octet-stream", cache)
    else:
        packed = await asyncio.to_thread(gzip.compress, data, _GZIP_LEVEL, mtime=0)
        response = cacheable(request, packed, "application/octet-stream", cache)
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _accept_encoding(request: Request) -> str:
    return request.headers.get("accept-encoding", "")
