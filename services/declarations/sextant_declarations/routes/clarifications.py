"""HTTP for clarifications: wording and sending questions, lists with what is overdue, more time."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from sextant_declarations.domain.clarifications import (
    ClarificationFilter,
    ClarificationPage,
    Clarifications,
    ClarificationView,
    ExtensionOrder,
)
from sextant_declarations.domain.clarifying import (
    ClarificationOrder,
    Clarify,
    DraftOrder,
    DraftView,
    SentClarification,
)
from sextant_declarations.routes.asking import Asking, Sending
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_declarations.routes.envelopes import EnvelopeId
from sextant_declarations.routes.messages import Key
from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

_CACHE = "private, no-cache"
_REPEATED = {"description": "What this key has sent before", "model": SentClarification}


def _wanted(
    state: Annotated[str | None, Query(max_length=32)] = None,
    declaration: Annotated[
        str | None, Query(max_length=64, description="its id in the register")
    ] = None,
    *,
    overdue: Annotated[bool, Query(description="only what is over its time")] = False,
    ended: Annotated[bool, Query(description="also what is answered or superseded")] = False,
) -> ClarificationFilter:
    return ClarificationFilter(
        state=state, declaration=declaration, overdue=overdue, is_open=not ended
    )


def clarifications_router(
    clarifications: Callable[[], Clarifications], clarify: Callable[[], Clarify], max_page: int
) -> APIRouter:
    """Return the routes of clarifications."""
    router = guarded_router(prefix="/v1/clarifications", tags=["clarifications"])

    @router.get("", response_model=ClarificationPage, **action(Action.MESSAGE_READ))
    async def list_clarifications(
        request: Request,
        wanted: Annotated[ClarificationFilter, Depends(_wanted)],
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> Response:
        """List what States were asked, the earliest due day first; times and counts only."""
        page = await clarifications().page(wanted, cursor=cursor, limit=limit)
        data = page.model_dump_json().encode()
        return cacheable(request, data, "application/json", _CACHE)

    @router.post("/drafts", **action(Action.MESSAGE_SEND))
    async def draft_clarification(reader: Sending, order: DraftOrder) -> DraftView:
        """Word a clarification in the State's language; nothing is sent. Leaves an access."""
        return await clarify().draft(order, reader)

    @router.post("", status_code=201, **action(Action.MESSAGE_SEND, responses={200: _REPEATED}))
    async def send_clarification(
        reader: Sending, response: Response, order: ClarificationOrder, key: Key
    ) -> SentClarification:
        """Send a clarification, and note in the declaration's life that it is asked for."""
        sent, is_new = await clarify().ask(order, key, reader)
        response.status_code = 201 if is_new else 200
        return sent

    @router.get("/{id_}", **action(Action.MESSAGE_READ, responses={200: {"headers": TAGGED}}))
    async def read_clarification(
        reader: Asking, response: Response, id_: EnvelopeId
    ) -> ClarificationView:
        """Read what was asked, and how its time was moved. Leaves an access in the log."""
        view, tag = await clarifications().read(id_, reader)
        response.headers.update(etag(tag))
        return view

    @router.post(
        "/{id_}/extensions",
        status_code=201,
        **action(Action.MESSAGE_SEND, responses={201: {"headers": TAGGED}}),
    )
    async def extend_clarification(
        reader: Sending, response: Response, tag: Tag, id_: EnvelopeId, order: ExtensionOrder
    ) -> ClarificationView:
        """Give a State more time: it is told by letter, and the decision stands in the log."""
        view, newest = await clarifications().extend(id_, order, tag, reader)
        response.headers.update(etag(newest))
        return view

    return router
