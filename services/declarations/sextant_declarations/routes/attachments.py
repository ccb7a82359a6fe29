"""HTTP for attachments: of an envelope as it came, and of a version of a declaration."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path as FilePath
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from starlette.responses import StreamingResponse

from sextant_declarations.domain.attached import Attached, AttachmentList
from sextant_declarations.domain.deliveries import Attachment
from sextant_declarations.routes.asking import Asking
from sextant_declarations.routes.declarations import Id, Number
from sextant_declarations.routes.envelopes import OPAQUE, EnvelopeId, Sender
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.package import MAX_PARTS
from sextant_shared.protocol.access import Action

_BLOCK = 1 << 16
_BYTES = {200: binary("The attachment, byte for byte", OPAQUE)}
Which = Annotated[int, Path(ge=1, le=MAX_PARTS, description="its number, from the list")]


def attachments_router(attached: Callable[[], Attached]) -> APIRouter:
    """Return the routes of attachments under `/v1/envelopes` and `/v1/declarations`."""
    router = guarded_router(prefix="/v1", tags=["attachments"])

    @router.get("/envelopes/{sender}/{id_}/attachments", **action(Action.DECLARATION_READ))
    async def list_attachments(reader: Asking, sender: Sender, id_: EnvelopeId) -> AttachmentList:
        """List what came beside the message of an envelope. Leaves an access in the log."""
        envelope = await attached().officers.envelope(sender, id_)
        return await attached().listed(envelope, reader)

    @router.get(
        "/envelopes/{sender}/{id_}/attachments/{which}",
        response_class=StreamingResponse,
        **action(Action.DECLARATION_READ, responses=_BYTES),
    )
    async def read_attachment(
        reader: Asking, sender: Sender, id_: EnvelopeId, which: Which
    ) -> StreamingResponse:
        """Read one attachment of an envelope. Leaves an access in the log."""
        envelope = await attached().officers.envelope(sender, id_)
        return _answer(*await attached().read(envelope, which, reader))

    @router.get("/declarations/{id_}/versions/{n}/attachments", **action(Action.DECLARATION_READ))
    async def list_version_attachments(reader: Asking, id_: Id, n: Number) -> AttachmentList:
        """List what came with version `n` of a declaration. Leaves an access in the log."""
        envelope = await attached().officers.version(id_, n)
        return await attached().listed(envelope, reader)

    @router.get(
        "/declarations/{id_}/versions/{n}/attachments/{which}",
        response_class=StreamingResponse,
        **action(Action.DECLARATION_READ, responses=_BYTES),
    )
    async def read_version_attachment(
        reader: Asking, id_: Id, n: Number, which: Which
    ) -> StreamingResponse:
        """Read one attachment of version `n`. Leaves an access in the log."""
        envelope = await attached().officers.version(id_, n)
        return _answer(*await attached().read(envelope, which, reader))

    return router


def _answer(package: FilePath, one: Attachment) -> StreamingResponse:
    """Return the bytes as a file to keep, never as the type its sender claims."""
    return StreamingResponse(
        _slice(package, one.offset, one.size),
        media_type=OPAQUE,
        headers={
            "Content-Length": str(one.size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(one.name, safe='')}",
        },
    )


async def _slice(path: FilePath, offset: int, size: int) -> AsyncIterator[bytes]:
    with path.open("rb") as source:
        source.seek(offset)
        while size and (block := await asyncio.to_thread(source.read, min(_BLOCK, size))):
            size -= len(block)
            yield block
