"""HTTP for the officers' queue: what waits, taking it up, giving it back, deciding, its age."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.analysis.work import ItemKind, ItemStatus
from sextant_declarations.domain.work import (
    Ages,
    ItemDetail,
    ItemPage,
    Taken,
    WorkFilter,
    WorkOrder,
)
from sextant_declarations.domain.working import Work
from sextant_declarations.routes.asking import officer_of
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

ItemId = Annotated[str, Path(max_length=64, description="id of the item")]
_TAGGED = {200: {"headers": TAGGED}}


def _wanted(
    request: Request,
    *,
    kind: ItemKind | None = None,
    state: Annotated[str | None, Query(max_length=32)] = None,
    status: ItemStatus | None = None,
    mine: Annotated[bool, Query(description="only what you hold, or what is kept for you")] = False,
) -> WorkFilter:
    person = officer_of(request).client if mine else None
    return WorkFilter(kind=kind, state=state, status=status, mine=person)


Filter = Annotated[WorkFilter, Depends(_wanted)]


def work_router(work: Callable[[], Work], max_page: int) -> APIRouter:
    """Return the routes of the officers' queue."""
    router = guarded_router(prefix="/v1", tags=["work"])

    @router.get("/work", **action(Action.WORK_READ))
    async def list_work(
        wanted: Filter,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> ItemPage:
        """List the queue: urgent items first, then the oldest; no declared figure.

        What is done is listed by that status alone.
        """
        return await work().page(wanted, cursor=cursor, limit=limit)

    @router.get("/work/ages", **action(Action.WORK_READ))
    async def read_ages() -> Ages:
        """Say how long what waits has waited, by kind; and its oldest items."""
        return await work().ages()

    @router.post("/work/next", **action(Action.WORK_DO))
    async def take_next(request: Request) -> Taken:
        """Claim the first item that you may take; null when nothing waits for you."""
        return await work().next(officer_of(request))

    @router.get("/work/{id_}", **action(Action.WORK_READ, responses={**_TAGGED}))
    async def read_item(response: Response, id_: ItemId) -> ItemDetail:
        """Read an item with all that was done with it."""
        found = await work().read(id_)
        response.headers.update(etag(found.item.tag))
        return found

    @router.post(
        "/work/{id_}/acts",
        status_code=201,
        **action(Action.WORK_DO, responses={201: {"headers": TAGGED}}),
    )
    async def act(
        request: Request, response: Response, tag: Tag, id_: ItemId, order: WorkOrder
    ) -> ItemDetail:
        """Claim, release, assign, urge or decide. Decisions and assignments stand in the log."""
        found = await work().act(id_, order, tag, officer_of(request))
        response.headers.update(etag(found.item.tag))
        return found

    return router
