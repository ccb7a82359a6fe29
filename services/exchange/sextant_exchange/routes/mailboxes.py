"""HTTP for mailboxes: pages, leases, dead letters. A mailbox is always the caller's own."""

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.mailboxes import Deliveries
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.models.exchange import (
    MAX_PAGE,
    MAX_WAIT_S,
    Delivery,
    DeliveryPage,
    DeliveryState,
    ExtendRequest,
    LeasePage,
    LeaseRequest,
    ReleaseRequest,
)
from sextant_shared.protocol.access import Action

_NO_CONTENT = 204


def mailbox_routes(deliveries: Deliveries) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix="/v1/mailbox", tags=["mailbox"])

    @router.get("", response_model=DeliveryPage, **action(Action.MAILBOX_READ))
    async def read_mailbox(
        request: Request,
        after: int = Query(0, ge=0),
        limit: int = Query(100, ge=1, le=MAX_PAGE),
        wait: int = Query(0, ge=0, le=MAX_WAIT_S),
        state: DeliveryState | None = None,
    ) -> Response:
        """List deliveries after a cursor, oldest first; with `wait`, until one comes."""
        items = await deliveries.page(
            _party(request), after=after, limit=limit, state=state, wait_s=wait
        )
        return _page(items, after)

    @router.post("/leases", response_model=LeasePage, **action(Action.MAILBOX_LEASE))
    async def lease_deliveries(request: Request, body: LeaseRequest) -> Response:
        """Lease up to `max` deliveries; each comes back unless it is acknowledged in time."""
        leases = await deliveries.lease(_party(request), body)
        return JSONResponse(LeasePage(leases=leases).model_dump(mode="json", by_alias=True))

    @router.post("/leases/{token}/acknowledge", status_code=204, **action(Action.MAILBOX_LEASE))
    async def acknowledge(request: Request, token: str) -> Response:
        """End a delivery: its effect is stored on your side."""
        await deliveries.acknowledge(_party(request), token)
        return Response(status_code=_NO_CONTENT)

    @router.post("/leases/{token}/release", status_code=204, **action(Action.MAILBOX_LEASE))
    async def release(request: Request, token: str, body: ReleaseRequest) -> Response:
        """Give a delivery back with its reason, or bury it."""
        await deliveries.release(_party(request), token, body)
        return Response(status_code=_NO_CONTENT)

    @router.post("/leases/{token}/extend", status_code=204, **action(Action.MAILBOX_LEASE))
    async def extend(request: Request, token: str, body: ExtendRequest) -> Response:
        """Keep a delivery longer."""
        await deliveries.extend(_party(request), token, body.lease_s)
        return Response(status_code=_NO_CONTENT)

    @router.get("/dead-letters", response_model=DeliveryPage, **action(Action.DEAD_LETTER_READ))
    async def read_dead_letters(
        request: Request,
        after: int = Query(0, ge=0),
        limit: int = Query(100, ge=1, le=MAX_PAGE),
    ) -> Response:
        """List what was given up, with the last reason."""
        items = await deliveries.page(
            _party(request), after=after, limit=limit, state=DeliveryState.DEAD, wait_s=0
        )
        return _page(items, after)

    @router.post("/dead-letters/{seq}/replay", status_code=204, **action(Action.DEAD_LETTER_REPLAY))
    async def replay(request: Request, seq: int) -> Response:
        """Make a dead letter available again."""
        await deliveries.replay(_party(request), seq)
        return Response(status_code=_NO_CONTENT)

    return router


def _party(request: Request) -> str:
    return subject_of(request).party or ""


def _page(items: list[Delivery], after: int) -> Response:
    page = DeliveryPage(items=items, next=items[-1].seq if items else after)
    return JSONResponse(page.model_dump(mode="json", by_alias=True))
