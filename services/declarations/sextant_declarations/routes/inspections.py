"""HTTP for inspections: selections, inspections with their steps, and mandate packages."""

from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, Response

from sextant_declarations.domain.draws import (
    Draws,
    Recomputed,
    SelectionOrder,
    SelectionPage,
    SelectionView,
)
from sextant_declarations.domain.inspecting import (
    GrantOrder,
    InspectionPage,
    InspectionView,
    PlanOrder,
    StepOrder,
)
from sextant_declarations.domain.inspections import Inspections
from sextant_declarations.domain.mandates import MandatePackage, Mandates
from sextant_declarations.routes.asking import Asking, officer_of
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_declarations.routes.envelopes import OPAQUE
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

SelectionId = Annotated[str, Path(max_length=64, description="id of a selection")]
InspectionNo = Annotated[
    str, Path(max_length=64, description="number of an inspection, such as INS-2026-0001")
]
_TAGGED = {200: {"headers": TAGGED}}
_MADE = {201: {"headers": TAGGED}}


class Parts(Protocol):
    """The use cases behind these routes."""

    @property
    def draws(self) -> Draws:
        """Selections."""
        ...

    @property
    def inspections(self) -> Inspections:
        """Inspections."""
        ...

    @property
    def mandates(self) -> Mandates:
        """Mandate packages."""
        ...


def inspections_router(parts: Callable[[], Parts], max_page: int) -> APIRouter:
    """Return the routes of selections, inspections and mandates."""
    router = guarded_router(prefix="/v1", tags=["inspections"])
    _add_selections(router, lambda: parts().draws)
    _add_inspections(router, lambda: parts().inspections, max_page)
    _add_mandates(router, lambda: parts().inspections, lambda: parts().mandates)
    return router


def _add_selections(router: APIRouter, draws: Callable[[], Draws]) -> None:
    @router.post("/selections", status_code=201, **action(Action.SELECTION_DRAW))
    async def draw_selection(reader: Asking, order: SelectionOrder) -> SelectionView:
        """Draw sites under the caps, from what is registered. Leaves an access in the log."""
        return await draws().draw(order, reader)

    @router.get("/selections", **action(Action.SELECTION_READ))
    async def list_selections() -> SelectionPage:
        """List what was drawn when, by whom and with what, the newest first; no site."""
        return await draws().page()

    @router.get("/selections/{id_}", **action(Action.SELECTION_READ))
    async def read_selection(reader: Asking, id_: SelectionId) -> SelectionView:
        """Read what was drawn, and why each site was. Leaves an access in the log."""
        return await draws().read(id_, reader)

    @router.get("/selections/{id_}/verification", **action(Action.SELECTION_READ))
    async def verify_selection(reader: Asking, id_: SelectionId) -> Recomputed:
        """Draw a selection again from the register and its seed. Leaves an access in the log."""
        return await draws().verify(id_, reader)


def _add_inspections(
    router: APIRouter, inspections: Callable[[], Inspections], max_page: int
) -> None:
    @router.get("/inspections", **action(Action.INSPECTION_READ))
    async def list_inspections(
        request: Request,
        state: Annotated[str | None, Query(max_length=32)] = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> InspectionPage:
        """List inspections, the newest first; those not notified yet are shown to planners."""
        reader = officer_of(request)
        return await inspections().page(state, reader, cursor=cursor, limit=limit)

    @router.post(
        "/inspections", status_code=201, **action(Action.INSPECTION_STEP, responses={**_MADE})
    )
    async def plan_inspection(
        request: Request, response: Response, order: PlanOrder
    ) -> InspectionView:
        """Plan an inspection of a site. It stands in the log soon after; the State is not told."""
        view, tag = await inspections().plan(order, officer_of(request))
        response.headers.update(etag(tag))
        return view

    @router.get("/inspections/{number}", **action(Action.INSPECTION_READ, responses={**_TAGGED}))
    async def read_inspection(
        request: Request, response: Response, number: InspectionNo
    ) -> InspectionView:
        """Read where an inspection stands: steps, clocks, requests, and what may follow."""
        view, tag = await inspections().read(number, officer_of(request))
        response.headers.update(etag(tag))
        return view

    @router.get(
        "/inspections/{number}/comments",
        response_class=FileResponse,
        **action(Action.INSPECTION_READ, responses={200: binary("The comments", OPAQUE)}),
    )
    async def read_inspection_comments(reader: Asking, number: InspectionNo) -> FileResponse:
        """Read the State's newest comments as they came. Leaves an access in the log."""
        return FileResponse(await inspections().comments(number, reader), media_type=OPAQUE)

    @router.post(
        "/inspections/{number}/steps",
        status_code=201,
        **action(Action.INSPECTION_STEP, responses={**_MADE}),
    )
    async def take_inspection_step(
        reader: Asking, response: Response, tag: Tag, number: InspectionNo, order: StepOrder
    ) -> InspectionView:
        """Take a step, and send what it sends. Step, message and access stand in the log."""
        view, newest = await inspections().take(number, order, tag, reader)
        response.headers.update(etag(newest))
        return view


def _add_mandates(
    router: APIRouter,
    inspections: Callable[[], Inspections],
    mandates: Callable[[], Mandates],
) -> None:
    @router.post("/inspections/{number}/grants", status_code=201, **action(Action.INSPECTION_STEP))
    async def grant_mandate(
        request: Request, number: InspectionNo, order: GrantOrder
    ) -> InspectionView:
        """Let an inspector read the mandate package until a day; one that is over ends it."""
        return await inspections().grant(number, order, officer_of(request))

    @router.get("/inspections/{number}/mandate", **action(Action.MANDATE_READ))
    async def read_mandate(reader: Asking, number: InspectionNo) -> MandatePackage:
        """Read what is known of the site on the day of the plan. Leaves an access in the log."""
        return await mandates().read(number, reader)
