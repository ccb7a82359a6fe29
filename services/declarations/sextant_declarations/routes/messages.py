"""HTTP for exchanges with States: sending messages, threads, and what is owed by whom."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from sextant_declarations.domain.exchanged import (
    DueFilter,
    DuePage,
    DueState,
    MessageOrder,
    MessageView,
    ThreadView,
)
from sextant_declarations.domain.exchanges import Exchanges
from sextant_declarations.domain.reading import ReplyEvidence
from sextant_declarations.routes.asking import Asking, Sending
from sextant_declarations.routes.declarations import DEFAULT_PAGE
from sextant_declarations.routes.envelopes import OPAQUE, EnvelopeId, Sender
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.party import PARTY_PATTERN
from sextant_shared.protocol.access import Action

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9._-]{8,64}$",
        description="your own name of this order; repeated with the same order, it sends nothing",
    ),
]
_REPEATED = {"description": "The message that this key has sent before", "model": MessageView}


def messages_router(exchanges: Callable[[], Exchanges], max_page: int) -> APIRouter:
    """Return the routes of messages, threads and what is owed."""
    router = guarded_router(prefix="/v1", tags=["messages"])

    @router.post(
        "/messages",
        status_code=201,
        **action(Action.MESSAGE_SEND, responses={200: _REPEATED}),
    )
    async def send_message(
        reader: Sending, response: Response, order: MessageOrder, key: Key
    ) -> MessageView:
        """Send a message in the name of the Secretariat. Leaves an access in the log.

        It is sealed and stored when this answers, and deposited at the exchange soon after.
        """
        view, is_new = await exchanges().send(order, key, reader)
        response.status_code = 201 if is_new else 200
        return view

    @router.get("/messages/{id_}", **action(Action.MESSAGE_READ))
    async def read_message(id_: EnvelopeId) -> MessageView:
        """Show what became of a message that was sent: in custody or not, answered or not."""
        return await exchanges().message(id_)

    @router.get(
        "/messages/{id_}/content",
        response_class=Response,
        **action(Action.MESSAGE_READ, responses={200: binary("Content", OPAQUE)}),
    )
    async def read_message_content(reader: Asking, id_: EnvelopeId) -> Response:
        """Read what a message said that was sent. Leaves an access in the log."""
        content = await exchanges().content(id_, reader)
        headers = {"Content-Disposition": f'attachment; filename="{id_}.bin"'}
        return Response(content, media_type=OPAQUE, headers=headers)

    @router.get("/messages/{id_}/evidence", **action(Action.MESSAGE_READ))
    async def read_message_evidence(reader: Asking, id_: EnvelopeId) -> ReplyEvidence:
        """Read what proves a message that was sent. Leaves an access in the log."""
        return await exchanges().evidence(id_, reader)

    @router.get("/threads/{sender}/{id_}", **action(Action.MESSAGE_READ))
    async def read_thread(reader: Asking, sender: Sender, id_: EnvelopeId) -> ThreadView:
        """Show the thread that an envelope stands in, in order. Leaves an access in the log."""
        return await exchanges().thread(sender, id_, reader)

    @router.get("/owed", **action(Action.MESSAGE_READ))
    async def read_owed(
        by: Annotated[str | None, Query(pattern=PARTY_PATTERN, description="who owes it")] = None,
        state: DueState = DueState.OPEN,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> DuePage:
        """List the answers that are owed, by States and by us, the most urgent first."""
        return await exchanges().owed(DueFilter(by=by, state=state), limit)

    return router
