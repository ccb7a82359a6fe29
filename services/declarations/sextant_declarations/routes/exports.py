"""HTTP for exports: operations that are ordered, looked at, cancelled, and fetched from."""

import base64
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from starlette.responses import FileResponse

from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.exporting.orders import (
    MEDIA,
    ExportList,
    ExportOrder,
    Exports,
    ExportView,
)
from sextant_declarations.routes.asking import LISTED, MEANINGS, officer_of
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.purposes import PURPOSE_HEADER, Purpose
from sextant_shared.protocol.access import Action

MAX_LISTED = 200
_WHY = Header(
    alias=PURPOSE_HEADER,
    description=f"why it is read, for a table with declared content: {MEANINGS}",
    json_schema_extra=LISTED,
)
_FILE = {
    200: {
        "description": "The file, with `Repr-Digest` (RFC 9530) and ranges",
        "content": {media: binary("", media)["content"][media] for media in MEDIA.values()},
    }
}
Id = Annotated[str, Path(max_length=64, description="its id, from the order or the list")]


def _orderer(request: Request, purpose: Annotated[Purpose | None, _WHY] = None) -> Reader:
    reader = officer_of(request)
    return Reader(client=reader.client, role=reader.role, purpose=purpose or "")


def exports_router(exports: Callable[[], Exports]) -> APIRouter:
    """Return the routes of exports."""
    router = guarded_router(prefix="/v1/exports", tags=["exports"])

    @router.post("", status_code=202, **action(Action.DECLARATION_READ))
    async def order_export(
        response: Response, reader: Annotated[Reader, Depends(_orderer)], order: ExportOrder
    ) -> ExportView:
        """Order a table as a file. One with declared content leaves an access in the log."""
        view = await exports().order(order, reader)
        response.headers["Location"] = view.links.self
        return view

    @router.get("", **action(Action.DECLARATION_LIST))
    async def list_exports(
        request: Request, limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50
    ) -> ExportList:
        """List your own exports, newest first."""
        return await exports().listed(officer_of(request), limit)

    @router.get("/{id_}", **action(Action.DECLARATION_LIST))
    async def read_export(request: Request, id_: Id) -> ExportView:
        """Look how far an export is."""
        return await exports().one(id_, officer_of(request))

    @router.delete("/{id_}", **action(Action.DECLARATION_LIST))
    async def cancel_export(request: Request, id_: Id) -> ExportView:
        """End an export, or remove its file; one that ended stays as it is."""
        return await exports().cancel(id_, officer_of(request))

    @router.get(
        "/{id_}/file",
        response_class=FileResponse,
        **action(Action.DECLARATION_READ, responses=_FILE),
    )
    async def fetch_export(request: Request, id_: Id) -> FileResponse:
        """Fetch the file of an export that is ready, whole or in part."""
        export, path = await exports().file(id_, officer_of(request))
        digest = base64.b64encode(export.digest or b"").decode()
        name = f"{export.order.what}-{export.id[:8]}.{export.order.format}"
        return FileResponse(
            path,
            media_type=MEDIA[export.order.format],
            filename=name,
            headers={
                "Repr-Digest": f"sha-256=:{digest}:",
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    return router
