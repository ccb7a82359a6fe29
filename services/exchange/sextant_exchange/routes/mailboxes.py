"""HTTP for mailboxes: pages, leases, dead letters. A mailbox is always the caller's own."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.mailboxes import Deliveries
from sextant_exchange.domain.ports import Wanted
from sextant_shared.chassis.places import resting
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.chassis.telemetry import leave_out_current
from sextant_shared.clock import timestamp_ms
from sextant_shared.models.exchange import (
    MAX_PAGE,
    MAX_WAIT_S,
    Delivery,
    DeliveryPage,
    DeliveryState,
    ExtendAnswer,
    ExtendRequest,
    LeasePage,
    LeaseRequest,
    Priority,
    ReleaseRequest,
)
from sextant_shared.protocol.access import Action

_NO_CONTENT = 204
MAX_SEQ = 2**53 - 1
Cursor = Annotated[int, Query(ge=0, le=MAX_SEQ, description="the last `seq` seen")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


def mailbox_routes(deliveries: Deliveries) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix="/v1/mailbox", tags=["mailbox"])

    @router.get("", response_model=DeliveryPage, **action(Action.MAILBOX_READ))
    async def read_mailbox(
        request: Request,
        after: Cursor = 0,
        limit: Limit = 100,
        wait: Annotated[int, Query(ge=0, le=MAX_WAIT_S, description="seconds")] = 0,
        state: DeliveryState | None = None,
        priority: Priority | None = None,
    ) -> Response:
        """List deliveries after a cursor, oldest first; with `wait`, until one comes."""
        with resting(request, waits=wait > 0):
            items = await deliveries.page(
                _party(request),
                after=after,
                limit=limit,
                wanted=Wanted(state, priority),
                wait_s=wait,
                gone=request.is_disconnected,
            )
        return _page(items, after)

    @router.post("/leases", response_model=LeasePage, **action(Action.MAILBOX_LEASE))
    async def lease_deliveries(request: Request, body: LeaseRequest) -> Response:
        """Lease up to `max` deliveries, urgent ones first.

        Each comes back unless it is acknowledged in time.
        """
        with resting(request, waits=body.wait_s > 0):
            leases = await deliveries.lease(_party(request), body, request.is_disconnected)
        if not leases:
            leave_out_current()
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

    @router.post(
        "/leases/{token}/extend", response_model=ExtendAnswer, **action(Action.MAILBOX_LEASE)
    )
    async def extend(request: Request, token: str, body: ExtendRequest) -> Response:
        """Keep a delivery longer, counted from now."""
        until = await deliveries.extend(_party(request), token, body.lease_s)
        return JSONResponse(ExtendAnswer(until=timestamp_ms(until)).model_dump())

    @router.get("/dead-letters", response_model=DeliveryPage, **action(Action.DEAD_LETTER_READ))
    async def read_dead_letters(
        request: Request,
        after: Cursor = 0,
        limit: Limit = 100,
    ) -> Response:
        """List what was given up, with the last reason."""
        items = await deliveries.page(
            _party(request),
            after=after,
            limit=limit,
            wanted=Wanted(DeliveryState.DEAD),
            wait_s=0,
            gone=request.is_disconnected,
        )
        return _page(items, after)

    return router


def _party(request: Request) -> str:
    return subject_of(request).party or ""


def _page(items: list[Delivery], after: int) -> Response:
    page = DeliveryPage(items=items, next=items[-1].seq if items else after)
    return JSONResponse(page.model_dump(mode="json", by_alias=True))
