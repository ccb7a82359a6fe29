"""HTTP for grants: who may know of what, asked for and given by two persons; lists for States."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.domain.clearance import Grants
from sextant_declarations.domain.grants import (
    ClearedList,
    GrantOrder,
    GrantPage,
    GrantStep,
    GrantView,
    SentList,
)
from sextant_declarations.routes.asking import Sending, officer_of
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_declarations.routes.lives import StateCode
from sextant_declarations.routes.messages import Key
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

GrantId = Annotated[str, Path(max_length=64, description="id of the grant")]
_TAGGED = {200: {"headers": TAGGED}}
_MADE = {201: {"headers": TAGGED}}


def grants_router(grants: Callable[[], Grants], max_page: int) -> APIRouter:
    """Return the routes of grants."""
    router = guarded_router(prefix="/v1", tags=["grants"])

    @router.get("/grants", **action(Action.GRANT_READ))
    async def list_grants(
        state: Annotated[str | None, Query(max_length=32)] = None,
        person: Annotated[str | None, Query(max_length=70)] = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> GrantPage:
        """List grants, newest first, also those that were refused, revoked or are over."""
        return await grants().page(state, person, cursor=cursor, limit=limit)

    @router.post("/grants", status_code=201, **action(Action.GRANT_DECIDE, responses={**_MADE}))
    async def request_grant(request: Request, response: Response, order: GrantOrder) -> GrantView:
        """Ask for a grant; another person approves it. It stands in the log soon after."""
        found = await grants().request(order, officer_of(request))
        response.headers.update(etag(found.tag))
        return found

    @router.get("/grants/cleared/{state}", **action(Action.GRANT_READ))
    async def read_cleared(state: StateCode) -> ClearedList:
        """Read who is cleared for a State, or is going to be, as that State is told."""
        return await grants().cleared(state)

    @router.post("/grants/cleared/{state}", status_code=201, **action(Action.GRANT_DECIDE))
    async def send_cleared(reader: Sending, state: StateCode, key: Key) -> SentList:
        """Send a State the list of who is cleared for it. Leaves an access in the log."""
        return await grants().send_cleared(state, key, reader)

    @router.get("/grants/{id_}", **action(Action.GRANT_READ, responses={**_TAGGED}))
    async def read_grant(response: Response, id_: GrantId) -> GrantView:
        """Read a grant: for whom, of what, since when and until when."""
        found = await grants().read(id_)
        response.headers.update(etag(found.tag))
        return found

    @router.post(
        "/grants/{id_}/acts", status_code=201, **action(Action.GRANT_DECIDE, responses={**_MADE})
    )
    async def act(
        reader: Sending, response: Response, tag: Tag, id_: GrantId, step: GrantStep
    ) -> GrantView:
        """Approve, refuse or revoke a grant. Approved, the State is told, and it holds later."""
        found = await grants().act(id_, step, tag, reader)
        response.headers.update(etag(found.tag))
        return found

    return router
