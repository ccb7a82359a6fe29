"""HTTP for envelopes as they came: also those refused, and those that are no declaration."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import FileResponse

from sextant_declarations.domain.officers import Officers
from sextant_declarations.domain.reading import EnvelopePage, Evidence
from sextant_declarations.domain.records import Nature
from sextant_declarations.routes.asking import Asking
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.envelope import MEDIA_TYPE, UUID7_PATTERN
from sextant_shared.models.party import PARTY_PATTERN
from sextant_shared.protocol.access import Action

Sender = Annotated[str, Path(pattern=PARTY_PATTERN)]
EnvelopeId = Annotated[str, Path(pattern=UUID7_PATTERN)]
# What a stranger sent is never shown as the type it claims: a browser might run it.
OPAQUE = "application/octet-stream"


def envelopes_router(officers: Callable[[], Officers], max_page: int) -> APIRouter:
    """Return the routes under `/v1/envelopes`."""
    router = guarded_router(prefix="/v1/envelopes", tags=["envelopes"])

    @router.get("", **action(Action.DECLARATION_LIST))
    async def list_envelopes(
        nature: Nature | None = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> EnvelopePage:
        """List every envelope that was decided about, newest first, with why it was refused."""
        return await officers().list_envelopes(nature, cursor=cursor, limit=limit)

    @router.get(
        "/{sender}/{id_}/content",
        response_class=FileResponse,
        **action(Action.DECLARATION_READ, responses={200: binary("Plaintext", OPAQUE)}),
    )
    async def read_content(reader: Asking, sender: Sender, id_: EnvelopeId) -> FileResponse:
        """Read the plaintext of an envelope. Leaves an access in the log."""
        envelope = await officers().envelope(sender, id_)
        path = await officers().read_content(envelope, reader)
        return FileResponse(path, media_type=OPAQUE, filename=f"{id_}.bin")

    @router.get(
        "/{sender}/{id_}/container",
        response_class=FileResponse,
        **action(Action.DECLARATION_READ, responses={200: binary("Container", MEDIA_TYPE)}),
    )
    async def read_container(reader: Asking, sender: Sender, id_: EnvelopeId) -> FileResponse:
        """Read the sealed container byte for byte. Leaves an access in the log."""
        envelope = await officers().envelope(sender, id_)
        path = await officers().read_container(envelope, reader)
        return FileResponse(path, media_type=MEDIA_TYPE, filename=f"{id_}.dxe")

    @router.get("/{sender}/{id_}/evidence", **action(Action.DECLARATION_READ))
    async def read_evidence(reader: Asking, sender: Sender, id_: EnvelopeId) -> Evidence:
        """Read all that proves an envelope and its answers. Leaves an access in the log."""
        envelope = await officers().envelope(sender, id_)
        return await officers().read_evidence(envelope, reader)

    return router
